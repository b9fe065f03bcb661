/* SPDX-License-Identifier: MIT
 *
 * The roles: entrypoint runs the program here, run makes a container around it first and is then, inside,
 * an entrypoint as well, with a launcher left outside that passes signals and news.
 */
#include "role.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "announce.h"
#include "boot.h"
#include "cgroup.h"
#include "client.h"
#include "cold.h"
#include "console.h"
#include "drain.h"
#include "fault.h"
#include "forward.h"
#include "job.h"
#include "log.h"
#include "loop.h"
#include "net.h"
#include "ns.h"
#include "personality.h"
#include "relay.h"
#include "slice.h"
#include "spawn.h"
#include "state.h"
#include "supervisor.h"
#include "sys.h"
#include "usage.h"

enum { INTERRUPTED = 128 + SIGTERM };

static int ending; /* job_ending() of the loop */

/* Where the news of a start go: to the launcher if there is one, else to the log. */
static int start_failed(const struct plan *plan, const struct fault *fault, int launcher)
{
	struct report report = {.kind = REPORT_FAULT, .fault = *fault};

	if (launcher >= 0 && write(launcher, &report, sizeof report) == sizeof report)
		return plan->personality->failed;
	return fault_report(plan, fault);
}

/* Our namespaces are looked at from outside, and we are there meanwhile. */
static void tell_complete(const struct held *held)
{
	const struct report complete = {.kind = REPORT_COMPLETE};
	char none;

	if (write(held->report, &complete, sizeof complete) < 0 || read(held->words, &none, sizeof none) < 0)
		log_debug("the launcher is gone");
	close(held->words);
}

/* The program runs, or the pause has begun. */
static void tell_started(const struct plan *plan, int launcher)
{
	const struct report times = {.kind = REPORT_TIMES}, started = {.kind = REPORT_STARTED};

	if (!plan_announces(plan))
		return;
	if (launcher < 0) {
		announce_ready(plan);
		return;
	}
	if ((plan->trace && (write(launcher, &times, sizeof times) < 0 || write(launcher, spawn_times, sizeof spawn_times) < 0)) ||
	    write(launcher, &started, sizeof started) < 0)
		log_debug("the launcher is gone");
}

static void stop_services(struct loop *loop)
{
	supervisor_stop(loop);
	slice_close();
}

/* A program starts when its services are up. 0, or -1: a signal was the end before that, and everything is stopped again. */
static int start_services(const struct plan *plan, const sigset_t *mask, struct loop *loop)
{
	const struct job none = {.kind = JOB_SHARED, .console = -1};

	*loop = loop_around(plan, SIGNALS_PAUSE, 0, &none, mask);
	if (plan->pause)
		return 0;
	supervisor_attach(loop);
	if (supervisor_start(loop) == 0)
		return 0;
	stop_services(loop);
	return -1;
}

/* --restart: the program runs again, with the terminal if it had it. False if it cannot be started: the status says why. */
LATE static bool run_again(struct loop *loop, struct job *job)
{
	struct fault fault;
	pid_t child;

	job->foreground = loop->given;
	forward_raise(loop);
	child = spawn_program(loop->plan, loop->plan->argv, job, loop->mask, &fault);
	if (child < 0) {
		loop->status = start_failed(loop->plan, &fault, loop->launcher);
		return false;
	}
	log_info("started %s again as process %d", loop->plan->argv[0], (int)child);
	loop_renew(loop, child);
	return true;
}

/* From here on PID 1 must not die: what comes is only the loop, and the end. Its status. */
static int turn(const struct plan *plan, struct loop *loop, struct job *job)
{
	pid_t child = loop->child;

	if (plan->services)
		supervisor_attach(loop);
	loop_run(loop);
	while (loop->again && run_again(loop, job))
		loop_run(loop);
	if (plan->end_group && child > 0) /* a TERM that is dropped is 0, which reaches nobody */
		kill(-child, plan->rewrite[SIGTERM] ? plan->rewrite[SIGTERM] - 1 : SIGTERM);
	if (plan->services)
		supervisor_stop(loop);
	drain_wait(loop);
	drain_run(loop);
	if (plan->services)
		slice_close();
	ending = job_ending(loop);
	return plan->remap[loop->status] ? plan->remap[loop->status] - 1 : loop->status;
}

