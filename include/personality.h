/* SPDX-License-Identifier: MIT
 *
 * As whom we act. Under the name of another init nsinit takes that program's options, variables, messages and
 * exit codes, so that an image or an engine that calls it by name can swap the file.
 */
#ifndef PERSONALITY_H
#define PERSONALITY_H

#include <stdbool.h>

#include "log.h"
#include "option.h"
#include "plan.h"

struct personality {
	const char *name;              /* of the binary: the last part of argv[0], up to a "-", "_" or "." after it */
	const char *alias;             /* another, NULL: none */
	const struct option_set *set;
	const char *usage;             /* the head of --help */
	const char *version;           /* what --version prints */
	int speaks_on;                 /* where --version goes */
	bool helps_on_stderr;          /* and --help */
	struct log_style style;
	const char *exec_failed;       /* before the program's name in that message, NULL: our own words */
	const char *exec_why;          /* between the name and the reason */
	int failed;                    /* exit codes: our own failure, a wrong command line included */
	int not_found, not_executable; /* the program's */
	bool boots;                    /* as PID 1 it is the role boot */
	bool asks;                     /* PID 1 for the machine's end, and runs nothing */
	bool here;                     /* never makes a container */
	void (*defaults)(struct plan *plan);
	char **(*prepare)(struct plan *plan, char **argv); /* where argv comes from, NULL: from our caller */
	int (*run)(char **argv);       /* another program altogether, by its exit status; then the rest does not count */
	void (*warn)(const struct plan *plan); /* of what its users would be warned of */
};

/* By argv[0]. Any other name is nsinit. */
const struct personality *personality_choose(const char *argv0);

#endif
