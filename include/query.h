/* SPDX-License-Identifier: MIT
 *
 * What nsctl asks PID 1, control.h.
 */
#ifndef QUERY_H
#define QUERY_H

#include <stdbool.h>

#include "control.h"

struct query {
	const char *verb, *name, *argument;      /* name and argument may be NULL */
	bool wait;                               /* for the answer */
	void (*unit)(char *const *fields);       /* an ANSWER_UNIT, split; NULL: nobody is interested */
	void (*edge)(char *const *fields);       /* an ANSWER_EDGE */
};

/* Asks, and passes the answers on. The status that PID 1 gives, or 1 after a message. */
int query_run(const struct query *query);

#endif
