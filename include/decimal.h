/* SPDX-License-Identifier: MIT
 *
 * Numbers as text, for the kernel.
 */
#ifndef DECIMAL_H
#define DECIMAL_H

/* Writes value in decimal at end, without a terminating NUL. Returns the new end. */
char *decimal(char *end, unsigned long value);

#endif
