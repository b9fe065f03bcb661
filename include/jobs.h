/* SPDX-License-Identifier: MIT
 *
 * Jobs: what is wanted of units, and in which order it is done.
 */
#ifndef JOBS_H
#define JOBS_H

#include "units.h"

/* Somebody wants the unit, and what it needs, to run, to stop, or both. */
void jobs_want(struct unit *unit, enum unit_job job);

/* The same for all that stand to it in one of these ways, EDGE() of each. */
void jobs_want_others(struct unit *unit, unsigned kinds, enum unit_job job);

/* From now on nothing starts. */
void jobs_only_stop(void);

/* Takes every job as far as it gets. Returns how many are left. */
unsigned jobs_run(void);

/* Something has happened to the unit: it is looked at before anybody waits again. */
void jobs_touch(struct unit *unit);

/* The units that are to be looked at, by unit->busy. */
struct unit *jobs_first(void);

/* Those with which nothing is to be done until something happens are not looked at any more. */
void jobs_forget_idle(void);

#endif
