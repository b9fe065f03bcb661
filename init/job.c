/* SPDX-License-Identifier: MIT
 *
 * Job control of the one child, as job_control(7) of a shell would have it.
 */
#include "job.h"

#include <signal.h>
#include <unistd.h>

#include "console.h"
#include "log.h"

void job_continue(struct loop *loop)
{
	if (loop->own_group && loop->console >= 0 && console_held(loop->console)) {
		console_give(loop->console, loop->child);
		loop->given = true;
	}
	loop->stopped = false;
	kill(loop->own_group ? -loop->child : loop->child, SIGCONT);
}

void job_stopped(struct loop *loop, int signal)
{
	struct report report = {.kind = REPORT_STOPPED, .signal = signal};

	if (loop->console < 0)
		return;
	if (loop->own_group && (signal == SIGTTIN || signal == SIGTTOU) && console_held(loop->console)) {
		job_continue(loop);
		return;
	}
	loop->stopped = true;
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
