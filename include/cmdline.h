/* SPDX-License-Identifier: MIT
 *
 * The command line of the kernel as ours. Documentation/admin-guide/kernel-parameters.rst.
 */
#ifndef CMDLINE_H
#define CMDLINE_H

#include "option.h"
#include "plan.h"

/*
 * Fills plan in from text, which it takes apart: nsinit.OPTION=VALUE, the words by which the kernel itself is told of a root, and
 * behind -- the program. Words that are wrong are said, and then plan->misread is set. Returns a command line of our own
 * that holds what is left: our name, --, the program. It is valid until the next call.
 */
char **cmdline_parse(const struct option_set *set, struct plan *plan, char *text);

/* The same with /proc/cmdline. */
char **cmdline_read(const struct option_set *set, struct plan *plan);

#endif
