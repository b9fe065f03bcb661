/* SPDX-License-Identifier: MIT
 *
 * Which processes belong to a service: by their session, their parents, or the INVOCATION_ID in their environment.
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

/* True if every child of ours is the main or control process of a service, or other: then no service has hidden ones. */
bool members_all_known(pid_t other);

/*
 * Looks at every process once. Counts those of each unit that is unsure, and sends unit->signal to those of them that are in no group
 * which has had it.
 */
void members_scan(void);

/* Sends the signal to main and control of the unit and to their process groups. */
void members_signal(struct unit *unit, int signal, bool groups);

#endif