/* After an exec: everything runs already. */
LATE static int go_on(const struct plan *plan, const sigset_t *mask)
{
	struct job none = {.kind = JOB_SHARED, .console = -1};
	struct loop loop = loop_around(plan, SIGNALS_PAUSE, 0, &none, mask);

	state_resume_loop(&loop);
	if (plan->pty)
		log_open(loop.launcher, plan->verbosity);
	supervisor_resume(plan, plan->services);
	return turn(plan, &loop, &none);
}

static int run_program(const struct plan *plan, const sigset_t *mask, int console, int launcher)
{
	struct job job = {.kind = JOB_SHARED, .console = -1};
	struct fault fault;
	struct loop loop;
	pid_t child = 0;

	if (plan->services && supervisor_load(plan, plan->services) < 0)
		return plan->personality->failed;
	if (plan->services && start_services(plan, mask, &loop) < 0)
		return INTERRUPTED;
	if (!plan->pause) {
		job = console_program_job(plan, console);
		child = spawn_program(plan, plan->argv, &job, mask, &fault);
		if (child < 0) {
			loop.status = start_failed(plan, &fault, launcher);
			if (plan->services)
				stop_services(&loop);
			return loop.status;
		}
		log_info("started %s as process %d", plan->argv[0], (int)child);
	}
	if (plan->close_inherited) {
		const int keep[] = {console, launcher, plan->log_fd};

		ns_close_except(keep, sizeof keep / sizeof keep[0], STDERR_FILENO + 1);
	}
	if (plan->leave_directory && chdir("/") < 0)
		log_warning("/: %s", strerror(errno));
	tell_started(plan, launcher);
	loop = loop_around(plan, plan->pause ? SIGNALS_PAUSE : plan->stop_along ? SIGNALS_SESSION : SIGNALS_PROGRAM, child, &job, mask);
	if (launcher >= 0 && loop.console < 0 && !plan->pty) {
		close(launcher); /* the launcher need not listen: nothing can be stopped from a terminal */
		launcher = -1;
	}
	loop.launcher = launcher;
	if (loop.console < 0 && console >= 0 && !plan->restart)
		close(console);
	return turn(plan, &loop, &job);
}

/* A parent that died before we could ask to be told is told of now. prctl(2) PR_SET_PDEATHSIG */
static int watch_parent(const struct plan *plan)
{
	pid_t parent = getppid();

	if (!plan->parent_death)
		return 0;
	if (prctl(PR_SET_PDEATHSIG, plan->parent_death) < 0) {
		log_error("--parent-death: %s", strerror(errno));
		return -1;
	}
	if (getppid() != parent) {
		siginfo_t info;

		memset(&info, 0, sizeof info);
		info.si_signo = plan->parent_death;
		info.si_code = SI_QUEUE;
		sys_queue_signal(getpid(), &info);
	}
	return 0;
}

static int entrypoint_run(const struct plan *plan, const sigset_t *mask)
{
	if (plan->subreaper && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) {
		log_error("--subreaper: %s; Linux 3.4 or later is needed", strerror(errno));
		return plan->personality->failed;
	}
	if (watch_parent(plan) < 0)
		return plan->personality->failed;
	if (plan_announces(plan)) {
		announce_made(plan, getpid());
		announce_started(plan, getpid());
	}
	return run_program(plan, mask, console_open(), -1);
}

/* What is left outside: everything is for PID 1 inside, and its status is ours. */
static int relay(const struct plan *plan, const sigset_t *mask, pid_t container, const struct job *job, const struct held *held)
{
	struct loop loop = loop_around(plan, SIGNALS_RELAY, container, job, mask);

	loop.reports = held->report;
	loop.words = held->words;
	loop_run(&loop);
	ending = job_ending(&loop);
	return loop.fault.step == STEP_NONE ? loop.status : fault_report(plan, &loop.fault);
}

