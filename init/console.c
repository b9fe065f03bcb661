/* SPDX-License-Identifier: MIT
 *
 * The terminal, as a shell user expects it. One rule at every level, launcher, PID 1 and after every stop:
 * whoever holds the foreground hands it to its job; whoever handed it out takes it back when the job stops
 * or ends.
 */
#include "console.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "signals.h"
#include "sys.h"

enum {
	/* Unix98 pseudo-terminals, Documentation/admin-guide/devices.txt */
	PTY_MAJOR_FIRST = 136,
	PTY_MAJOR_LAST = 143,
};

int console_open(void)
{
	/* O_NONBLOCK is for the look in console_held() and for a serial line without carrier. */
	return openat(AT_FDCWD, "/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
}

/*
 * In a PID namespace tcgetpgrp(3) and getpgrp(2) are both 0 for groups from outside, whichever they are. But the
 * kernel refuses a background read with EIO when SIGTTIN is blocked, even of nothing.
 */
bool console_held(int console)
{
	return read(console, NULL, 0) == 0 || errno != EIO;
}

void console_give(int console, pid_t group)
{
	tcsetpgrp(console, group);
}

void console_take(int console)
{
	tcsetpgrp(console, getpgrp());
}

static bool is_pipe(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
}

/* A shell without job control has no other mark for what it starts by &: it is in the group of the script, and ignores INT. sh(1p) */
bool console_is_shared(void)
{
	struct sigaction action;

	return is_pipe(STDIN_FILENO) || is_pipe(STDOUT_FILENO) || (sigaction(SIGINT, NULL, &action) == 0 && action.sa_handler == SIG_IGN);
}

/*
 * In a pipeline the terminal belongs to the others too: `nsinit -- ls | less` would leave less in the background.
 * There the program gets the foreground when it asks, by stopping at SIGTTIN or SIGTTOU. Where bash substitutes a command it
 * ignores them; then nobody could ask.
 */
static bool wants_foreground(int console)
{
	if (console < 0 || !console_held(console))
		return false;
	if (!console_is_shared())
		return true;
	signal(SIGTTIN, SIG_DFL);
	signal(SIGTTOU, SIG_DFL);
	return false;
}

/*
 * A session leader that is PID 1 has no shell above it that could continue a stopped job, so the program gets the
 * session: the kernel does not stop a group that nobody can continue. Giving up a terminal that is no
 * pseudo-terminal would hang it up for everybody.
 */
static bool can_give_session(const struct plan *plan, int console)
{
	unsigned device; /* of the terminal itself: /dev/tty is only a name for it */

	if (console < 0 || getsid(0) != getpid() || (getpid() != 1 && !plan->session))
		return false;
	return sys_terminal_number(console, TIOCGDEV, &device) == 0 && major(device) >= PTY_MAJOR_FIRST && major(device) <= PTY_MAJOR_LAST;
}

bool console_led_outside(void)
{
	return getpgrp() == 0;
}

/* A group that is led outside of our namespace has no number, so a foreground that is taken from it could never be given back. */
static bool shares_group(const struct plan *plan, int console)
{
	return plan->single_child || (console >= 0 && console_led_outside() && !plan->group);
}

struct job console_program_job(const struct plan *plan, int console)
{
	if (plan->pty)
		return (struct job){.kind = JOB_SESSION, .console = console, .stdio = plan->pty};
	if (shares_group(plan, console))
		return (struct job){.kind = JOB_SHARED, .console = console};
	if (can_give_session(plan, console) && ioctl(console, TIOCNOTTY) == 0) {
		/* Both are pending already. As long as they are, one that is meant for the program would be lost in them. */
		signals_drop_own(SIGHUP);
		signals_drop_own(SIGCONT);
		return (struct job){.kind = JOB_SESSION, .console = console};
	}
	if (plan->session)
		return (struct job){.kind = JOB_SESSION, .console = -1};
	return (struct job){.kind = JOB_GROUP, .console = console, .foreground = wants_foreground(console)};
}

bool console_is_ours(void)
{
	int console;
	bool ours;

	if ((!isatty(STDIN_FILENO) && !isatty(STDOUT_FILENO)) || console_is_shared())
		return false;
	console = console_open();
	ours = console < 0 || console_held(console);
	if (console >= 0)
		close(console);
	return ours;
}

unsigned console_replaced(void)
{
	unsigned all = 0, terminals = 0;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		all |= 1U << fd;
		terminals |= isatty(fd) ? 1U << fd : 0;
	}
	return terminals ? terminals : all;
}

void console_fill(void)
{
	int fd;

	do
		fd = openat(AT_FDCWD, "/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* With a terminal of its own nothing inside shares our session. */
struct job console_container_job(const struct plan *plan, int console)
{
	if (plan->pty)
		return (struct job){.kind = JOB_SESSION, .console = -1};
	return (struct job){.kind = JOB_GROUP, .console = console, .foreground = wants_foreground(console)};
}

/*
 * The group, not only us: who shares it, a pipeline or a script around us, would have been stopped by the same key, and the
 * shell above takes its terminal back only when all of the job has stopped.
 */
bool console_stop(int signal)
{
	sigset_t set;

	if (signal == SIGSTOP)
		signal = SIGTSTP; /* which the kernel ignores where nobody could continue us */
	sigemptyset(&set);
	sigaddset(&set, signal);
	kill(0, signal);
	sys_signal_mask(SIG_UNBLOCK, &set, NULL); /* here we stop */
	sys_signal_mask(SIG_BLOCK, &set, NULL);
	return signals_drop(SIGCONT); /* what continued us */
}
