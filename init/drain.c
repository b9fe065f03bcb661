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
	KILLED_WAIT_MS = 2000, /* a process that KILL does not end by then is stuck in the kernel, and is only named */
};

static void send_one(const struct process *process, void *signal)
{
	kill(process->pid, *(int *)signal);
}

static void send_all(int signal)
{
	if (getpid() == 1)
		kill(-1, signal);
	else
		process_descendants(send_one, &signal);
}

static void name_one(const struct process *process, void *fate)
{
	log_warning("drain: %d (%s) %s; state %c%s%s", (int)process->pid, process->name, (const char *)fate, process->state,
	            process->wchan[0] ? ", in " : "", process->wchan);
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
	process_descendants(name_one, "outlived its drain: KILL");
	send_all(SIGKILL);
	loop->deadline_ms = loop_now_ms() + KILLED_WAIT_MS;
	loop_drain(loop);
	if (!loop->alone)
		process_descendants(name_one, "does not die");
}
