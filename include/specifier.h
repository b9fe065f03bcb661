/* SPDX-License-Identifier: MIT
 *
 * Specifiers, systemd.unit(5): %i, %n, %t and the others.
 */
#ifndef SPECIFIER_H
#define SPECIFIER_H

struct unit;

/* text with its specifiers replaced; text itself if it has none, else memory of the arena. NULL when that is full. */
const char *specifier_expand(const struct unit *unit, const char *text);

/* The same for count words, each with a NUL behind it. */
const char *specifier_expand_words(const struct unit *unit, const char *words, unsigned count);

#endif
