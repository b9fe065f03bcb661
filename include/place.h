/* SPDX-License-Identifier: MIT
 *
 * A cgroup in one hierarchy, of either version: made, filled, read, emptied, removed.
 */
#ifndef PLACE_H
#define PLACE_H

#include <stdbool.h>
#include <sys/types.h>

#include "hierarchy.h"
#include "plan.h"

struct place {
	struct hierarchy in;
	int directory; /* the cgroup, O_PATH; -1: not made yet */
	int procs;     /* its cgroup.procs, opened with our rights; -1: not yet */
	bool entered;  /* the process was cloned into it */
};

/* Opens the cgroup of that name in place->in.parent. 0, or -1 with errno. */
int place_open(struct place *place, const char *name);

/* The same for one that is not there yet: EEXIST. */
int place_make(struct place *place, const char *name);

void place_close(struct place *place);

/* Writes what is set into the files of this hierarchy, all that take it. 0, or -1 with the first errno, *kind is what that was about. */
int place_fill(const struct controls *controls, const struct place *place, enum cgroup_kind *kind);

/* The kinds that what is set takes. */
unsigned place_kinds(unsigned set);

/* True if a cgroup whose sibling is open at directory can have that control. */
bool place_takes(const struct hierarchy *hierarchy, int directory, enum control control);

/* The number that stands in a file of the cgroup, behind "KEY " at the start of a line unless key is NULL. -1: there is none. */
long place_counter(int directory, const char *file, const char *key);

/* Calls visit for every process in the cgroup at directory, and in those below it. */
void place_processes(int directory, void (*visit)(pid_t pid, void *argument), void *argument);

/* True if there is none. */
bool place_is_empty(int directory);

/* Sends KILL to all of them, and lets none escape by forking. */
void place_kill(int directory);

/* Removes the cgroup of that name, and those in it. 0, also if there is none, or -1 with errno. EBUSY: somebody is in there. */
int place_remove(int parent, const char *name);

#endif
