/* SPDX-License-Identifier: MIT
 *
 * The loop. From here on PID 1 must not die: no function in this file exits, allocates, or blocks on anything
 * but the wait itself, and a time-out is the only clock. tests/run/test_entrypoint.py counts the wake-ups.
 */
#include "loop.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "announce.h"
#include "cold.h"
#include "console.h"
#include "decimal.h"
#include "fault.h"
#include "log.h"
#include "out.h"
#include "relay.h"
#include "sys.h"
#include "trace.h"
#include "value.h"

enum {
	/* A full queue is looked at again after a pause that doubles. Nothing else has a clock. */
	RETRY_FIRST_US = 20,
	RETRY_LAST_US = 20 * 1000,
	RING_SIZE = 16384, /* a sender that never pauses takes about every second place that we free; untouched, it costs nothing */
};

COLD static siginfo_t ring[RING_SIZE]; /* loop->held of them, from loop->oldest on */

struct loop loop_around(const struct plan *plan, enum signal_mode mode, pid_t child, const struct job *job, const sigset_t *mask)
{
	return (struct loop){
		.plan = plan,
		.mode = mode,
		.child = child,
		.own_group = job->kind != JOB_SHARED,
		.console = job->kind == JOB_SESSION ? -1 : job->console,
		.given = job->foreground,
		.reports = -1,
		.launcher = -1,
		.mask = mask,
		.self = getpid(),
		.deadline_ms = -1,
		.retry_us = RETRY_FIRST_US,
	};
}

int64_t loop_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The whole job goes on, in the foreground if that is ours. */
static void job_continue(struct loop *loop)
{
	if (loop->own_group && loop->console >= 0 && console_held(loop->console)) {
		console_give(loop->console, loop->child);
		loop->given = true;
	}
	kill(loop->own_group ? -loop->child : loop->child, SIGCONT);
}

/*
 * The child was stopped. If it only wants the terminal, and we have it, it goes on. Else whoever started us
 * has to know: a launcher by a report, a shell by our stopping as well.
 */
static void job_stopped(struct loop *loop, int signal)
{
	struct report report = {.kind = REPORT_STOPPED, .signal = signal};

	if (loop->console < 0)
		return;
	if (loop->own_group && (signal == SIGTTIN || signal == SIGTTOU) && console_held(loop->console)) {
		job_continue(loop);
		return;
	}
	if (loop->launcher >= 0) {
		if (write(loop->launcher, &report, sizeof report) < 0)
			log_debug("stopped, and the launcher is gone");
		return;
	}
	if (loop->given)
		console_take(loop->console);
	loop->given = false;
	/* What continues a shared group has reached the child as well. */
	if (!console_stop(signal) || loop->own_group)
		job_continue(loop);
}

static void child_ended(struct loop *loop, int status)
{
	loop->ended = true;
	loop->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	log_debug("process %d ended with status %d", (int)loop->child, loop->status);
}