/* The same, and what goes between our terminal and the program's own. */
static int relay_terminal(const struct plan *plan, const sigset_t *mask, pid_t container, const struct job *job, const struct held *held,
                          int console)
{
	static struct relay terminal; /* two pages that no other start touches */
	struct loop loop = loop_around(plan, SIGNALS_TERMINAL, container, job, mask);

	relay_open(&terminal, console);
	loop.reports = held->report;
	loop.words = held->words;
	loop.relay = &terminal;
	loop.watches = terminal.watches;
	loop.watch_count = RELAY_WATCHES;
	loop_run(&loop);
	relay_drain(&loop);
	relay_close(&terminal);
	ending = job_ending(&loop);
	return loop.fault.step == STEP_NONE ? loop.status : fault_report(plan, &loop.fault);
}

/* Makes the container and is its launcher; its PID 1 ends in here. */
static int launch(const struct plan *plan, const sigset_t *mask, struct cgroup *cgroup)
{
	int console = plan->detach ? -1 : console_open(), status;
	struct job job = console_container_job(plan, console);
	struct held held;
	struct fault fault;
	pid_t container = spawn_container(plan, &job, cgroup, &held, &fault);

	if (container < 0)
		return fault_report(plan, &fault);
	if (container == 0) {
		if (plan->pty)
			log_open(held.report, plan->verbosity);
		if (plan->status_fd >= 0)
			tell_complete(&held);
		_exit(run_program(plan, mask, plan->pty ? held.terminal : console, held.report));
	}
	if (plan_announces(plan))
		announce_made(plan, container);
	status = plan->pty ? relay_terminal(plan, mask, container, &job, &held, console) : relay(plan, mask, container, &job, &held);
	net_disconnect(held.interface);
	return status;
}

/* The limits come first and go last: nothing runs outside of them. */
static int launch_limited(const struct plan *plan, const sigset_t *mask)
{
	struct cgroup cgroup;
	struct fault fault;
	int status;

	if (cgroup_make(plan, &cgroup, &fault) < 0)
		return fault_report(plan, &fault);
	status = launch(plan, mask, &cgroup);
	usage_report(plan, &cgroup);
	if (cgroup_remove(&cgroup) < 0)
		log_warning("cgroup %s: %s; somebody else put a process into it, it is removed when that ends", cgroup.name, strerror(errno));
	return status;
}

static int container_run(const struct plan *plan, const sigset_t *mask)
{
	if (watch_parent(plan) < 0)
		return plan->personality->failed;
	return cgroup_wanted(plan) ? launch_limited(plan, mask) : launch(plan, mask, NULL);
}

int role_run(const struct role *role, const struct plan *plan, const sigset_t *mask)
{
	int status;

	if (plan->again != STATE_NONE && role->run != boot_run) {
		status = go_on(plan, mask);
		if (role->run == entrypoint_run && plan_announces(plan)) /* else the launcher does */
			announce_stopped(plan, status);
		return status;
	}
	if (plan->pty)
		console_fill();
	if (plan_announces(plan) && announce_prepare(plan) < 0 && role->run != boot_run) /* a machine goes on, unannounced */
		return plan->personality->failed;
	status = role->run(plan, mask);
	if (plan_announces(plan))
		announce_stopped(plan, status);
	if (ending && status == 128 + abs(ending))
		job_end(ending);
	return status;
}

/* What could fail has been done in the life before. */
static int complete_again(struct plan *plan)
{
	(void)plan;
	return 0;
}

const struct role *role_choose(pid_t pid, const struct plan *plan)
{
	static const struct role
		entrypoint = {"entrypoint", plan_entrypoint, entrypoint_run, NULL},
		run = {"run", plan_container, container_run, NULL},
		join = {"join", plan_join, container_run, NULL},
		boot = {"boot", plan_boot, boot_run, boot_print},
		client = {"client", client_complete, client_run, NULL},
		entrypoint_again = {"entrypoint", complete_again, entrypoint_run, NULL},
		run_again = {"run", complete_again, container_run, NULL};

	if (plan->again != STATE_NONE)
		return strcmp(state_role(), "boot") == 0 ? &boot : strcmp(state_role(), "run") == 0 ? &run_again : &entrypoint_again;
	if (plan->personality->asks)
		return &client;
	if (plan->boot || (plan->personality->boots && pid == 1))
		return &boot;
	if (plan->join)
		return &join;
	return plan->personality->here || (!plan_isolates(plan) && (pid == 1 || plan->subreaper)) ? &entrypoint : &run;
}
