/* SPDX-License-Identifier: MIT
 *
 * From the text of unit files to a struct unit.
 */
#ifndef UNITFILE_H
#define UNITFILE_H

#include "units.h"

/* Begins a unit anew. */
void unitfile_begin(struct unit *unit);

/* Adds what the open file says. Problems are said with its path and the line. 0, or -1 after a message: it cannot be read. */
int unitfile_add(struct unit *unit, int fd, const char *path);

/* The unit is complete: its fields, edges and settings are set, its kind is that of its name or UNIT_BROKEN. */
void unitfile_end(struct unit *unit);

/* The files of the unit that was read last, the first is its own; NULL: it has no more. */
const char *unitfile_read(size_t number);

/* What the file of a service does not say. NULL, or why it makes none. For struct kind. */
const char *unitfile_service(struct unit *unit);

/* How many problems have been said since the program started. */
unsigned unitfile_problems(void);

#endif
