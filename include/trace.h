/* SPDX-License-Identifier: MIT
 *
 * --trace: how long each step of a start took, as text or, to a file that ends in .svg, as a picture.
 */
#ifndef TRACE_H
#define TRACE_H

#include "plan.h"
#include "spawn.h"

/* Opens what plan->trace names and notes the time. 0, or -1 after a message. Nothing without --trace. */
int trace_prepare(const struct plan *plan);

/* Takes over the times that another process of ours measured. */
void trace_merge(const int64_t times[STEP_COUNT]);

/* Writes the timeline, once. */
void trace_write(const struct plan *plan);

#endif
