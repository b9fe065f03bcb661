/* SPDX-License-Identifier: MIT
 *
 * Descriptors of units that the loop waits for: one epoll(7) for all of them, in one watch.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdbool.h>

#include "loop.h"
#include "units.h"

struct source {
	struct unit *unit;
	int fd; /* -1: none */
	bool watched;
	void (*ready)(struct source *source); /* there is something to read; it is told again until there is nothing, or it is watched no more */
};

/* The watch is theirs, from the first one on that is watched. */
void source_open(struct watch *watch);
void source_close(void);

/* Waits for it, or does not any more. 0, or -1 with errno. */
int source_watch(struct source *source, bool on);

#endif
