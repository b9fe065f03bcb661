/* SPDX-License-Identifier: MIT
 *
 * Calendar events, systemd.time(7): Mon..Fri *-*-* 9..17:00/30, daily, *-*~1 00:00:00 UTC.
 */
#ifndef CALENDAR_H
#define CALENDAR_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum { CALENDAR_YEARS = 4 };

/* Which values match, a bit each. */
struct calendar {
	uint64_t seconds, minutes, hours, days, months;
	uint8_t weekdays;  /* Sunday is bit 0 */
	bool from_end;     /* day 1 is the last of the month */
	bool utc;          /* else the zone is that of the machine, or of TZ */
	unsigned year_count; /* of years; 0: all */
	struct years {
		unsigned first, last, step;
	} years[CALENDAR_YEARS];
};

/* NULL, or what is wrong and what would be right. */
const char *calendar_parse(const char *text, struct calendar *calendar);

/* The first moment after that one; -1: there is none. */
time_t calendar_next(const struct calendar *calendar, time_t after);

#endif
