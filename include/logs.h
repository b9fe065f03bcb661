/* SPDX-License-Identifier: MIT
 *
 * What services print: a pipe for each of them, which we read, and one place that takes all their lines.
 */
#ifndef LOGS_H
#define LOGS_H

#include "loop.h"
#include "units.h"

enum { LOGS_WATCHES = 3 };

/* From now on lines go to our own standard output, or to files by way of a logger. Its watches are the LOGS_WATCHES that begin at watches. */
void logs_open(struct watch *watches, bool to_files);

/* The logger, 0: there is none. */
pid_t logs_logger(void);

/* A child has ended. True if it was the logger; then there is another. */
bool logs_reaped(pid_t pid);

/* A new descriptor for the unit to print to, or -1: there is none to be had, and what it prints should go where ours goes. */
int logs_pipe(struct unit *unit);

/* True if a line will be taken. */
bool logs_has_room(void);

/* Takes a line, under the name of a service. */
void logs_line(const char *name, const char *line);

/* What waits for room. Its length. */
size_t logs_held(const char **from);

/* It waits again, in another life of PID 1. */
void logs_hold(const char *from, size_t length);

/* Writes what is left. Waits for a place that is full, but not for long. */
void logs_close(void);

#endif
