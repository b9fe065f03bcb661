/* SPDX-License-Identifier: MIT
 *
 * What is for the program goes to the program. Real-time signals have values and must not be lost, signal(7): those that
 * find its queue full wait in a ring.
 */
#include "forward.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "cold.h"
#include "decimal.h"
#include "log.h"
#include "value.h"

enum {
	/* A full queue is looked at again after a pause that doubles. Nothing else has a clock. */
	RETRY_FIRST_US = 20,
	RETRY_LAST_US = 20 * 1000,
	LOWER_FROM = 64, /* held; a few that wait for a stopped program are no reason to refuse more */
	RING_SIZE = 8192, /* what a usual limit of a queue lets come before ours is lowered; untouched, it costs nothing */
};

COLD static siginfo_t ring[RING_SIZE]; /* loop->held of them, from loop->oldest on */

/* True if we act for the program, and not only pass on to who does. */
static bool acts(const struct loop *loop)
{
	return loop->mode == SIGNALS_PROGRAM || loop->mode == SIGNALS_SESSION;
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
	loop->sent = signal;
	if (signals_send(whole ? -loop->child : loop->child, signal, info) < 0) {
		if (errno == EAGAIN)
			return false;
		if (errno != ESRCH)
			log_warning("signal %s for process %d: %s", value_signal_name(signal, to), (int)loop->child, strerror(errno));
	}
	log_debug("signal %s from %d, sent as %s to %d", value_signal_name(info->si_signo, from), (int)info->si_pid,
	          value_signal_name(signal, to), whole ? -loop->child : loop->child);
	if ((signal == SIGTERM || info->si_signo == SIGTERM) && acts(loop) && loop->plan->grace_ms >= 0 && loop->deadline_ms < 0)
		loop_set_deadline(loop, loop->plan->grace_ms, grace_expired);
	return true;
}

/*
 * The kernel counts what is queued for a user in all of its processes, and refuses by the limit of the one that gets it: signal(7),
 * RLIMIT_SIGPENDING. A sender that takes each place which we free would leave the program none for ever. So our limit is lowered
 * below the program's while something is held: what is between the two is for the program alone.
 */
static void lower_queue(struct loop *loop)
{
	struct rlimit limit, child;

	if (loop->lowered || prlimit(0, RLIMIT_SIGPENDING, NULL, &loop->queue) < 0)
		return;
	limit = loop->queue;
	if (prlimit(loop->child, RLIMIT_SIGPENDING, NULL, &child) == 0 && child.rlim_cur < limit.rlim_cur)
		limit.rlim_cur = child.rlim_cur;
	limit.rlim_cur /= acts(loop) ? 2 : 4; /* a launcher takes less than PID 1 inside, which takes less than the program */
	loop->lowered = prlimit(0, RLIMIT_SIGPENDING, &limit, NULL) == 0;
}

void forward_raise(struct loop *loop)
{
	if (loop->lowered)
		loop->lowered = prlimit(0, RLIMIT_SIGPENDING, &loop->queue, NULL) < 0;
}

/* Sends what was held, the oldest first, until the queue is full again. */
static void forward_held(struct loop *loop)
{
	if (loop->held >= LOWER_FROM)
		lower_queue(loop);
	while (loop->held > 0 && forward(loop, &ring[loop->oldest])) {
		loop->oldest = (loop->oldest + 1) % RING_SIZE;
		loop->held--;
		loop->retry_us = RETRY_FIRST_US;
	}
	if (loop->held == 0)
		forward_raise(loop);
}

/* As long as a signal waits in our queue it has a place that the program's may lack. So it is taken out, and waits here. */
static void hold(struct loop *loop, const siginfo_t *info)
{
	if (loop->held == 0)
		loop->retry_us = RETRY_FIRST_US;
	ring[(loop->oldest + loop->held++) % RING_SIZE] = *info;
	forward_held(loop);
}

/* Standard signals need no place in a queue and wait for nobody. */
void forward_plainly(struct loop *loop, const siginfo_t *info)
{
	if ((loop->held > 0 && info->si_signo >= PLAN_SIGNAL_REALTIME) || !forward(loop, info))
		hold(loop, info);
}

/* A TERM of our own making: the end of --delay, and how --restart ends the program. */
static void send_term(struct loop *loop)
{
	const siginfo_t info = {.si_signo = SIGTERM, .si_code = SI_USER};

	forward_plainly(loop, &info);
}

/* --delay: the first TERM waits, so that a load balancer can stop sending. True if that was it. */
static bool is_delayed(struct loop *loop, const siginfo_t *info)
{
	if (info->si_signo != SIGTERM || !acts(loop) || loop->plan->delay_ms == 0)
		return false;
	if (loop->deadline_ms < 0 && !loop->delayed) {
		loop->delayed = true;
		log_info("TERM held for %ld ms", (long)loop->plan->delay_ms);
		loop_set_deadline(loop, loop->plan->delay_ms, send_term);
		return true;
	}
	if (loop->expired == send_term)
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
	forward_raise(loop);
	*decimal(pid, (unsigned long)loop->child) = '\0';
	words[1] = (char *)hook->program;
	words[3] = (char *)value_signal_name(signal, name);
	if (spawn_program(loop->plan, words + 1, &job, loop->mask, &fault) < 0)
		log_warning("--on %s=%s: %s; the signal is lost", words[3], hook->program, strerror(fault.error));
	return true;
}

/* --restart: the program is told to end as by a TERM, and role.c starts it again. True if the signal means that. */
static bool is_restart(struct loop *loop, int signal)
{
	char name[16];

	if (!acts(loop) || loop->plan->restart != signal)
		return false;
	log_info("signal %s: %s", value_signal_name(signal, name), loop->leaving ? "no restart, a TERM has come before" : "restart");
	if (loop->leaving || loop->again)
		return true;
	loop->again = true;
	send_term(loop);
	return true;
}

void forward_signal(struct loop *loop, const siginfo_t *info)
{
	if (is_hooked(loop, info->si_signo) || is_restart(loop, info->si_signo))
		return;
	if (info->si_signo == SIGTERM) {
		loop->leaving = true;
		loop->again = false;
	}
	if (!is_delayed(loop, info))
		forward_plainly(loop, info);
}

bool forward_is_changed(const struct loop *loop, int signal)
{
	return acts(loop) && (loop->plan->rewrite[signal] || loop->plan->restart == signal || plan_hook(loop->plan, signal));
}

void forward_again(struct loop *loop)
{
	loop->retry_us = loop->retry_us < RETRY_LAST_US ? 2 * loop->retry_us : RETRY_LAST_US;
	forward_held(loop);
}

bool forward_is_full(const struct loop *loop)
{
	return loop->held >= RING_SIZE - 1;
}

void forward_wanted(const struct loop *loop, sigset_t *set)
{
	bool full = forward_is_full(loop);

	memset(set, full ? 0 : 0xff, sizeof *set);
	for (int signal = 1; full && signal < PLAN_SIGNAL_REALTIME; signal++)
		if (!acts(loop) || loop->plan->rewrite[signal] <= PLAN_SIGNAL_REALTIME)
			sigaddset(set, signal);
}
