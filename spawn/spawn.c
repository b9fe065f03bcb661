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
#include "net.h"
#include "sys.h"

enum {
	/* More than the frames of spawn_program() and clone() together, sanitizers included. */
	STACK_GAP = 2048,
};

/*
 * PID 1 holds a descriptor for each service, and to copy them all only to close them again would be most of a start among a thousand.
 * So a service's process shares ours until it takes those that it needs, close_range(2). 0: it gets a copy of all.
 */
static unsigned files_end(const struct plan *plan, const struct job *job)
{
	int highest = SPAWN_FILES_COPIED - 1;

	if (!plan->only_stdio || !job->files)
		return 0;
	for (int i = 0; i <= STDERR_FILENO; i++)
		highest = job->files[i] > highest ? job->files[i] : highest;
	for (unsigned i = 0; i < job->passed_count; i++)
		highest = job->passed[i] > highest ? job->passed[i] : highest;
	return (unsigned)highest + 1;
}

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
	struct child child = {.plan = plan, .argv = argv, .job = job, .mask = mask, .cgroup = plan->cgroup, .files_end = files_end(plan, job)};
	const unsigned long flags = CLONE_VM | CLONE_VFORK | (child.files_end ? CLONE_FILES : 0);
	char *stack = (char *)__builtin_frame_address(0) - STACK_GAP; /* which clone(3) aligns */
	pid_t pid = plan->cgroup ? cgroup_vfork(plan->cgroup, flags, program_main, stack, &child) : clone(program_main, stack, (int)flags | SIGCHLD, &child);

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

/* Between a launcher and its container. [0] is read, [1] is written; words is -1 where PID 1 waits for nothing. */
struct pipes {
	int reports[2], words[2];
};

/* Returns when the container is complete, the terminal of its program if it has a new one. */
static int container_main(const struct plan *plan, const struct job *job, const struct cgroup *cgroup, const struct pipes *pipes)
{
	struct container container = {.report = pipes->reports[1], .words = pipes->words[0], .terminal = -1};
	struct child child = {.plan = plan, .job = job, .container = &container, .cgroup = cgroup};
	struct report report = {.kind = REPORT_FAULT};

	if ((plan->join ? child_join(&child) : child_walk(&child, STEP_CLONE, STEP_CONTAINER_END)) == 0)
		return container.terminal;
	report.fault = child.fault;
	if (write(container.report, &report, sizeof report) < 0)
		_exit(126); /* the launcher is gone, and with it whoever could be told */
	_exit(125);
}

static void close_pipe(const int *ends)
{
	for (int i = 0; i < 2; i++)
		if (ends[i] >= 0)
			close(ends[i]);
}

/* A socket costs twice what a pipe does, so only who has a descriptor to send gets one. */
static int open_report_pipe(const struct plan *plan, int ends[2])
{
	return plan->pty ? socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) : pipe2(ends, O_CLOEXEC);
}

static int open_pipes(const struct plan *plan, struct pipes *pipes)
{
	*pipes = (struct pipes){{-1, -1}, {-1, -1}};
	if (open_report_pipe(plan, pipes->reports) < 0)
		return -1;
	if (plan->idmapped)
		return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pipes->words);
	return idmap_is_foreign(plan) || plan->network.kind == NETWORK_VETH || plan->status_fd >= 0 ? pipe2(pipes->words, O_CLOEXEC) : 0;
}

/* A container in the network where it belongs. Its pid, 0 in it, -1 with *fault. */
static pid_t clone_container(const struct plan *plan, struct cgroup *cgroup, struct fault *fault)
{
	int own = net_enter(plan);
	pid_t pid;

	*fault = (struct fault){.step = own == NET_FAILED ? STEP_NETNS : STEP_CLONE, .error = errno};
	if (own == NET_FAILED)
		return -1;
	if (own != NET_STAYED)
		child_time(plan, STEP_NETNS);
	pid = cgroup ? cgroup_fork(cgroup, plan->namespaces) : sys_fork(plan->join ? 0 : plan->namespaces);
	fault->error = errno;
	child_time(plan, STEP_CLONE);
	if (pid != 0)
		net_leave(own);
	return pid;
}

/* A PID 1 that cannot hear has failed, and reports why. */
static int say(int words, enum word word)
{
	return write(words, &word, sizeof word) == sizeof word || errno == EPIPE ? 0 : -1;
}

/* Does from outside what PID 1 waits for, and tells it. */
static int complete(const struct plan *plan, pid_t pid, int words, int *interface, struct fault *fault)
{
	fault->step = STEP_IDMAP;
	if (idmap_is_foreign(plan) && (idmap_write(plan, pid) < 0 || say(words, WORD_MAPS) < 0))
		return -1;
	fault->step = STEP_IDMAPPED;
	if (plan->idmapped && idmap_mounts(plan, pid, words, &fault->index) < 0)
		return -1;
	fault->step = STEP_NETWORK;
	if (plan->network.kind != NETWORK_VETH)
		return 0;
	*interface = net_connect(plan, pid, &fault->index);
	return *interface < 0 ? -1 : say(words, WORD_NETWORK);
}

/* The launcher's part after the clone. 0, or -1 with *fault: then PID 1 has been reaped. */
static int launch(const struct plan *plan, pid_t pid, const struct pipes *pipes, int *interface, struct fault *fault)
{
	struct report report;

	*interface = 0;
	if (complete(plan, pid, pipes->words[1], interface, fault) == 0)
		return 0;
	fault->error = errno;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	/* If it had failed before, we had nothing to work on, and its reason counts. */
	if (read(pipes->reports[0], &report, sizeof report) == sizeof report && report.kind == REPORT_FAULT)
		*fault = report.fault;
	return -1;
}

pid_t spawn_container(const struct plan *plan, const struct job *job, struct cgroup *cgroup, struct held *held, struct fault *fault)
{
	struct pipes pipes;
	pid_t pid;

	if (open_pipes(plan, &pipes) < 0) {
		*fault = (struct fault){.step = STEP_PIPE, .error = errno};
		close_pipe(pipes.reports);
		return -1;
	}
	pid = clone_container(plan, cgroup, fault);
	if (pid == 0) {
		close(pipes.reports[0]);
		if (pipes.words[1] >= 0)
			close(pipes.words[1]); /* else we would wait for ourselves */
		*held = (struct held){.report = pipes.reports[1], .words = pipes.words[0]};
		held->terminal = container_main(plan, job, cgroup, &pipes);
		return 0;
	}
	close(pipes.reports[1]);
	pipes.reports[1] = -1;
	if (pipes.words[0] >= 0)
		close(pipes.words[0]);
	pipes.words[0] = -1;
	if (pid > 0 && launch(plan, pid, &pipes, &held->interface, fault) < 0)
		pid = -1;
	held->words = pid > 0 && plan->status_fd >= 0 ? pipes.words[1] : -1;
	if (held->words < 0)
		close_pipe(pipes.words);
	held->report = pipes.reports[0];
	if (pid < 0)
		close(pipes.reports[0]);
	return pid;
}
