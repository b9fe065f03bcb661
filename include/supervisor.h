/* SPDX-License-Identifier: MIT
 *
 * The supervisor: which service starts and stops when. It lives in the loop of PID 1.
 */
#ifndef SUPERVISOR_H
#define SUPERVISOR_H

#include "loop.h"
#include "units.h"

/* Loads what the list names, as --services has it, and plan's --essential, with what they pull in. 1, 0: there is none, or -1 after a message. */
int supervisor_load(const struct plan *plan, const char *services);

/* The same after an exec: they are what state.h says. Ends us if that is all that somebody wanted to know. */
void supervisor_resume(const struct plan *plan, const char *services);

/* True while everything starts, or stops. */
bool supervisor_moves(void);

/* From now on the loop serves the services. The watches of the first one stay beside those of the supervisor. */
void supervisor_attach(struct loop *loop);

/* Runs a loop until every service has been started, or has failed. 0, or -1: a signal came that is the end. */
int supervisor_start(struct loop *loop);

/* Stops every service, the last first. A signal that is the end makes it hurry. */
void supervisor_stop(struct loop *loop);

/* The loop that it is attached to. */
struct loop *supervisor_loop(void);

/* The program beside the services; 0: none. */
pid_t supervisor_program(void);

/* When it was attached for the first time, CLOCK_MONOTONIC. */
int64_t supervisor_origin(void);

/* When the machine was started; a container is one that starts with us. */
int64_t supervisor_boot(void);

/* Everything ends, and the machine, if it is one, so. */
void supervisor_end(enum plan_end end);

/* True if a service has ended that had to end everything. */
bool supervisor_is_over(void);

/* The unit is down. */
void supervisor_ended(struct unit *unit);

#endif
