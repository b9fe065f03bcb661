/* SPDX-License-Identifier: MIT
 *
 * nsctl, and systemctl as far as scripts use it: looks at services and touches them.
 */
#ifndef NSCTL_H
#define NSCTL_H

#include <stdbool.h>

#include "out.h"

enum nsctl_status { NSCTL_NOT_RUNNING = 3, NSCTL_NO_SUCH = 4 }; /* systemctl(1), exit status */

struct nsctl_options {
	bool quiet, json, follow, value, no_block, processes, reverse, user;
	const char *properties, *signal, *root;
	const char *passed_over;
	unsigned long lines; /* of a log */
};

struct nsctl_option {
	const char *name, *letter; /* letter: NULL: none */
	const char *argument;      /* NULL: none */
	const char *help;          /* NULL: one of systemctl's */
	int kind;                  /* of field */
	void *field;
};

/* Rows up to one without a name. */
extern const struct nsctl_option nsctl_option_table[];

extern struct nsctl_options nsctl_options;

/* Standard output, for verbs that print as answers come. */
extern struct out nsctl_out;

struct nsctl_verb {
	const char *name;
	const char *argument; /* NULL: none; in brackets if it may be left out */
	const char *help;     /* NULL: one of systemctl's, which only that name's readers know */
	/* The exit status. name: a unit's, or the word as it is; NULL: none was given */
	int (*run)(const struct nsctl_verb *verb, const char *name);
	bool word; /* the argument is no unit */
};

/* Rows up to one without a name. */
extern const struct nsctl_verb nsctl_verbs[];

/* Runs as nsctl with these words. The exit status. */
int nsctl_run(char **argv);

#endif
