/* SPDX-License-Identifier: MIT
 *
 * The signal matrix. No handler is ever installed: signals stay blocked and are taken one at a time, with
 * who sent them and why, by the loop.
 */
#include "signals.h"

#include <string.h>
#include <unistd.h>

#include "plan.h"
#include "sys.h"

/* A signal that has no row is forwarded to a program and means nothing without one. */
static const struct {
	int signal;
	enum signal_action action[SIGNALS_MODES];
} matrix[] = {
	/*                     program          session          relay            terminal         pause          drain          machine          guest */
	{SIGCHLD,              {SIGNAL_REAP,     SIGNAL_REAP,     SIGNAL_REAP,     SIGNAL_REAP,     SIGNAL_REAP,   SIGNAL_REAP,   SIGNAL_REAP,     SIGNAL_REAP}},
	{SIGCONT,              {SIGNAL_CONTINUE, SIGNAL_FORWARD,  SIGNAL_CONTINUE, SIGNAL_RESUME,   SIGNAL_IGNORE, SIGNAL_IGNORE, SIGNAL_IGNORE,   SIGNAL_IGNORE}},
	{SIGTSTP,              {SIGNAL_FORWARD,  SIGNAL_STOP,     SIGNAL_FORWARD,  SIGNAL_SUSPEND,  SIGNAL_IGNORE, SIGNAL_IGNORE, SIGNAL_IGNORE,   SIGNAL_IGNORE}},
	{SIGTTIN,              {SIGNAL_FORWARD,  SIGNAL_STOP,     SIGNAL_FORWARD,  SIGNAL_SUSPEND,  SIGNAL_IGNORE, SIGNAL_IGNORE, SIGNAL_IGNORE,   SIGNAL_IGNORE}},
	{SIGTTOU,              {SIGNAL_FORWARD,  SIGNAL_STOP,     SIGNAL_FORWARD,  SIGNAL_SUSPEND,  SIGNAL_IGNORE, SIGNAL_IGNORE, SIGNAL_IGNORE,   SIGNAL_IGNORE}},
	{SIGWINCH,             {SIGNAL_FORWARD,  SIGNAL_FORWARD,  SIGNAL_FORWARD,  SIGNAL_RESIZE,   SIGNAL_IGNORE, SIGNAL_IGNORE, SIGNAL_IGNORE,   SIGNAL_IGNORE}},
	{SIGHUP,               {SIGNAL_FORWARD,  SIGNAL_FORWARD,  SIGNAL_FORWARD,  SIGNAL_HANG_UP,  SIGNAL_IGNORE, SIGNAL_IGNORE, SIGNAL_IGNORE,   SIGNAL_IGNORE}},
	{SIGTERM,              {SIGNAL_FORWARD,  SIGNAL_FORWARD,  SIGNAL_FORWARD,  SIGNAL_FORWARD,  SIGNAL_END,    SIGNAL_END,    SIGNAL_REBOOT,   SIGNAL_POWEROFF}},
	{SIGINT,               {SIGNAL_FORWARD,  SIGNAL_FORWARD,  SIGNAL_FORWARD,  SIGNAL_FORWARD,  SIGNAL_END,    SIGNAL_END,    SIGNAL_REBOOT,   SIGNAL_REBOOT}},
	{SIGQUIT,              {SIGNAL_FORWARD,  SIGNAL_FORWARD,  SIGNAL_FORWARD,  SIGNAL_FORWARD,  SIGNAL_IGNORE, SIGNAL_END,    SIGNAL_IGNORE,   SIGNAL_POWEROFF}},
	{SIGUSR1,              {SIGNAL_FORWARD,  SIGNAL_FORWARD,  SIGNAL_FORWARD,  SIGNAL_FORWARD,  SIGNAL_IGNORE, SIGNAL_IGNORE, SIGNAL_HALT,     SIGNAL_HALT}},
	{SIGUSR2,              {SIGNAL_FORWARD,  SIGNAL_FORWARD,  SIGNAL_FORWARD,  SIGNAL_FORWARD,  SIGNAL_IGNORE, SIGNAL_IGNORE, SIGNAL_POWEROFF, SIGNAL_POWEROFF}},
	{SIGPWR,               {SIGNAL_FORWARD,  SIGNAL_FORWARD,  SIGNAL_FORWARD,  SIGNAL_FORWARD,  SIGNAL_IGNORE, SIGNAL_IGNORE, SIGNAL_POWEROFF, SIGNAL_POWEROFF}},
	{SIGNALS_REALTIME + 3, {SIGNAL_FORWARD,  SIGNAL_FORWARD,  SIGNAL_FORWARD,  SIGNAL_FORWARD,  SIGNAL_IGNORE, SIGNAL_IGNORE, SIGNAL_HALT,     SIGNAL_HALT}},
	{SIGNALS_REALTIME + 4, {SIGNAL_FORWARD,  SIGNAL_FORWARD,  SIGNAL_FORWARD,  SIGNAL_FORWARD,  SIGNAL_IGNORE, SIGNAL_IGNORE, SIGNAL_POWEROFF, SIGNAL_POWEROFF}},
	{SIGNALS_REALTIME + 5, {SIGNAL_FORWARD,  SIGNAL_FORWARD,  SIGNAL_FORWARD,  SIGNAL_FORWARD,  SIGNAL_IGNORE, SIGNAL_IGNORE, SIGNAL_REBOOT,   SIGNAL_REBOOT}},
};
static const enum signal_action otherwise[SIGNALS_MODES] = {
	SIGNAL_FORWARD, SIGNAL_FORWARD, SIGNAL_FORWARD, SIGNAL_FORWARD, SIGNAL_IGNORE, SIGNAL_IGNORE, SIGNAL_IGNORE, SIGNAL_IGNORE,
};

