/* SPDX-License-Identifier: MIT
 *
 * The roles. What differs between them stands in one table of rows, and in the columns of the signal matrix.
 */
#ifndef ROLE_H
#define ROLE_H

#include <signal.h>
#include <sys/types.h>

#include "plan.h"

struct role {
	const char *name;
	/* Completes the plan. 0, or -1 after a message. */
	int (*complete)(struct plan *plan);
	/* Carries the plan out with the signal mask that we were started with. The exit status. */
	int (*run)(const struct plan *plan, const sigset_t *mask);
	/* Prints what the plan's own print does not know. NULL: nothing. */
	void (*print)(const struct plan *plan);
};

/* Runs the role, and tells those who want to know of start and end. The exit status. */
int role_run(const struct role *role, const struct plan *plan, const sigset_t *mask);

/* Pure: a role follows from our pid and the options alone. */
const struct role *role_choose(pid_t pid, const struct plan *plan);

#endif
