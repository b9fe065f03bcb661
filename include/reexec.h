/* SPDX-License-Identifier: MIT
 *
 * PID 1 replaces itself: by another nsinit, or by itself, to read its files again. Processes, pipes, sockets and times stay.
 */
#ifndef REEXEC_H
#define REEXEC_H

#include "loop.h"

/*
 * Begins: a path, "" for the file that has taken the place of ours, "-" for ours as it is. NULL, or why not. done() is called when it has
 * failed later; else we are another.
 */
const char *reexec_begin(const struct loop *loop, const char *path, void (*done)(const char *wrong));

/* A child has ended. True if it was ours. */
bool reexec_reaped(pid_t pid, int status);

/* Goes on, if it is time. Comes back only if it does not. Lowers loop->wake_ms if it waits. */
void reexec_settle(struct loop *loop);

#endif
