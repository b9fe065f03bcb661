/* SPDX-License-Identifier: MIT
 *
 * One command line of a service.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include "units.h"

struct command {
	bool may_fail;   /* - */
	bool no_expand;  /* : */
	bool privileged; /* + ! !!: with root's identity */
	const char *program, *words; /* the words of argv, program's own name first */
	unsigned count;
};

/* Takes the prefixes of the first word apart. NULL, or what is wrong. */
const char *command_parse(const struct setting *setting, struct command *command);

/* The first command of this kind that follows, or the first of all if after is NULL; NULL at the end. */
const struct setting *command_next(const struct unit *unit, enum command_kind kind, const struct setting *after);

/*
 * Fills argv, which has a spare place before it, with the command's words, their variables replaced from envp. Text
 * that is made goes to text. 0, or -1: it does not fit.
 */
int command_expand(const struct command *command, char **envp, char **argv, size_t places, char *text, size_t size);

#endif
