/* SPDX-License-Identifier: MIT
 *
 * What the protections of a service mean for its plan.
 */
#ifndef PROTECT_H
#define PROTECT_H

#include "launch.h"

/* Completes the sandbox of the unit's plan; what only it uses is made. 0, or -1 after a message. */
int protect_plan(struct launch *launch, const struct unit *unit);

#endif
