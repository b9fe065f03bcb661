/* SPDX-License-Identifier: MIT
 *
 * Memory for what is read before the loop runs. Nothing is ever given back.
 */
#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>

/* Zeroed memory for any object. NULL when there is no more. */
void *arena_take(size_t size);

/* A copy of length bytes of text, or room for them if text is NULL, and a NUL behind them, anywhere. NULL when there is no more. */
char *arena_text(const char *text, size_t length);

/* How much has been taken. */
size_t arena_used(void);

#endif
