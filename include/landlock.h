/* SPDX-License-Identifier: MIT
 *
 * --landlock: the files, ports and neighbours that the program may still reach. landlock(7).
 */
#ifndef LANDLOCK_H
#define LANDLOCK_H

#include "plan.h"

struct child;

enum { LANDLOCK_VERSION_PORTS = 4 /* the first that knows ports, Linux 6.7 */ };

/* What a right is about, in the order of the kernel's struct landlock_ruleset_attr. */
enum landlock_class { LANDLOCK_FILES, LANDLOCK_PORTS, LANDLOCK_SCOPES, LANDLOCK_CLASSES };

struct landlock_row {
	const char *name;
	enum landlock_class class;
	unsigned rights; /* LANDLOCK_ACCESS_*, LANDLOCK_SCOPE_* */
};

extern const struct landlock_row landlock_rows[LANDLOCK_KINDS];

/* Denies for ever what the plan's rules do not allow. fault.index is the rule, -1: none of them. */
int landlock_apply(struct child *child);

#endif
