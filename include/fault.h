/* SPDX-License-Identifier: MIT
 *
 * The words for a start that failed: step, object, reason, remedy, in one line.
 */
#ifndef FAULT_H
#define FAULT_H

#include "plan.h"
#include "spawn.h"

/* What the step is about, in words. */
const char *fault_step_name(enum step step);

/* True if fault can have come from carrying plan out. */
bool fault_is_valid(const struct plan *plan, const struct fault *fault);

/* Logs the fault. Returns the exit status for it: 127 or 126 if it is the program's, as a shell's, else 125. */
int fault_report(const struct plan *plan, const struct fault *fault);

#endif
