/* SPDX-License-Identifier: MIT
 *
 * Numbers as text, for the kernel.
 */
#include "decimal.h"

#include <stddef.h>

char *decimal(char *end, unsigned long value)
{
	char digits[20]; /* 2^64 has 20 */
	size_t n = 0;

	do
		digits[n++] = (char)('0' + value % 10);
	while ((value /= 10) != 0);
	while (n > 0)
		*end++ = digits[--n];
	return end;
}
