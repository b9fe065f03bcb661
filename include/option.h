/* SPDX-License-Identifier: MIT
 *
 * The options: one table, from which come the parser, --help, the manual's list, the completions of three
 * shells (doc/generate.c) and the environment form NSINIT_NAME.
 */
#ifndef OPTION_H
#define OPTION_H

#include <stddef.h>
#include <stdint.h>

#include "out.h"
#include "plan.h"

enum option_group {
	OPTIONS_PID1,
	OPTIONS_ROOT,
	OPTIONS_NAMESPACES,
	OPTIONS_IDENTITY,
	OPTIONS_LOOKING,
	OPTIONS_GROUPS,
};

struct option {
	const char *name;     /* long form, without dashes */
	char letter;          /* short form, 0: none */
	const char *argument; /* what it takes, NULL: nothing */
	enum option_group group;
	/* Sets the plan's field from value. NULL, or what is wrong with the value and what would be right. */
	const char *(*parse)(struct plan *plan, const struct option *option, const char *value);
	uint16_t field; /* offset in struct plan */
	const char *help;
};

extern const struct option options[];
extern const size_t option_count;
extern const char *const option_group_names[OPTIONS_GROUPS];

/*
 * Fills plan in from NSINIT_* variables, then from the command line, whose first word is the program's name.
 * Returns the index in argv at which the program stands, or -1 after a message.
 */
int option_parse(struct plan *plan, char **argv, char **environment);

/* --help */
void option_help(struct out *out);

#endif
