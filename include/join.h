/* SPDX-License-Identifier: MIT
 *
 * Entering the namespaces of a running container. setns(2), pidfd_open(2).
 */
#ifndef JOIN_H
#define JOIN_H

#include <sys/types.h>

struct child;

/* The namespaces, CLONE_NEW*, in which pid is and we are not. 0 if there are none, or pid cannot be looked at (errno). */
unsigned long join_differing(pid_t pid);

/*
 * Moves us into plan->namespaces of process plan->join, all at once (Linux 5.8), where nothing inside can trace us;
 * children are then in its PID namespace. Without plan->join nothing is done.
 */
int join_enter(struct child *child);

#endif
