/* SPDX-License-Identifier: MIT
 *
 * User and group ids of a user namespace. user_namespaces(7).
 */
#ifndef IDMAP_H
#define IDMAP_H

#include <stdbool.h>
#include <sys/types.h>

struct child;
struct plan;

/* True if the plan has a user namespace in which only one user and one group exist. */
bool idmap_is_single(const struct plan *plan);

/* True if the maps have to be written from outside. */
bool idmap_is_foreign(const struct plan *plan);

/* Maps one id from inside, after denying setgroups; or waits until idmap_write() has done it, and becomes root of the maps. */
int idmap_apply(struct child *child);

/*
 * Writes the plan's ranges for process pid, from outside: itself as root, else by newuidmap(1) and newgidmap(1),
 * which know /etc/subuid. 0, or -1 with errno.
 */
int idmap_write(const struct plan *plan, pid_t pid);

/* A process that waits in a new user namespace, which has the plan's ranges, until it is released. Its pid, or -1 with errno. */
pid_t idmap_hold(const struct plan *plan);
void idmap_release(pid_t pid);

/*
 * Maps the ids of the binds that ask for it to those of process pid's user namespace, from outside: it takes power over their file
 * systems. Each source is sent to PID 1 over words. 0, or -1 with errno and *index the bind.
 */
int idmap_mounts(const struct plan *plan, pid_t pid, int words, int *index);

/* The next of these, as a detached tree. A descriptor, or -1: the launcher says itself what went wrong. */
int idmap_receive(struct child *child);

#endif
