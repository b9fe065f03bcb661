/* SPDX-License-Identifier: MIT
 *
 * Text that somebody else has chosen: a service, a file, the name of a process.
 */
#ifndef FOREIGN_H
#define FOREIGN_H

#include "out.h"

/* As a string of JSON, in quotes. A byte that is not UTF-8 becomes U+FFFD. RFC 8259 */
void foreign_json(struct out *out, const char *text);

/* The same as a member of an object, behind another one. */
void foreign_json_field(struct out *out, const char *key, const char *text);

/* Up to length bytes of it without what speaks to terminals; a NUL within is a blank. */
void foreign_plain(struct out *out, const char *text, size_t length);

#endif
