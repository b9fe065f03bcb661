/* SPDX-License-Identifier: MIT
 *
 * Options: tables of rows, and a parser. From the table come the parser, --help, the manual's list, the completions of three
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
	OPTIONS_LIMITS,
	OPTIONS_LIFETIME,
	OPTIONS_BOOT,
	OPTIONS_LOOKING,
	OPTIONS_GROUPS,
};

struct option {
	const char *name;     /* long form, without dashes; NULL: none */
	char letter;          /* short form, 0: none */
	uint8_t group;        /* enum option_group */
	uint16_t field;       /* offset in struct plan */
	const char *argument; /* what it takes, NULL: nothing */
	/* Sets the plan's field from value. NULL, or what is wrong with the value and what would be right. */
	const char *(*parse)(struct plan *plan, const struct option *option, const char *value);
	const char *help;
};

struct option_set {
	const struct option *options;
	size_t count;
	const char *prefix;              /* each option is a variable too, with this before its name; NULL: not */
	const struct option *variables;  /* variables with names of their own */
	size_t variable_count;
};

/* nsinit's own, in options.c. */
extern const struct option_set option_nsinit;
extern const char *const option_group_names[OPTIONS_GROUPS];

/*
 * Fills plan in from the set's variables, then from the command line, whose first word is the program's name.
 * Returns the index in argv at which the program stands, or -1 after a message.
 */
int option_parse(const struct option_set *set, struct plan *plan, char **argv, char **environment);

/* Mentions the variables that made option_parse() set plan->unknown. */
void option_unknown(const struct option_set *set, char **environment);

/*
 * Fills plan in from a word of the kernel's command line, NAME or NAME=VALUE; value is what a bare NAME stands for, NULL: yes for
 * an option that takes none. 0, or -1 after a message.
 */
int option_word(const struct option_set *set, struct plan *plan, const char *word, const char *value);

/* The list of options that --help prints, by groups. */
void option_help(const struct option_set *set, struct out *out);

/* Readers of values that other sets share, for struct option.parse. The value of a repeatable flag is empty. */
const char *option_set_flag(struct plan *plan, const struct option *option, const char *value);
const char *option_set_signal(struct plan *plan, const struct option *option, const char *value);
const char *option_set_remap(struct plan *plan, const struct option *option, const char *value);
const char *option_set_rewrite(struct plan *plan, const struct option *option, const char *value);
const char *option_set_verbose(struct plan *plan, const struct option *option, const char *value);

#define OPTION_FIELD(name) offsetof(struct plan, name)

#endif
