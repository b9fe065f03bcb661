/* SPDX-License-Identifier: MIT
 *
 * The two ways a process is made. Neither decides or says anything: a failure comes back as a fault.
 */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "child.h"
#include "idmap.h"
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
	child_time(plan, STEP_EXEC);
	if (fault->step == STEP_NONE)
		return pid;
	waitpid(pid, NULL, 0);
	return -1;
}

/* Returns when the container is complete, the terminal of its program if it has a new one. */
static int container_main(const struct plan *plan, const struct job *job, const struct cgroup *cgroup, int report_pipe, int maps_pipe)
{
	struct container container = {.report = report_pipe, .maps_written = maps_pipe, .terminal = -1};
	struct child child = {.plan = plan, .job = job, .container = &container, .cgroup = cgroup};
	struct report report = {.kind = REPORT_FAULT};

	if (child_walk(&child, STEP_CLONE, STEP_CONTAINER_END) == 0)
		return container.terminal;
	report.fault = child.fault;
	if (write(report_pipe, &report, sizeof report) < 0)
		_exit(126); /* the launcher is gone, and with it whoever could be told */
	_exit(125);
}

/* Writes the id maps from outside and lets PID 1 go on. If that fails it goes no further, and is reaped. */
static int write_maps(const struct plan *plan, pid_t pid, int maps_pipe, struct fault *fault)
{
	if (idmap_write(plan, pid) == 0 && write(maps_pipe, "", 1) == 1)
		return 0;
	*fault = (struct fault){.step = STEP_IDMAP, .error = errno};
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return -1;
}

static void close_all(const int *descriptors, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (descriptors[i] >= 0)
			close(descriptors[i]);
}

/* A socket costs twice what a pipe does, so only who has a descriptor to send gets one. */
static int make_report_pipe(const struct plan *plan, int ends[2])
{
	return plan->pty ? socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) : pipe2(ends, O_CLOEXEC);
}

pid_t spawn_container(const struct plan *plan, const struct job *job, struct cgroup *cgroup, int *report, int *terminal, struct fault *fault)
{
	int ends[] = {-1, -1, -1, -1}; /* report: read, write; maps written: read, write */
	pid_t pid;

	if (make_report_pipe(plan, ends) < 0 || (idmap_is_foreign(plan) && pipe2(ends + 2, O_CLOEXEC) < 0)) {
		*fault = (struct fault){.step = STEP_PIPE, .error = errno};
		close_all(ends, 4);
		return -1;
	}
	pid = cgroup ? cgroup_fork(cgroup, plan->namespaces) : sys_fork(plan->namespaces);
	child_time(plan, STEP_CLONE);
	if (pid == 0) {
		close(ends[0]);
		if (ends[3] >= 0)
			close(ends[3]); /* else we would wait for ourselves */
		*terminal = container_main(plan, job, cgroup, ends[1], ends[2]);
		*report = ends[1];
		return 0;
	}
	if (pid < 0)
		*fault = (struct fault){.step = STEP_CLONE, .error = errno};
	else if (idmap_is_foreign(plan) && write_maps(plan, pid, ends[3], fault) < 0)
		pid = -1;
	close_all(ends + 1, 3);
	*report = ends[0];
	if (pid < 0)
		close(ends[0]);
	return pid;
}
