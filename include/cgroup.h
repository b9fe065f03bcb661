/* SPDX-License-Identifier: MIT
 *
 * The cgroup of a container: made, filled with limits, entered, counted and removed, in every hierarchy it needs.
 */
#ifndef CGROUP_H
#define CGROUP_H

#include <stdbool.h>
#include <sys/types.h>

#include "place.h"
#include "plan.h"

struct child;
struct fault;

enum cgroup_limits {
	CGROUP_NAME_SIZE = 48,
};

struct cgroup {
	char name[CGROUP_NAME_SIZE]; /* the same in all */
	int count;
	struct place places[HIERARCHIES_MAX];
	pid_t monitor; /* removes the cgroup when launcher and PID 1 are gone */
	int alive;     /* the end of the monitor's pipe that these two hold */
};

/* What a container used; -1: not known. */
struct cgroup_usage {
	long peak_kib, user_ms, system_ms;
	long oom_kills;     /* processes killed because the memory limit was reached */
	long refused_forks; /* by the limit of processes */
};

/* True if plan has limits that need a cgroup. */
bool cgroup_wanted(const struct plan *plan);

/* Chooses a name that no other cgroup of an nsinit has. */
void cgroup_choose_name(char *name);

/* Makes plan's cgroup, with its limits and its monitor. 0, or -1 with *fault and nothing left. */
int cgroup_make(const struct plan *plan, struct cgroup *cgroup, struct fault *fault);

/*
 * As sys_fork(), into the cgroup where clone3(2) can, CLONE_INTO_CGROUP, Linux 5.7. The cgroup namespace is left to
 * cgroup_enter().
 */
pid_t cgroup_fork(struct cgroup *cgroup, unsigned long namespaces);

/*
 * As clone(2) with CLONE_VM | CLONE_VFORK among the flags, into the cgroup where clone3(2) can: run(argument) is what the child does, on that stack. The
 * rest is left to cgroup_enter().
 */
pid_t cgroup_vfork(struct cgroup *cgroup, unsigned long flags, int (*run)(void *), char *stack, void *argument);

/* The first step inside: enters what it was not cloned into, and then makes its cgroup namespace. Or enters that of plan->join. */
int cgroup_enter(struct child *child);

void cgroup_read_usage(const struct cgroup *cgroup, struct cgroup_usage *usage);

/* Kills what is left in the cgroup and removes it. 0, or -1: somebody is still in there; the monitor stays and waits. */
int cgroup_remove(struct cgroup *cgroup);

#endif
