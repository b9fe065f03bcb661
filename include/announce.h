/* SPDX-License-Identifier: MIT
 *
 * What others learn of a start and an end: --pid-file, --ready-fd, --status-fd, --detach.
 */
#ifndef ANNOUNCE_H
#define ANNOUNCE_H

#include <stdbool.h>
#include <sys/types.h>

#include "plan.h"

/*
 * Makes sure that what will be said can be said: descriptors are open, the pid file can be written. With --detach
 * returns in a child that leads a session; the caller's process waits for announce_ready() and ends.
 * 0, or -1 after a message.
 */
int announce_prepare(const struct plan *plan);

/* PID 1, of a container or ourselves, exists as pid: the pid file. */
void announce_made(const struct plan *plan, pid_t pid);

/* It has the namespaces that it will have: "started". */
void announce_started(const struct plan *plan, pid_t pid);

/* The program runs: a newline on --ready-fd, "ready", and the caller of --detach goes on. */
void announce_ready(const struct plan *plan);

/* The end, with our exit status: "stopped", no pid file any more. */
void announce_stopped(const struct plan *plan, int status);

#endif
