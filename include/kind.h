/* SPDX-License-Identifier: MIT
 *
 * The kinds of units: one table. What all kinds share is the life of a service: a socket is one that has no process.
 */
#ifndef KIND_H
#define KIND_H

#include <stdbool.h>
#include <stddef.h>

#include "directive.h"
#include "units.h"

struct kind {
	const char *suffix;    /* of names; NULL: none */
	const char *up;        /* what its state is called while it is up; NULL: as that of a service */
	enum section section;  /* its own; SECTION_UNIT: it has none */
	size_t size;           /* of unit->own */
	const void *own;       /* as which that begins; NULL: as zeroes */
	uint16_t listed;       /* an empty value of one of the first so many rows of TREAT_KEPT takes back all of these */
	const char *(*check)(const struct setting *setting); /* one of TREAT_KEPT. NULL, or what is wrong */
	const char *(*complete)(struct unit *unit);  /* its file has been read. NULL, or why this makes no unit */
	int (*open)(struct unit *unit);              /* it starts. 0, or -1 after a message; NULL: its commands are all that it does */
	void (*close)(struct unit *unit);            /* it is down, whether it was opened or not */
	void (*told)(struct unit *unit, struct unit *other, bool down); /* while it is up, a unit that it triggers begins to start, or is down */
	void (*again)(struct unit *unit);            /* it is from a former life of PID 1, with the descriptors that it had */
	/* Calls visit for each descriptor that it has, or had, and the setting that it is of. */
	void (*each_fd)(struct unit *unit, void (*visit)(const struct setting *setting, int *fd));
	void (*time)(struct unit *unit);             /* it is up, or unit->deadline_ms has come */
};

/* By enum unit_kind. */
extern const struct kind kind_rows[UNIT_KINDS];

/* Of which kind a unit with this name is; UNIT_NAMED: one that does not exist here. */
enum unit_kind kind_of(const char *name);

/* What complete() of units that trigger others ends with. The other is the service of the same name, unless the file names one, or there are many. */
const char *kind_triggers(struct unit *unit, bool many);

/* False after a message: what the unit triggers is not there. */
bool kind_finds_others(const struct unit *unit);

/* Tells those that trigger the unit that it begins to start, or is down. */
void kind_tell(struct unit *unit, bool down);

/* What the unit's state is called. */
const char *kind_state_name(const struct unit *unit);

#endif
