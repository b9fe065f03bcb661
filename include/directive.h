/* SPDX-License-Identifier: MIT
 *
 * The directives of unit files: one table, from which come their reading, --list-directives and the manual.
 */
#ifndef DIRECTIVE_H
#define DIRECTIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "out.h"
#include "units.h"

enum section { SECTION_UNIT, SECTION_SERVICE, SECTION_SOCKET, SECTION_TIMER, SECTION_INSTALL, SECTIONS };

/* What becomes of a directive. */
enum treatment {
	TREAT_UNIT,      /* honoured: read into the struct unit */
	TREAT_OWN,       /* honoured: read into what units of the kind have, unit->own */
	TREAT_EDGE,      /* honoured: names of units; field is an enum edge_kind */
	TREAT_CONDITION, /* honoured: looked at when the unit starts; field is an enum condition_kind */
	TREAT_KEPT,      /* honoured: looked at while the unit is up, kind.h; field is an enum port_row or timer_row */
	TREAT_COMMAND,   /* honoured: command lines; field is an enum command_kind */
	TREAT_LAUNCH,    /* honoured: read into a struct launch at each start */
	TREAT_CGROUP,    /* the same, where there can be such a cgroup; field is an enum control, CONTROLS: any cgroup */
	/* accepted: */
	TREAT_FOR_PEOPLE,  /* it is for who reads the file */
	TREAT_FOR_INSTALL, /* a service is enabled by --services */
	TREAT_FOR_MANAGER, /* it is about what only systemd has: jobs with names, slices, isolation of targets */
	TREAT_AS_IT_IS,    /* what it asks for is so for every service */
	TREAT_COUNTED,     /* the same, for every one that has a cgroup of v2 */
	TREAT_HOLDS,       /* a condition that is not looked at */
	TREAT_MOUNTED,     /* it names mounts to wait for */
	TREAT_ENVIRONMENT, /* it passes variables on */
	TREAT_BUS, TREAT_JOURNAL, TREAT_SESSION, TREAT_UTMP, TREAT_SCREEN, /* it is about these */
	TREAT_LOCKS,       /* it limits what the kernel does not */
	TREAT_DIRECT,      /* it says how a service starts again */
	TREAT_WRITTEN,     /* it takes dependencies back that nobody has */
	/* accepted, and said: */
	TREAT_PACKETS,     /* it filters them */
	TREAT_NOT_YET,
};

/* What becomes of a directive of this treatment, in words. */
const char *directive_meaning(enum treatment treatment);

/* How a value is made ready. */
enum form {
	FORM_TEXT,
	FORM_WORDS,
	FORM_WORDS_OR_NONE, /* an empty value is one, and does not only take back what was said before */
};

struct directive {
	const char *name;
	uint16_t field;
	uint8_t section, treatment, form;
	uint8_t reader; /* of reader.h */
};

/* The rows, by section and name. */
extern const struct directive directives[];
extern const size_t directive_count;
extern const char *const directive_sections[SECTIONS];

/*
 * The row of that name; NULL if there is none. Assert... is the row of Condition...; units with commands of their own take the rows of
 * [Service] that are about processes.
 */
const struct directive *directive_find(enum section section, const char *name, bool *is_assert);

/* Reads the setting into whatever its row is for: struct unit or struct launch. NULL, or what is wrong. */
const char *directive_read(void *target, const struct setting *setting);

/* Prints every directive with what becomes of it. */
void directive_list(struct out *out);

#endif
