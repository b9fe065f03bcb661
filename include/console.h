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
struct job console_container_job(int console);

/*
 * Stops our process group as signal has stopped our job. Returns true when we were continued, false at once if nobody
 * could do that.
 */
bool console_stop(int signal);

#endif
