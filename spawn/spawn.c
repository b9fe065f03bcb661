/* SPDX-License-Identifier: MIT
 *
 * The two ways a process is made. Neither decides or says anything: a failure comes back as a fault.
 */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "sys.h"

enum {
	/* The program's steps need one path (PATH_MAX) and a few small frames. */
	PROGRAM_STACK = 12 * 1024,
};

static int program_main(void *argument)
{
	struct child *child = argument;

	child_walk(child, STEP_VFORK, STEP_COUNT);
	_exit(127);
}

/*
 * The child borrows our memory until it execs, so its fault is simply there when we run again: no pipe, and
 * no page table is copied. That we stand still meanwhile is why setpgid needs no second caller.
 */
pid_t spawn_program(const struct plan *plan, const struct job *job, const sigset_t *mask, struct fault *fault)
{
	char stack[PROGRAM_STACK] __attribute__((aligned(16)));
	struct child child = {.plan = plan, .job = job, .mask = mask};
	pid_t pid = clone(program_main, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, &child);

	if (pid < 0) {
		*fault = (struct fault){.step = STEP_VFORK, .error = errno};
		return -1;
	}
	*fault = child.fault;
	if (fault->step == STEP_NONE)
		return pid;
	waitpid(pid, NULL, 0);
	return -1;
}

static void container_main(struct child *child)
{
	struct report report = {.kind = REPORT_FAULT};

	if (child_walk(child, STEP_CLONE, STEP_CONTAINER_END) == 0)
		return;
	report.fault = child->fault;
	if (write(child->report, &report, sizeof report) < 0)
		_exit(126); /* the launcher is gone, and with it whoever could be told */
	_exit(125);
}

pid_t spawn_container(const struct plan *plan, const struct job *job, int *report, struct fault *fault)
{
	struct child child = {.plan = plan, .job = job};
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0) {
		*fault = (struct fault){.step = STEP_PIPE, .error = errno};
		return -1;
	}
	pid = sys_fork(plan->namespaces);
	if (pid < 0) {
		*fault = (struct fault){.step = STEP_CLONE, .error = errno};
		close(ends[0]);
		close(ends[1]);
		return -1;
	}
	if (pid > 0) {
		close(ends[1]);
		*report = ends[0];
		return pid;
	}
	close(ends[0]);
	child.report = ends[1];
	container_main(&child);
	*report = ends[1];
	return 0;
}
