/* SPDX-License-Identifier: MIT
 *
 * System calls by name, and the groups in which SystemCallFilter= has them. systemd.exec(5)
 */
#ifndef CALLS_H
#define CALLS_H

#include <stdbool.h>
#include <stddef.h>

/* A walk through the calls that a name, or a group with its @, stands for. */
struct calls_walk {
	size_t row;
	const char *text;
	bool known; /* the name is one, on whatever machine */
};

/* The number of the next one that this machine has, -1: there are no more. */
int calls_next(struct calls_walk *walk, const char *name);

#endif
