/* SPDX-License-Identifier: MIT
 *
 * Job control of the one child, as job_control(7) of a shell would have it.
 */
#include "job.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cold.h"
#include "console.h"
#include "log.h"
#include "out.h"
#include "relay.h"
#include "sys.h"

/* The child's group, 0: it is ours. A child that shares our group at first may make its own, as a shell does. */
static pid_t group_of(pid_t child)
{
	pid_t group = getpgid(child);

	return group == getpgrp() ? 0 : group;
}

/* A terminal that is shared the program has only when it asks, also after a stop. */
static void go_on(struct loop *loop, bool asked)
{
	pid_t group = group_of(loop->child);

	if (group > 0 && loop->console >= 0 && (asked || loop->launcher >= 0 || !console_is_shared()) && console_held(loop->console)) {
		console_give(loop->console, group);
		loop->given = true;
	}
	loop->stopped = false;
	kill(group > 0 ? -group : loop->child, SIGCONT);
}

void job_continue(struct loop *loop)
{
	go_on(loop, false);
}

/* Nobody continues us. The kernel tells a reader in the background so by EIO, but ours has us above it: it would only stop again. */
static void go_on_alone(struct loop *loop, bool asks)
{
	if (asks && !console_held(loop->console))
		kill(-loop->child, SIGHUP);
	job_continue(loop);
}

/* A launcher that is stopped, with its pipe full, has heard enough. */
static void tell(const struct loop *loop, enum report_kind kind, int signal)
{
	const struct report report = {.kind = kind, .signal = signal};

	if (out_takes(loop->launcher) && write(loop->launcher, &report, sizeof report) < 0)
		log_debug("the launcher is gone");
}

void job_stopped(struct loop *loop, int signal)
{
	bool asks = loop->own_group && (signal == SIGTTIN || signal == SIGTTOU), given = loop->given;

	if (loop->console < 0)
		return;
	if (asks && console_held(loop->console)) {
		go_on(loop, true);
		return;
	}
	loop->stopped = true;
	loop->given = false; /* a launcher takes it back itself */
	if (loop->launcher >= 0) {
		tell(loop, REPORT_STOPPED, signal);
		return;
	}
	if (given)
		console_take(loop->console);
	if (console_stop(signal)) {
		loop->stopped = group_of(loop->child) > 0; /* what continued our group has reached the child in it as well */
		if (loop->stopped)
			job_continue(loop);
	} else if (getpid() != 1 || !console_led_outside()) { /* else who has stopped with us outside will be continued, with us */
		go_on_alone(loop, asks);
	}
}

void job_killed(struct loop *loop, int signal)
{
	loop->killed = signal;
	if (loop->launcher >= 0)
		tell(loop, REPORT_KILLED, signal);
}

/* Who wants to know our status by a pipe gets it as ever. What we sent on ourselves was no key. */
LATE static int ending_by(const struct loop *loop, int signal)
{
	int console = loop->relay ? loop->relay->terminal : loop->console;
	bool foreground = loop->relay || loop->given || !(loop->own_group || console_is_shared());

	if (!foreground || console < 0 || getpid() == 1 || getsid(0) == getpid() || !console_held(console))
		return 0;
	return loop->given && (signal == SIGINT || signal == SIGQUIT) && loop->sent != signal ? -signal : signal;
}

int job_ending(const struct loop *loop)
{
	return loop->killed ? ending_by(loop, loop->killed) : 0;
}

LATE void job_end(int ending)
{
	int number = abs(ending);
	sigset_t set;

	prctl(PR_SET_DUMPABLE, 0); /* no core of ours */
	signal(number, SIG_DFL);
	kill(ending < 0 ? 0 : getpid(), number);
	sigemptyset(&set);
	sigaddset(&set, number);
	sys_signal_mask(SIG_UNBLOCK, &set, NULL); /* here we end */
}
