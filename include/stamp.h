/* SPDX-License-Identifier: MIT
 *
 * A moment as people read it: RFC 3339, in UTC.
 */
#ifndef STAMP_H
#define STAMP_H

#include <time.h>

enum { STAMP_SIZE = sizeof "2026-01-31T23:59:59.999Z" };

/* Writes it to a buffer of STAMP_SIZE bytes. */
void stamp_print(char *at, const struct timespec *moment);

#endif
