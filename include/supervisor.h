/* SPDX-License-Identifier: MIT
 *
 * The supervisor: which service starts and stops when. It lives in the loop of PID 1.
 */
#ifndef SUPERVISOR_H
#define SUPERVISOR_H

#include "loop.h"
#include "units.h"

/* Loads what --services names, and what that pulls in. 0, or -1 after a message. */
int supervisor_load(const struct plan *plan);

/* From now on the loop serves the services. */
void supervisor_attach(struct loop *loop);

/* Runs a loop until every service has been started, or has failed. 0, or -1: a signal came that is the end. */
int supervisor_start(struct loop *loop);

/* Stops every service, the last first. A signal that is the end makes it hurry. */
void supervisor_stop(struct loop *loop);

/* The program beside the services; 0: none. */
pid_t supervisor_program(void);

/* Everything ends. */
void supervisor_end(void);

/* The unit is down. */
void supervisor_ended(struct unit *unit);

#endif