static void orphan_ended(struct loop *loop, pid_t pid, int status)
{
	if (loop->plan->warn_reap && loop->mode != SIGNALS_RELAY)
		log_warning("reaped orphan %d, status %d", (int)pid, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static void on_child(struct loop *loop, const siginfo_t *info)
{
	int status;
	pid_t pid;

	(void)info;
	/* One SIGCHLD may stand for many children. */
	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
		if (pid != loop->child && !WIFSTOPPED(status))
			orphan_ended(loop, pid, status);
		else if (pid == loop->child && WIFSTOPPED(status))
			job_stopped(loop, WSTOPSIG(status));
		else if (pid == loop->child)
			child_ended(loop, status);
	}
	loop->alone = pid < 0;
}

/* True if we act for the program, and not only pass on to who does. */
static bool acts(const struct loop *loop)
{
	return loop->mode == SIGNALS_PROGRAM || loop->mode == SIGNALS_SESSION;
}

static void set_deadline(struct loop *loop, int64_t ms, void (*expired)(struct loop *loop))
{
	loop->deadline_ms = loop_now_ms() + ms;
	loop->expired = expired;
}

static void grace_expired(struct loop *loop)
{
	log_info("process %d outlived its grace of %ld ms: KILL", (int)loop->child, (long)loop->plan->grace_ms);
	kill(loop->plan->group && loop->own_group ? -loop->child : loop->child, SIGKILL);
}

/* Sends the signal on, rewritten, to the program or to its whole group. False if its queue is full. */
static bool forward(struct loop *loop, const siginfo_t *info)
{
	int rewrite = acts(loop) ? loop->plan->rewrite[info->si_signo] : 0;
	int signal = rewrite ? rewrite - 1 : info->si_signo;
	bool whole = acts(loop) && loop->own_group && (loop->plan->group || (loop->console >= 0 && signals_keyboard(signal)));
	char from[16], to[16];

	if (signal == 0)
		return true;
	if (signals_send(whole ? -loop->child : loop->child, signal, info) < 0) {
		if (errno == EAGAIN)
			return false;
		if (errno != ESRCH)
			log_warning("signal %s for process %d: %s", value_signal_name(signal, to), (int)loop->child, strerror(errno));
	}
	log_debug("signal %s from %d, sent as %s to %d", value_signal_name(info->si_signo, from), (int)info->si_pid,
	          value_signal_name(signal, to), whole ? -loop->child : loop->child);
	if (signal == SIGTERM && acts(loop) && loop->plan->grace_ms >= 0 && loop->deadline_ms < 0)
		set_deadline(loop, loop->plan->grace_ms, grace_expired);
	return true;
}

/* Sends what was held, the oldest first, until the queue is full again. */
static void forward_held(struct loop *loop)
{
	while (loop->held > 0 && forward(loop, &ring[loop->oldest])) {
		loop->oldest = (loop->oldest + 1) % RING_SIZE;
		loop->held--;
		loop->retry_us = RETRY_FIRST_US;
	}
}

/*
 * The kernel counts what is queued for a user, not for a process (signal(7), RLIMIT_SIGPENDING): as long as signals wait in
 * our queue there may be no place in the program's. So they are taken out, and wait here.
 */
static void hold(struct loop *loop, const siginfo_t *info)
{
	ring[(loop->oldest + loop->held++) % RING_SIZE] = *info;
	forward_held(loop);
}

/* Forwards now, or after what is held; standard signals need no place in a queue and wait for nobody. */
static void forward_in_order(struct loop *loop, const siginfo_t *info)
{
	if ((loop->held > 0 && info->si_signo >= PLAN_SIGNAL_REALTIME) || !forward(loop, info))
		hold(loop, info);
}

static void delay_expired(struct loop *loop)
{
	const siginfo_t info = {.si_signo = SIGTERM, .si_code = SI_USER};

	forward_in_order(loop, &info);
}

/* --delay: the first TERM waits, so that a load balancer can stop sending. True if that was it. */
static bool is_delayed(struct loop *loop, const siginfo_t *info)
{
	if (info->si_signo != SIGTERM || !acts(loop) || loop->plan->delay_ms == 0)
		return false;
	if (loop->deadline_ms < 0 && !loop->delayed) {
		loop->delayed = true;
		log_info("TERM held for %ld ms", (long)loop->plan->delay_ms);
		set_deadline(loop, loop->plan->delay_ms, delay_expired);
		return true;
	}
	if (loop->expired == delay_expired)
		loop->deadline_ms = -1;
	return false;
}

/* --on: starts the signal's program. True if it has one. It is an orphan like any other when it ends. */
static bool is_hooked(struct loop *loop, int signal)
{
	const struct job job = {.kind = JOB_GROUP, .console = -1};
	const struct hook *hook = acts(loop) ? plan_hook(loop->plan, signal) : NULL;
	char pid[24], name[16], *words[] = {NULL, NULL, pid, NULL, NULL};
	struct fault fault;

	if (!hook)
		return false;
	*decimal(pid, (unsigned long)loop->child) = '\0';
	words[1] = (char *)hook->program;
	words[3] = (char *)value_signal_name(signal, name);
	if (spawn_program(loop->plan, words + 1, &job, loop->mask, &fault) < 0)
		log_warning("--on %s=%s: %s; the signal is lost", words[3], hook->program, strerror(fault.error));
	return true;
}

static void on_forward(struct loop *loop, const siginfo_t *info)
{
	/* In a shared group the terminal has told the program already; if it stops we shall see that. */
	if (!loop->own_group && info->si_code == SI_KERNEL)
		return;
	if (!is_hooked(loop, info->si_signo) && !is_delayed(loop, info))
		forward_in_order(loop, info);
}

static void on_stop(struct loop *loop, const siginfo_t *info)
{
	if (loop->plan->session && !loop->plan->rewrite[info->si_signo])
		kill(-loop->child, SIGSTOP);
	else
		forward_in_order(loop, info);
	kill(getpid(), SIGSTOP); /* as PID 1 we do not stop */
}

static void on_continue(struct loop *loop, const siginfo_t *info)
{
	if (loop->own_group && loop->console >= 0)
		job_continue(loop);
	else
		on_forward(loop, info);
}

static void on_suspend(struct loop *loop, const siginfo_t *info)
{
	relay_suspend(loop->relay, info->si_signo);
}

static void on_resume(struct loop *loop, const siginfo_t *info)
{
	relay_resume(loop->relay);
	on_forward(loop, info);
}

static void on_resize(struct loop *loop, const siginfo_t *info)
{
	(void)info;
	relay_resize(loop->relay);
}

/* What a person sends is a signal like any other; the kernel speaks of our terminal. */
static void on_hang_up(struct loop *loop, const siginfo_t *info)
{
	if (info->si_code == SI_KERNEL && loop->relay->terminal >= 0)
		relay_hang_up(loop->relay);
	else
		on_forward(loop, info);
}

static void on_end(struct loop *loop, const siginfo_t *info)
{
	char name[16];

	log_info("signal %s: the end", value_signal_name(info->si_signo, name));
	loop->ended = true;
}

static void on_ignored(struct loop *loop, const siginfo_t *info)
{
	(void)loop;
	(void)info;
}

static void dispatch(struct loop *loop, const siginfo_t *info)
{
	static void (*const actions[])(struct loop *, const siginfo_t *) = {
		[SIGNAL_FORWARD] = on_forward,
		[SIGNAL_REAP] = on_child,
		[SIGNAL_CONTINUE] = on_continue,
		[SIGNAL_STOP] = on_stop,
		[SIGNAL_SUSPEND] = on_suspend,
		[SIGNAL_RESUME] = on_resume,
		[SIGNAL_RESIZE] = on_resize,
		[SIGNAL_HANG_UP] = on_hang_up,
		[SIGNAL_END] = on_end,
		[SIGNAL_IGNORE] = on_ignored,
	};

	actions[signals_action(info, loop->mode, loop->self)](loop, info);
}

/* The times of the steps taken inside, which come in one piece: pipe(7), PIPE_BUF. */
static void read_times(struct loop *loop)
{
	int64_t times[STEP_COUNT];

	if (read(loop->reports, times, sizeof times) == sizeof times)
		trace_merge(times);
}

/* With a relay a packet comes through a socket, perhaps with a descriptor, and may be a line of the log. */
static ssize_t receive(const struct loop *loop, void *packet, size_t size, int *descriptor)
{
	*descriptor = -1;
	if (loop->relay)
		return sys_receive(loop->reports, packet, size, descriptor);
	return read(loop->reports, packet, sizeof(struct report));
}

/* No program is to run without the terminal that it should have. */
static void lose_terminal(struct loop *loop, int error)
{
	loop->fault = (struct fault){.step = STEP_PTY, .error = error};
	if (!loop->ended)
		kill(loop->child, SIGKILL);
}

/* A descriptor that found no free number is left out, unix(7). */
static void take_terminal(struct loop *loop, int master)
{
	if (master >= 0)
		relay_start(loop->relay, master);
	else
		lose_terminal(loop, EMFILE);
}

/* True if it was one. PID 1 inside is ours, but what comes out of a container is not believed without a look. */
static bool take_report(struct loop *loop, const struct report *report, int *descriptor)
{
	if (report->kind == REPORT_FAULT && fault_is_valid(loop->plan, &report->fault)) {
		loop->fault = report->fault;
	} else if (report->kind == REPORT_TIMES) {
		read_times(loop);
	} else if (report->kind == REPORT_STARTED) {
		announce_ready(loop->plan);
	} else if (report->kind == REPORT_STOPPED && report->signal > 0 && report->signal <= PLAN_SIGNAL_MAX) {
		job_stopped(loop, report->signal);
	} else if (report->kind == REPORT_TERMINAL && loop->relay) {
		take_terminal(loop, *descriptor);
		*descriptor = -1;
	} else {
		return false;
	}
	return true;
}

static void read_report(struct loop *loop)
{
	union {
		struct report report;
		char text[sizeof(((struct out *)0)->text)];
	} packet;
	int descriptor;
	ssize_t n = receive(loop, &packet, sizeof packet, &descriptor);
	bool is_report = n == sizeof packet.report && take_report(loop, &packet.report, &descriptor);

	if (descriptor >= 0)
		close(descriptor);
	if (is_report || (n < 0 && errno == EINTR))
		return;
	if (n > 0 && loop->relay) {
		log_pass(packet.text, (size_t)n);
		return;
	}
	if (n < 0 && loop->relay && loop->relay->master < 0 && !loop->relay->gone)
		lose_terminal(loop, errno);
	close(loop->reports);
	loop->reports = -1;
}

static int64_t remaining_ms(const struct loop *loop)
{
	int64_t left = loop->deadline_ms - loop_now_ms();

	return left > 0 ? left : 0;
}

/* How long the loop may wait, -1: for ever. */
static int64_t wait_us(const struct loop *loop)
{
	int64_t deadline = loop->deadline_ms >= 0 ? remaining_ms(loop) * 1000 : -1;

	if (loop->held == 0)
		return deadline;
	return deadline >= 0 && deadline < loop->retry_us ? deadline : loop->retry_us;
}

/* No more can be held but the one place for a TERM that --delay holds itself. */
static bool is_full(const struct loop *loop)
{
	return loop->held >= RING_SIZE - 1;
}

/* Every signal; but when no more can be held only those that need no place, not even as what they are rewritten to. */
static void wanted_signals(const struct loop *loop, sigset_t *set)
{
	bool full = is_full(loop);

	memset(set, full ? 0 : 0xff, sizeof *set);
	for (int signal = 1; full && signal < PLAN_SIGNAL_REALTIME; signal++)
		if (!acts(loop) || loop->plan->rewrite[signal] <= PLAN_SIGNAL_REALTIME)
			sigaddset(set, signal);
}

/* Waits until there is a signal, a report or a watched descriptor, or it is time, and serves the middle two. */
static void serve(struct loop *loop, int readiness, int64_t us)
{
	struct pollfd descriptors[LOOP_WATCHES_MAX + 2] = {{.fd = readiness, .events = POLLIN}, {.fd = loop->reports, .events = POLLIN}};

	if (is_full(loop)) /* signals that cannot be held keep the signalfd ready; then only the time counts */
		descriptors[0].fd = -1;
	for (size_t i = 0; i < loop->watch_count; i++) /* poll(2) tells of a hang-up that nobody asked for as well */
		descriptors[i + 2] = (struct pollfd){.fd = loop->watches[i].events ? loop->watches[i].fd : -1, .events = loop->watches[i].events};
	if (poll(descriptors, loop->watch_count + 2, us < 0 ? -1 : (int)((us + 999) / 1000)) < 0)
		return;
	for (size_t i = 0; i < loop->watch_count; i++) /* unless an earlier one has changed what is wanted */
		if (descriptors[i + 2].revents && loop->watches[i].fd == descriptors[i + 2].fd && loop->watches[i].events)
			loop->watches[i].ready(loop, descriptors[i + 2].revents);
	if (descriptors[1].revents)
		read_report(loop);
}

/* Takes the next signal. False if the time-out came first, or there was something else instead. */
static bool next_signal(struct loop *loop, int readiness, siginfo_t *info)
{
	int64_t us = wait_us(loop);
	struct timespec timeout = {(time_t)(us / 1000000), (long)(us % 1000000) * 1000};
	sigset_t set;

	wanted_signals(loop, &set);
	if (readiness >= 0 && (loop->reports >= 0 || loop->watch_count > 0)) {
		serve(loop, readiness, us);
		timeout = (struct timespec){0, 0};
	} else if (us < 0) {
		return sigwaitinfo(&set, info) > 0;
	}
	return sigtimedwait(&set, info, &timeout) > 0;
}

/* What is due when the wait was over without a signal. */
static void on_time(struct loop *loop)
{
	if (loop->held > 0) {
		loop->retry_us = loop->retry_us < RETRY_LAST_US ? 2 * loop->retry_us : RETRY_LAST_US;
		forward_held(loop);
	}
	if (loop->deadline_ms >= 0 && remaining_ms(loop) == 0) {
		loop->deadline_ms = -1;
		loop->expired(loop);
	}
}

void loop_run(struct loop *loop)
{
	int readiness = -1; /* a signalfd(2), to wait for more than signals at once; without news that matter at once they can wait */
	sigset_t all;
	siginfo_t info;

	memset(&all, 0xff, sizeof all);
	if ((loop->reports >= 0 && (loop->console >= 0 || announce_wanted(loop->plan))) || loop->watch_count > 0)
		readiness = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	while (!loop->ended) {
		if (next_signal(loop, readiness, &info))
			dispatch(loop, &info);
		else
			on_time(loop);
	}
	while (loop->reports >= 0) /* every writer is gone by now */
		read_report(loop);
	if (loop->given && loop->launcher < 0)
		console_take(loop->console);
	if (readiness >= 0)
		close(readiness);
}

void loop_drain(struct loop *loop)
{
	siginfo_t info;

	loop->mode = SIGNALS_DRAIN;
	loop->held = 0;
	loop->child = 0;
	loop->ended = false;
	on_child(loop, NULL);
	while (!loop->ended && !loop->alone && remaining_ms(loop) > 0)
		if (next_signal(loop, -1, &info))
			dispatch(loop, &info);
}