static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
static const int keyboard[] = {SIGINT, SIGQUIT, SIGTSTP, SIGWINCH};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static bool contains(const int *signals, size_t count, int signal)
{
	for (size_t i = 0; i < count; i++)
		if (signals[i] == signal)
			return true;
	return false;
}

void signals_hold(sigset_t *before)
{
	struct sigaction child;
	sigset_t all;

	memset(&all, 0xff, sizeof all); /* sigfillset(3) leaves out what libc keeps for itself */
	sys_signal_mask(SIG_SETMASK, &all, before);
	/* Not without need: to set the default of a signal that is ignored by default drops the one that is pending, sigaction(2). */
	if (sigaction(SIGCHLD, NULL, &child) == 0 && child.sa_handler == SIG_IGN)
		signal(SIGCHLD, SIG_DFL);
}

/*
 * A fault of our own (si_code says that the kernel raised it), a SIGPIPE from our own log, a SIGHUP from
 * giving up our own terminal: not for the program.
 */
static bool is_own(const siginfo_t *info, pid_t self)
{
	if (info->si_code > 0)
		return contains(faults, COUNT(faults), info->si_signo);
	return info->si_code == SI_USER && info->si_pid == self;
}

enum signal_action signals_action(const siginfo_t *info, enum signal_mode mode, pid_t self)
{
	if (is_own(info, self))
		return SIGNAL_IGNORE;
	for (size_t i = 0; i < COUNT(matrix); i++)
		if (matrix[i].signal == info->si_signo)
			return matrix[i].action[mode];
	return otherwise[mode];
}

bool signals_keyboard(int signal)
{
	return contains(keyboard, COUNT(keyboard), signal);
}

int signals_send(pid_t pid, int signal, const siginfo_t *info)
{
	siginfo_t copy = *info;
	bool becomes_queued = info->si_signo < PLAN_SIGNAL_REALTIME && signal >= PLAN_SIGNAL_REALTIME;

	/* A group, or a plain kill(2): nothing travels with it, and the kernel promises no place in a queue. */
	if (pid < 0 || (info->si_code != SI_QUEUE && !becomes_queued))
		return kill(pid, signal);
	copy.si_signo = signal;
	copy.si_code = SI_QUEUE;
	return sys_queue_signal(pid, &copy);
}

static bool take_pending(int signal, siginfo_t *info)
{
	const struct timespec now = {0, 0};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	return sigtimedwait(&set, info, &now) == signal;
}

bool signals_drop(int signal)
{
	siginfo_t info;

	return take_pending(signal, &info);
}

void signals_drop_own(int signal)
{
	siginfo_t info;

	if (take_pending(signal, &info) && !is_own(&info, getpid()))
		sys_queue_signal(getpid(), &info); /* somebody else's, which came first: back to the queue with it */
}
