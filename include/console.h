/* SPDX-License-Identifier: MIT
 *
 * Our controlling terminal, and who holds its foreground. tcsetpgrp(3), credentials(7).
 */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <stdbool.h>
#include <sys/types.h>

#include "plan.h"
#include "spawn.h"

/* Opens the controlling terminal, close-on-exec. -1 if there is none. */
int console_open(void);

/* True if our process group is the terminal's foreground group. Every signal must be blocked. */
bool console_held(int console);

/* Makes group the foreground group. */
void console_give(int console, pid_t group);

/* Makes our own group the foreground group. */
void console_take(int console);

/* How PID 1's program is to be started. Gives up a session's terminal if the program is to have it. */
struct job console_program_job(const struct plan *plan, int console);

/* How PID 1 of a container is to be started. */
struct job console_container_job(const struct plan *plan, int console);

/* True if standard input or output is a terminal that is ours alone: we are in its foreground, and it is not shared. */
bool console_is_ours(void);

/* True if others of our group may use the terminal as well: we are in a pipeline, or in the background of a script. */
bool console_is_shared(void);

/* True if our process group was made outside of our PID namespace, as that of unshare(1): it has no number here. */
bool console_led_outside(void);

/* Which of 0 to 2 a new terminal of the program's replaces, a bit each: those that are terminals, or all if none is. */
unsigned console_replaced(void);

/* Opens /dev/null as those of 0 to 2 that are closed, before anything else gets their numbers. */
void console_fill(void);

/*
 * Stops our process group as signal has stopped our job. Returns true when we were continued, false at once if nobody
 * could do that.
 */
bool console_stop(int signal);

#endif
