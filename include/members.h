/* SPDX-License-Identifier: MIT
 *
 * Which processes belong to a service: by its cgroup, or else by their session, their parents, or the INVOCATION_ID in their environment.
 */
#ifndef MEMBERS_H
#define MEMBERS_H

#include <stdbool.h>
#include <sys/resource.h>

#include "units.h"

/* A process of the unit, which leads a session, was started. */
void members_add(struct unit *unit, pid_t leader);

/* The sessions of the unit were put in by somebody else. */
void members_resume(const struct unit *unit);

/* A process of the unit was found: all in its session belong to it, unless that is somebody else's. */
void members_adopt(struct unit *unit, pid_t pid);

/* The leader of a session has ended. */
void members_forget(struct unit *unit, pid_t leader);

/*
 * What RLIMIT_LOCKS is for processes of the unit. The kernel does nothing with that limit but hand it down, also where a program has
 * cleared its environment, or has another user whose environment we may not read.
 */
rlim_t members_mark(const struct unit *unit);

/* The unit that the process belongs to; NULL. Who only bears its mark does not: anybody may take a lower one. */
struct unit *members_owner(pid_t pid);

/*
 * Finds out whether units that are unsure have processes left, unit->members, and sends unit->signal to those that have not had it. other
 * is a child of ours that belongs to no unit.
 */
void members_look(pid_t other);

/* The one process of the unit whose parent we are, main and control apart; 0: there is none, -1: there are several. */
pid_t members_candidate(struct unit *unit);

/* Sends the signal to main and control of the unit, or to all of its processes; as far as those are to be found, they get it at the next look. */
void members_signal(struct unit *unit, int signal, bool all);

#endif
