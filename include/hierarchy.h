/* SPDX-License-Identifier: MIT
 *
 * Which cgroup hierarchies there are and where in them we may make cgroups. cgroups(7).
 */
#ifndef HIERARCHY_H
#define HIERARCHY_H

#include <sys/types.h>

#include <stddef.h>

/* What can be limited. */
enum cgroup_kind { CGROUP_MEMORY, CGROUP_CPU, CGROUP_PIDS, CGROUP_IO, CGROUP_DEVICES, CGROUP_KINDS };

enum hierarchy_limits {
	HIERARCHIES_MAX = CGROUP_KINDS + 1, /* v1 may have one for each kind, and v2 one beside them */
};

struct hierarchy {
	int version;    /* 1 or 2 */
	unsigned kinds; /* a bit for each enum cgroup_kind that is limited here; v2 may have none, and only counts and kills */
	int parent;     /* the directory, O_PATH, in which a cgroup for these kinds can be made */
};

/*
 * Fills in the hierarchies that limit the wanted kinds, and the v2 one if it is there at all. In v1 the parent is our
 * own cgroup; in v2, where a cgroup with processes cannot hand controllers down, the nearest one at or above ours
 * that can, in which the controllers are then enabled. Returns how many there are, or -1 with errno, *missing the
 * kind there is no place for, and nothing open. ENODEV: no hierarchy has it; ENOENT: no /proc.
 */
int hierarchy_find(unsigned wanted, struct hierarchy *found, enum cgroup_kind *missing);

/*
 * The same for whoever takes what there is: our own cgroup in each hierarchy, with the kinds that it could limit. In v2 they are not enabled
 * yet. Returns how many there are, 0 as well if there is no /proc.
 */
int hierarchy_here(struct hierarchy *found);

/* Hands the v2 controllers of kinds down from the cgroup to those made in it. 0, or -1 with errno; EBUSY: it holds processes. */
int hierarchy_enable(int directory, unsigned kinds);

/* Hands none down any more. */
void hierarchy_disable(int directory);

/*
 * Enters the cgroups of process pid that are not ours, in every hierarchy that is mounted and lets us. 0, or -1 with errno if one refuses
 * for another reason than a lack of rights, such as its limit of processes.
 */
int hierarchy_join(pid_t pid);

#endif
