/* SPDX-License-Identifier: MIT
 *
 * The same for files of logs and for people who ask.
 */
#include "stamp.h"

static char *digits(char *at, int number, int count)
{
	for (int i = count - 1; i >= 0; i--, number /= 10)
		at[i] = (char)('0' + number % 10);
	return at + count;
}

void stamp_print(char *at, const struct timespec *moment)
{
	static const char after[] = "--T::.Z";
	struct tm tm;

	gmtime_r(&moment->tv_sec, &tm);
	const int parts[] = {tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(moment->tv_nsec / 1000000)};

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		at = digits(at, parts[i], i == 0 ? 4 : i == 6 ? 3 : 2);
		*at++ = after[i];
	}
	*at = '\0';
}
