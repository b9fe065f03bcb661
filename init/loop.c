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
#include "console.h"
#include "forward.h"
#include "job.h"
#include "log.h"
#include "relay.h"
#include "report.h"
#include "sys.h"
#include "value.h"

enum {
	WAIT_MAX_MS = 1 << 30, /* poll(2) has no more than twice as much; what is later is waited for again */
};

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
		.words = -1,
		.launcher = -1,
		.mask = mask,
		.self = getpid(),
		.deadline_ms = -1,
	};
}

void loop_renew(struct loop *loop, pid_t child)
{
	loop->child = child;
	loop->killed = 0;
	loop->ended = loop->again = loop->stopped = false;
	loop->deadline_ms = -1; /* a grace of who is gone */
}

void loop_set_deadline(struct loop *loop, int64_t ms, void (*expired)(struct loop *loop))
{
	loop->deadline_ms = loop_now_ms() + ms;
	loop->expired = expired;
}

int64_t loop_now_ms(void)
{
	struct timespec now;

	sys_clock(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void child_ended(struct loop *loop, int status)
{
	loop->ended |= loop->mode != SIGNALS_DRAIN; /* which ends when all have */
	loop->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	if (WIFSIGNALED(status))
		job_killed(loop, WTERMSIG(status));
	log_debug("process %d ended with status %d", (int)loop->child, loop->status);
	loop->child = 0; /* another may get its pid */
}

static void orphan_ended(struct loop *loop, pid_t pid, int status)
{
	if (loop->reaped && loop->reaped(loop, pid, status))
		return;
	if (loop->plan->warn_reap && loop->mode != SIGNALS_RELAY && !loop->relay) /* a launcher's are its caller's */
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

/* Sends on what is for the program; in a shared group the terminal has told it already, and if it stops we shall see that. */
static void on_forward(struct loop *loop, const siginfo_t *info)
{
	if (loop->own_group || info->si_code != SI_KERNEL)
		forward_signal(loop, info);
}

static void on_stop(struct loop *loop, const siginfo_t *info)
{
	if (loop->plan->session && !loop->plan->rewrite[info->si_signo])
		kill(-loop->child, SIGSTOP);
	else
		forward_plainly(loop, info);
	kill(getpid(), SIGSTOP); /* as PID 1 we do not stop */
}

static void on_continue(struct loop *loop, const siginfo_t *info)
{
	if (loop->console >= 0 && (loop->stopped || (loop->own_group && !forward_is_changed(loop, info->si_signo))))
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

void loop_end(struct loop *loop, enum plan_end end)
{
	loop->asked = loop->ended = true;
	loop->end = end;
}

static void on_poweroff(struct loop *loop, const siginfo_t *info)
{
	(void)info;
	loop_end(loop, END_POWEROFF);
}

static void on_reboot(struct loop *loop, const siginfo_t *info)
{
	(void)info;
	loop_end(loop, END_REBOOT);
}

static void on_halt(struct loop *loop, const siginfo_t *info)
{
	(void)info;
	loop_end(loop, END_HALT);
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
		[SIGNAL_POWEROFF] = on_poweroff,
		[SIGNAL_REBOOT] = on_reboot,
		[SIGNAL_HALT] = on_halt,
		[SIGNAL_IGNORE] = on_ignored,
	};

	actions[signals_action(info, loop->mode, loop->self)](loop, info);
}

static int64_t remaining_ms(int64_t until_ms)
{
	int64_t left = until_ms - loop_now_ms();

	return left < 0 ? 0 : left < WAIT_MAX_MS ? left : WAIT_MAX_MS;
}

/* The earlier of two times to wait, -1: for ever. */
static int64_t earlier(int64_t a, int64_t b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* How long the loop may wait, -1: for ever. */
static int64_t wait_us(const struct loop *loop)
{
	int64_t wait = loop->deadline_ms >= 0 ? remaining_ms(loop->deadline_ms) * 1000 : -1;

	if (loop->held > 0)
		wait = earlier(wait, loop->retry_us);
	if (loop->wake_ms > 0)
		wait = earlier(wait, remaining_ms(loop->wake_ms) * 1000);
	return wait;
}

/* Waits until there is a signal, a report or a watched descriptor, or it is time, and serves the middle two. */
static void serve(struct loop *loop, int readiness, int64_t us)
{
	struct pollfd descriptors[LOOP_WATCHES_MAX + 2] = {{.fd = readiness, .events = POLLIN}, {.fd = loop->reports, .events = POLLIN}};

	if (forward_is_full(loop)) /* signals that cannot be held keep the signalfd ready; then only the time counts */
		descriptors[0].fd = -1;
	for (size_t i = 0; i < loop->watch_count; i++) /* poll(2) tells of a hang-up that nobody asked for as well */
		descriptors[i + 2] = (struct pollfd){.fd = loop->watches[i].events ? loop->watches[i].fd : -1, .events = loop->watches[i].events};
	if (poll(descriptors, loop->watch_count + 2, us < 0 ? -1 : (int)((us + 999) / 1000)) < 0)
		return;
	for (size_t i = 0; i < loop->watch_count; i++) /* unless an earlier one has changed what is wanted */
		if (descriptors[i + 2].revents && loop->watches[i].fd == descriptors[i + 2].fd && loop->watches[i].events)
			loop->watches[i].ready(loop, descriptors[i + 2].revents);
	if (descriptors[1].revents)
		report_read(loop);
}

/* Takes the next signal. False if the time-out came first, or there was something else instead. */
static bool next_signal(struct loop *loop, int readiness, siginfo_t *info)
{
	int64_t us = wait_us(loop);
	struct timespec timeout = {(time_t)(us / 1000000), (long)(us % 1000000) * 1000};
	sigset_t set;

	forward_wanted(loop, &set);
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
	if (loop->held > 0)
		forward_again(loop);
	if (loop->deadline_ms >= 0 && remaining_ms(loop->deadline_ms) == 0) {
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
	if ((loop->reports >= 0 && (loop->console >= 0 || plan_announces(loop->plan))) || loop->watch_count > 0)
		readiness = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	for (;;) {
		if (loop->settle)
			loop->settle(loop);
		if (loop->ended)
			break;
		if (next_signal(loop, readiness, &info))
			dispatch(loop, &info);
		else
			on_time(loop);
	}
	while (loop->reports >= 0) /* every writer is gone by now */
		report_read(loop);
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
	loop->ended = false;
	on_child(loop, NULL);
	while (!loop->ended && !loop->alone && (loop->deadline_ms < 0 || remaining_ms(loop->deadline_ms) > 0))
		if (next_signal(loop, -1, &info))
			dispatch(loop, &info);
}
