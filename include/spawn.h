/* SPDX-License-Identifier: MIT
 *
 * Makes processes out of plans. A container is a copy of ourselves that walks the container's steps and
 * comes back as PID 1 inside; a program is a vfork that walks the program's steps and ends in exec.
 */
#ifndef SPAWN_H
#define SPAWN_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "plan.h"

struct cgroup;

/* The steps of a start, in the order they are taken. child.c has the function of each, init/fault.c its words. */
enum step {
	STEP_NONE,
	/* by the launcher */
	STEP_CGROUP_FIND,
	STEP_CGROUP_MONITOR,
	STEP_CGROUP_MAKE,
	STEP_CGROUP_LIMITS,
	STEP_PIPE,
	STEP_NETNS,   /* the network that is there already */
	STEP_IDMAPPED, /* the sources of binds; this one and the next come after the clone */
	STEP_NETWORK,  /* a pair of interfaces */
	STEP_CLONE,
	/* by PID 1 of a container, before the program */
	STEP_CGROUP, /* before anything is charged to the launcher's, and anything of the cgroup file system is closed */
	STEP_DESCRIPTORS,
	STEP_PARENT_DEATH,
	STEP_SECRETS,
	STEP_JOIN, /* instead of all that makes a container */
	STEP_IDMAP,
	STEP_TIME,
	STEP_JOB,
	STEP_PROPAGATION,
	STEP_SOURCES,
	STEP_ROOT,
	STEP_OVERLAY,
	STEP_NO_DEVICES,
	STEP_PIVOT,
	STEP_DETACH, /* before anything is resolved in the new root */
	STEP_MOUNTS,
	STEP_PTY, /* while nobody else has been in the new /dev */
	STEP_BINDS,
	STEP_MASKS,
	STEP_READ_ONLY,
	STEP_LEAVE,
	STEP_HOSTNAME,
	STEP_DOMAINNAME,
	STEP_LOOPBACK,
	STEP_NETWORK_READY,
	STEP_CONTAINER_END,
	/* by the program's process */
	STEP_VFORK,
	STEP_PLACE, /* the cgroup, before anything is charged to ours */
	STEP_FILES,
	STEP_TERMINAL,
	STEP_CLOSE,
	STEP_LIMITS,
	STEP_TRAITS,
	STEP_SANDBOX,
	STEP_VIEWS,
	STEP_NO_NEW_PRIVS,
	STEP_LANDLOCK, /* while we may: later it would need no_new_privs */
	STEP_GROUPS, /* this and the next while there are more ids than a user namespace has */
	STEP_GID,
	STEP_USERS, /* which gives all capabilities inside, bounding set included */
	STEP_SECCOMP, /* as STEP_LANDLOCK; it refuses setns(2) */
	STEP_BOUNDING,
	STEP_UID,
	STEP_CAPABILITIES,
	STEP_KEYRING, /* which is the user's */
	STEP_CWD,
	STEP_LISTEN_PID,
	STEP_SIGNALS,
	STEP_FILTER, /* refuses what the steps before need */
	STEP_EXEC,
	STEP_COUNT,
};

/* --trace: when each step was over, ns of CLOCK_MONOTONIC, 0: not taken. STEP_EXEC is set by the parent. */
extern int64_t spawn_times[STEP_COUNT];

/* Values of fault.index in STEP_SOURCES that are no bind. */
enum fault_source { FAULT_HOST_NODES = -1, FAULT_PROC = -2, FAULT_SYS = -3 };

/* Values of fault.index in STEP_NETWORK that are no address or route. */
enum fault_network { FAULT_PAIR = -1, FAULT_BRIDGE = -2, FAULT_LINK = -3 };

/* Values of fault.index in STEP_LIMITS that are no --rlimit. */
enum fault_limit { LIMIT_NICE = -1, LIMIT_OOM = -2 };

/* What went wrong: the step, its errno, and which row or entry of the step it was. */
struct fault {
	enum step step;
	int error;
	int index;
};

enum {
	/* Of a caller's descriptors those below, and up to the highest that job names, are copied for a service: plan->only_stdio. */
	SPAWN_FILES_COPIED = 64,
};

/* Which process group and session the new process gets, and what of the terminal. credentials(7), tty_ioctl(4). */
enum job_kind {
	JOB_SHARED,  /* our own process group */
	JOB_GROUP,   /* one of its own */
	JOB_SESSION, /* a session of its own, with the terminal if there is one */
};

struct job {
	enum job_kind kind;
	int console;     /* the controlling terminal, -1: none */
	bool foreground; /* the new group becomes the terminal's foreground group */
	unsigned stdio;  /* JOB_SESSION: which of 0 to 2 become the console, a bit each */
	pid_t users;      /* a process, by idmap_hold(), whose user namespace the new one enters; 0: it stays */
	const int *files; /* JOB_SESSION: what 0 to 2 become, -1: they stay; NULL: all stay */
	int *passed;      /* JOB_SESSION: what 3 and those behind it become; other descriptors of the same are put here on the way */
	unsigned passed_count;
};

/*
 * What PID 1 of a container tells its launcher, over a close-on-exec pipe. The end of the pipe says: no more news.
 * With a pseudo-terminal it is a socket of packets, unix(7), and a packet that is no report is a line of PID 1's log:
 * nothing inside has our terminal open.
 */
enum report_kind {
	REPORT_FAULT = 1,
	REPORT_COMPLETE, /* the container is, and PID 1 waits for the end of held.words */
	REPORT_TIMES,
	REPORT_STARTED,
	REPORT_STOPPED,
	REPORT_KILLED,
	REPORT_TERMINAL, /* with the master of the program's pseudo-terminal, SCM_RIGHTS */
};

struct report {
	enum report_kind kind;
	struct fault fault; /* REPORT_FAULT: the start failed, PID 1 ends */
	/* REPORT_TIMES: spawn_times follows */
	int signal;         /* REPORT_STOPPED, REPORT_KILLED: the program was, by it */
};

/*
 * What the launcher tells a PID 1 of a container that waits for it: the id maps are written, here is the source of a bind, the
 * network is complete.
 */
enum word { WORD_MAPS = 1, WORD_SOURCE /* with a tree, SCM_RIGHTS */, WORD_NETWORK };

/*
 * Starts argv, plan's program or one of its hooks, with the given signal mask. argv[-1] must be writable. Returns its pid when the exec has happened,
 * or -1 with *fault. clone(2) with CLONE_VM | CLONE_VFORK.
 */
pid_t spawn_program(const struct plan *plan, char **argv, const struct job *job, const sigset_t *mask, struct fault *fault);

/* What is held of a container, by its launcher and by its PID 1. */
struct held {
	int report;    /* each one's end of the pipe */
	int interface; /* the launcher's, of --net veth, for net_disconnect(); 0: none */
	int terminal;  /* PID 1's, for the program, if the plan has a new one */
	int words;     /* each one's end of that in which PID 1 waits, if the plan has a status_fd; the launcher's is -1 without */
};

/*
 * Makes plan's namespaces, in the cgroup unless it is NULL. Returns the pid of their PID 1 to the launcher and 0 in that PID 1, when the
 * container is complete; with plan->join, the pid of a process that has entered, and 0 in it. Both then hold their end of the pipe of
 * struct report, and the launcher what it must let go at the end. Returns -1 with *fault to the launcher; PID 1 sends its faults over
 * the pipe and ends.
 */
pid_t spawn_container(const struct plan *plan, const struct job *job, struct cgroup *cgroup, struct held *held, struct fault *fault);

#endif
