/* SPDX-License-Identifier: MIT
 *
 * How long a service waits before it is started again.
 */
#ifndef BACKOFF_H
#define BACKOFF_H

#include "units.h"

/* The pause before the nth restart in a row, from 0 on, in ms: from first to last in so many steps, each the same factor longer. */
int64_t backoff_pause(int64_t first, int64_t last, unsigned long steps, unsigned n);

/* The pause before the next one of the unit, which is counted. */
int64_t backoff_delay(struct unit *unit);

#endif
