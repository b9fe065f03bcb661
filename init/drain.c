/* SPDX-License-Identifier: MIT
 *
 * The end of a PID 1 that drains. As PID 1 everything in sight is ours; as a subreaper only our descendants
 * are, and they are found in /proc.
 */
#include "drain.h"

#include <signal.h>
#include <unistd.h>

#include "log.h"
#include "process.h"

enum {
	NAMED_MAX = 16,
	KILLED_WAIT_MS = 2000, /* a process that KILL does not end by then is stuck in the kernel, and is only named */
};

static bool send_one(const struct process *process, void *signal)
{
	kill(process->pid, *(int *)signal);
	return true;
}

static void send_all(int signal)
{
	if (getpid() == 1)
		kill(-1, signal);
	else
		process_descendants(send_one, &signal);
}

/* What is said of who is left; of many only some. */
struct naming {
	const char *fate;
	int left;
};

static bool name_one(const struct process *process, void *argument)
{
	struct naming *naming = argument;

	if (naming->left-- == 0) {
		log_warning("drain: and others");
		return false; /* to look for them all takes long where there are very many, and all of them busy */
	}
	log_warning("drain: %d (%s) %s; state %c%s%s", (int)process->pid, process->name, naming->fate, process->state,
	            process->wchan[0] ? ", in " : "", process->wchan);
	return true;
}

static void name_all(const char *fate)
{
	struct naming naming = {fate, NAMED_MAX};

	process_descendants(name_one, &naming);
}

void drain_wait(struct loop *loop)
{
	if (!loop->plan->wait || loop->leaving)
		return;
	loop->deadline_ms = -1;
	loop_drain(loop);
}

void drain_run(struct loop *loop)
{
	if (loop->plan->drain_ms < 0 || loop->alone)
		return;
	send_all(SIGTERM);
	send_all(SIGCONT); /* a stopped process takes its TERM only then */
	loop->deadline_ms = loop_now_ms() + loop->plan->drain_ms;
	loop_drain(loop);
	if (loop->alone)
		return;
	name_all("outlived its drain: KILL");
	send_all(SIGKILL);
	loop->deadline_ms = loop_now_ms() + KILLED_WAIT_MS;
	loop_drain(loop);
	if (!loop->alone)
		name_all("does not die");
}
