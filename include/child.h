/* SPDX-License-Identifier: MIT
 *
 * What a new process knows while it sets itself up, and the tables of steps it walks.
 */
#ifndef CHILD_H
#define CHILD_H

#include <signal.h>

#include "plan.h"
#include "spawn.h"

struct cgroup;

enum child_limits { CHILD_DEVICES = 6 };

/* What PID 1 of a container holds while it is being made. */
struct container {
	int report;    /* the pipe to the launcher */
	int words;     /* the pipe from the launcher, of enum word; -1: it has nothing to say */
	int dev;       /* the new /dev */
	int stacked;   /* layers of an overlay that lie between the old root and the new one */
	int directory; /* where we came from, if the root stays */
	int root;      /* the new root, opened once */
	mode_t umask;  /* the caller's, given back at the end */
	int sources[PLAN_MOUNTS_MAX]; /* the detached tree of each bind */
	int devices[CHILD_DEVICES];   /* the host's nodes, where they are borrowed */
	int proc, sys;                /* in a user namespace: these, as long as the host's are there */
	int terminal;                 /* of the program, if the plan has a new one */
};

struct child {
	const struct plan *plan;
	char **argv;                 /* program */
	const struct job *job;
	const sigset_t *mask;        /* program: the signal mask it starts with */
	unsigned files_end;          /* program: it shares our descriptors until it takes those below; 0: it has a copy of all */
	struct container *container; /* NULL for a program */
	const struct cgroup *cgroup; /* of a container with limits, or of a service, else NULL */
	int users;                   /* program: the user namespace that it will enter; 0: none */
	struct fault fault;          /* index is set by the steps that have one */
};

/* Notes that step is over, if plan traces. */
void child_time(const struct plan *plan, enum step step);

/* Waits for that word of the launcher's. 0, or -1: the launcher has ended, or will say itself what went wrong. */
int child_await(struct child *child, enum word word);

/* Walks the steps between first and last. 0, or -1 with child->fault. */
int child_walk(struct child *child, enum step first, enum step last);

/* Takes the few that lead into a container that runs. 0, or -1 with child->fault. */
int child_join(struct child *child);

#endif
