/* SPDX-License-Identifier: MIT
 *
 * Calendar events: what is one, and when it happens next. Local time is that of central Europe, by rule.
 */
#include <stdio.h>
#include <stdlib.h>

#include "calendar.h"
#include "unit.h"

/* "2026-03-29 01:59:59" in UTC. */
static time_t moment_of(const char *text)
{
	struct tm tm = {0};

	assert_int_equal(sscanf(text, "%d-%d-%d %d:%d:%d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec), 6);
	tm.tm_year -= 1900;
	tm.tm_mon--;
	return timegm(&tm);
}

static const char *text_of(time_t moment)
{
	static char text[64];
	struct tm tm;

	gmtime_r(&moment, &tm);
	strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm);
	return moment < 0 ? "never" : text;
}

static void test_next(void **state)
{
	static const struct {
		const char *event, *after, *next;
	} rows[] = {
		{"minutely UTC", "2026-11-28 12:00:00", "2026-11-28 12:01:00"}, {"minutely UTC", "2026-11-28 12:00:59", "2026-11-28 12:01:00"},
		{"hourly UTC", "2026-11-28 12:00:00", "2026-11-28 13:00:00"}, {"daily UTC", "2026-12-31 00:00:00", "2027-01-01 00:00:00"},
		{"midnight UTC", "2026-02-28 00:00:00", "2026-03-01 00:00:00"}, {"weekly UTC", "2026-11-28 12:00:00", "2026-11-30 00:00:00"},
		{"monthly UTC", "2026-11-28 12:00:00", "2026-12-01 00:00:00"}, {"yearly UTC", "2026-01-01 00:00:00", "2027-01-01 00:00:00"},
		{"annually UTC", "2026-11-28 12:00:00", "2027-01-01 00:00:00"}, {"quarterly UTC", "2026-05-01 00:00:00", "2026-07-01 00:00:00"},
		{"semiannually UTC", "2026-05-01 00:00:00", "2026-07-01 00:00:00"}, {"Mon *-*-* 00:00:00 UTC", "2026-11-28 00:00:00", "2026-11-30 00:00:00"},
		{"Mon..Fri 09:00 UTC", "2026-11-27 09:00:00", "2026-11-30 09:00:00"}, {"mon-fri 9:00 UTC", "2026-11-26 09:00:00", "2026-11-27 09:00:00"},
		{"Sat,Sunday 8:30 UTC", "2026-11-27 09:00:00", "2026-11-28 08:30:00"}, {"Fri..Mon 8:30 UTC", "2026-11-30 09:00:00", "2026-12-04 08:30:00"},
		{"Wed, 17:48 UTC", "2026-11-28 00:00:00", "2026-12-02 17:48:00"}, {"*:0/15 UTC", "2026-11-28 12:15:00", "2026-11-28 12:30:00"},
		{"*:0/15 UTC", "2026-11-28 12:45:00", "2026-11-28 13:00:00"}, {"*:*:0/20 UTC", "2026-11-28 12:59:40", "2026-11-28 13:00:00"},
		{"9..17/2:00 UTC", "2026-11-28 09:00:00", "2026-11-28 11:00:00"}, {"9..17/2:00 UTC", "2026-11-28 17:00:00", "2026-11-29 09:00:00"},
		{"*-*-* 0/6:30 UTC", "2026-11-28 18:30:00", "2026-11-29 00:30:00"}, {"*-*-01,15 UTC", "2026-11-28 00:00:00", "2026-12-01 00:00:00"},
		{"*-*-1/10 UTC", "2026-11-21 00:00:00", "2026-12-01 00:00:00"}, {"12-24 UTC", "2026-12-24 00:00:00", "2027-12-24 00:00:00"},
		{"2027-*-* UTC", "2026-11-28 12:00:00", "2027-01-01 00:00:00"}, {"2026,2030-6-1 UTC", "2026-11-28 12:00:00", "2030-06-01 00:00:00"},
		{"2024/2-1-1 UTC", "2026-11-28 12:00:00", "2028-01-01 00:00:00"}, {"*-02-29 UTC", "2026-11-28 12:00:00", "2028-02-29 00:00:00"},
		{"*-*-31 UTC", "2026-11-28 12:00:00", "2026-12-31 00:00:00"}, {"*-*~1 UTC", "2026-02-01 00:00:00", "2026-02-28 00:00:00"},
		{"*-02~03 UTC", "2028-01-01 00:00:00", "2028-02-27 00:00:00"}, {"Mon *-05~07/1 UTC", "2026-01-01 00:00:00", "2026-05-25 00:00:00"},
		{"*-*~3..2 12:00 UTC", "2026-11-28 12:00:00", "2026-11-29 12:00:00"}, {"Fri *-*-13 UTC", "2026-11-28 12:00:00", "2027-08-13 00:00:00"},
		{"Sun *-02-29 UTC", "2026-11-28 12:00:00", "2032-02-29 00:00:00"}, {"2020-01-01 UTC", "2026-11-28 12:00:00", "never"},
		{"*-02-30 UTC", "2026-11-28 12:00:00", "never"}, {"*-*-* 23:59:59 UTC", "2026-12-31 23:59:59", "2027-01-01 23:59:59"},
		/* in local time, from here on without UTC */
		{"daily", "2026-11-28 12:00:00", "2026-11-28 23:00:00"}, {"daily", "2026-07-01 12:00:00", "2026-07-01 22:00:00"},
		{"*-*-* 09:00", "2026-03-28 09:00:00", "2026-03-29 07:00:00"}, {"*-*-* 09:00", "2026-10-24 08:00:00", "2026-10-25 08:00:00"},
		{"Sun *-*-* 12:00", "2026-03-22 11:00:00", "2026-03-29 10:00:00"},
		/* at 02:00 the clock goes to 03:00 */
		{"*-*-* 02:30", "2026-03-28 12:00:00", "2026-03-29 01:30:00"}, {"*-*-* 02:30", "2026-03-29 01:30:00", "2026-03-30 00:30:00"},
		{"hourly", "2026-03-29 00:00:00", "2026-03-29 01:00:00"}, {"hourly", "2026-03-29 01:00:00", "2026-03-29 02:00:00"},
		{"*:0/30", "2026-03-29 00:30:00", "2026-03-29 01:00:00"},
		/* at 03:00 the clock goes to 02:00 */
		{"*-*-* 02:30", "2026-10-24 12:00:00", "2026-10-25 00:30:00"}, {"*-*-* 02:30", "2026-10-25 00:30:00", "2026-10-26 01:30:00"},
		{"hourly", "2026-10-25 00:00:00", "2026-10-25 01:00:00"}, {"hourly", "2026-10-25 01:00:00", "2026-10-25 02:00:00"},
		{"*:0/20", "2026-10-25 00:40:00", "2026-10-25 01:00:00"}, {"*:0/20", "2026-10-25 01:40:00", "2026-10-25 02:00:00"},
		{"*-12-24 18:00", "2026-07-01 00:00:00", "2026-12-24 17:00:00"}, {"2029-12-24 *:00", "2026-07-01 00:00:00", "2029-12-23 23:00:00"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct calendar calendar;

		check_text(rows[i].event, calendar_parse(rows[i].event, &calendar), NULL);
		check_text(rows[i].event, text_of(calendar_next(&calendar, moment_of(rows[i].after))), rows[i].next);
	}
}

/* As many in a year as there are, however the clock goes. */
static void test_a_year_of_hours(void **state)
{
	static const struct {
		const char *event;
		int count;
	} rows[] = {{"hourly", 8760}, {"*:0/20", 3 * 8760}, {"hourly UTC", 8760}, {"daily", 365}, {"*-*-* 02:30", 365}, {"Mon..Fri 02:00", 261}, {"*-*~1", 12}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		time_t at = moment_of("2025-12-31 22:59:59"), end = moment_of("2026-12-31 22:59:59");
		struct calendar calendar;
		int count = 0;

		assert_null(calendar_parse(rows[i].event, &calendar));
		for (;; count++) {
			time_t next = calendar_next(&calendar, at);

			check_true(rows[i].event, next > at);
			at = next;
			if (at > end)
				break;
		}
		check_int(rows[i].event, count, rows[i].count);
	}
}

static void test_wrong(void **state)
{
	static const char *const rows[] = {
		"", " ", "never", "Mo", "Monda", "Mon..", "Mon,Tue..", "25:00", "12:60", "12:00:60", "12", "*", "1..0:00", "*-13-01", "*-00-01", "*-01-00", "*-01-32",
		"2026-01-01-01", "1969-01-01", "*:0/0", "*:/5", "12:00 Mon", "12:00 13:00", "daily 12:00", "daily daily", "12:00 Europe/Berlin", "12:00 utc", "*-*~0",
		"*-*~32", "*-*~1..3", "*-*~", "99999999999-01-01", "12:00:00.5", "@1", "2026,2027,2028,2029,2030-01-01", "*-*", "Mon daily", "UTC daily",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct calendar calendar;
		bool right = strcmp(rows[i], "*-*") == 0;

		check_int(rows[i], calendar_parse(rows[i], &calendar) == NULL, right);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {test(test_next), test(test_a_year_of_hours), test(test_wrong)};

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
