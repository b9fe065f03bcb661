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
	/* More than the frames of spawn_program() and clone() together, sanitizers included. */
	STACK_GAP = 2048,
};

static int program_main(void *argument)
{
	struct child *child = argument;

	child_walk(child, STEP_VFORK, STEP_COUNT);
	_exit(127);
}

/*
 * The child borrows our memory until it execs, so its fault is simply there when we run again: no pipe, and
 * no page table is copied. That we stand still meanwhile is why setpgid needs no second caller, and why its
 * frames may lie below ours, as with vfork(2): on the pages that the loop will use, where an array for them
 * would cost PID 1 two more for ever.
 */
pid_t spawn_program(const struct plan *plan, char **argv, const struct job *job, const sigset_t *mask, struct fault *fault)
{
	struct child child = {.plan = plan, .argv = argv, .job = job, .mask = mask};
	char *stack = (char *)__builtin_frame_address(0) - STACK_GAP; /* which clone(3) aligns */
	pid_t pid = clone(program_main, stack, CLONE_VM | CLONE_VFORK | SIGCHLD, &child);

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

/* Returns when the container is complete. */
static void container_main(const struct plan *plan, const struct job *job, int pipe)
{
	struct container container = {.report = pipe};
	struct child child = {.plan = plan, .job = job, .container = &container};
	struct report report = {.kind = REPORT_FAULT};

	if (child_walk(&child, STEP_CLONE, STEP_CONTAINER_END) == 0)
		return;
	report.fault = child.fault;
	if (write(pipe, &report, sizeof report) < 0)
		_exit(126); /* the launcher is gone, and with it whoever could be told */
	_exit(125);
}

pid_t spawn_container(const struct plan *plan, const struct job *job, int *report, struct fault *fault)
{
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
	container_main(plan, job, ends[1]);
	*report = ends[1];
	return 0;
}
