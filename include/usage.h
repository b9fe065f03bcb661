/* SPDX-License-Identifier: MIT
 *
 * What a container with limits used of them.
 */
#ifndef USAGE_H
#define USAGE_H

#include "cgroup.h"
#include "plan.h"

/* After the end: one line if the memory limit ended a process, and one with the numbers for -v. */
void usage_report(const struct plan *plan, const struct cgroup *cgroup);

#endif
