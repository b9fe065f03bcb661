/* SPDX-License-Identifier: MIT
 *
 * Conditions and asserts of units.
 */
#ifndef CONDITION_H
#define CONDITION_H

#include "units.h"

enum condition_kind {
	CONDITION_PATH_EXISTS, CONDITION_PATH_EXISTS_GLOB, CONDITION_PATH_IS_DIRECTORY, CONDITION_PATH_IS_SYMBOLIC_LINK,
	CONDITION_PATH_IS_MOUNT_POINT, CONDITION_PATH_IS_READ_WRITE, CONDITION_DIRECTORY_NOT_EMPTY, CONDITION_FILE_NOT_EMPTY,
	CONDITION_FILE_IS_EXECUTABLE, CONDITION_VIRTUALIZATION, CONDITION_KERNEL_COMMAND_LINE, CONDITION_AC_POWER, CONDITION_CAPABILITY,
	CONDITION_CPUS, CONDITION_KINDS,
};

/*
 * Looks at the conditions of the unit, or at its asserts. NULL if they hold, else the one that does not; of those that begin
 * with | one that holds is enough.
 */
const struct setting *condition_failed(const struct unit *unit, bool asserts);

/* True if the name is like the pattern: *, ? and plain characters; a leading dot is matched by a dot alone. */
bool condition_matches(const char *pattern, const char *name);

#endif
