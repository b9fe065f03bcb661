/* SPDX-License-Identifier: MIT
 *
 * --wait and --drain: what is left when the program has ended may end too, instead of being killed with us.
 */
#ifndef DRAIN_H
#define DRAIN_H

#include "loop.h"

/* Returns when nobody is left, or at a TERM for us: one of before, for the program, counts as well. */
void drain_wait(struct loop *loop);

/* TERM to every process that is left; returns the moment none is; KILL to the rest at the plan's time, or at a TERM for us. */
void drain_run(struct loop *loop);

#endif
