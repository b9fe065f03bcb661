/* SPDX-License-Identifier: MIT
 *
 * The end, in order: processes, swap, file systems, the word to who waits for it, the machine. Nothing in it waits for a
 * fixed time, and nothing that fails keeps the rest from being done.
 */
#include "shutdown.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

#include "drain.h"
#include "keys.h"
#include "log.h"
#include "machine.h"
#include "out.h"
#include "process.h"
#include "setup.h"
#include "slice.h"
#include "supervisor.h"
#include "unmount.h"

enum {
	FIRST = -20, /* of all that are not real-time: setpriority(2) */
	PORT_WAIT_MS = 10 * 1000, /* the port's driver may still be starting when the program has ended already */
};

const char *const shutdown_words[ENDS] = {[END_POWEROFF] = "power off", [END_REBOOT] = "reboot", [END_HALT] = "halt"};

/* An interactive shell ignores TERM, and ends when its terminal hangs up. */
static void hang_up(const struct boot *boot)
{
	pid_t child = boot->loop.child;

	if (child > 0 && boot->job.kind == JOB_SESSION && process_ignores(child, SIGTERM))
		kill(child, SIGHUP);
}

static void time_is_over(struct loop *loop)
{
	loop->ended = true;
}

/* The program ends before the services, which it may need for that. */
static void end_program(struct boot *boot)
{
	struct loop *loop = &boot->loop;

	hang_up(boot);
	kill(loop->child, SIGTERM);
	kill(loop->child, SIGCONT);
	loop->ended = false;
	loop_set_deadline(loop, boot->plan->drain_ms, time_is_over);
	loop_run(loop);
	loop->deadline_ms = -1;
	if (loop->child == 0)
		return;
	log_warning("the program, process %d, outlived its drain: KILL", (int)loop->child);
	kill(loop->child, SIGKILL);
	loop->status = 128 + SIGKILL;
}

void shutdown_services(struct boot *boot)
{
	int status = boot->loop.status;

	if (boot->loop.child > 0)
		end_program(boot);
	if (supervisor_is_over())
		boot->loop.status = status;
	supervisor_stop(&boot->loop);
}

void shutdown_run(struct boot *boot)
{
	struct loop *loop = &boot->loop;

	setpriority(PRIO_PROCESS, 0, FIRST); /* who forks for ever leaves little of a processor to others */
	hang_up(boot);
	watchdog_feed();
	drain_run(loop);
	if (!boot->plan->machine) {
		slice_close(); /* it is in the cgroup of whoever started us */
		return;
	}
	watchdog_feed();
	setup_keep_seed();
	unmount_swap();
	unmount_all();
	sync();
}

/* Blocks until the port's other side has it: that is what it is for. */
static void tell(const char *path, int status)
{
	struct out out = OUT(machine_open(path, O_WRONLY | O_NOCTTY, PORT_WAIT_MS));

	if (out.fd < 0) {
		log_error("--exit-port %s: %s; give a device that is there", path, strerror(errno));
		return;
	}
	out_print(&out, "nsinit: status %d\n", status);
	out_flush(&out);
	tcdrain(out.fd);
	close(out.fd);
}

void shutdown_end(const struct boot *boot, int status)
{
	const struct plan *plan = boot->plan;
	enum plan_end end = boot->loop.asked ? boot->loop.end : plan->end;

	if (plan->exit_port)
		tell(plan->exit_port, status);
	log_line(plan->machine ? LOG_ERROR : LOG_INFO, "status %d", status);
	if (!plan->machine && end != END_REBOOT)
		return;
	log_info("%s", shutdown_words[end]);
	machine_end(end);
	if (!plan->machine)
		return;
	log_error("%s: %s; switch the machine off", shutdown_words[end], strerror(errno));
	for (;;)
		pause();
}
