/* SPDX-License-Identifier: MIT
 *
 * Calendar events. Local time is libc's, from a copy of the file of the zone: libc maps it, and who made the file shorter
 * would be the end of PID 1.
 */
#include "calendar.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cold.h"
#include "decimal.h"
#include "file.h"
#include "value.h"

enum { FIRST_YEAR = 1970, LAST_YEAR = 2199, TEXT_SIZE = 256 };

/* --- reading --- */

static const char *read_number(const char *text, unsigned *number)
{
	const char *start = text;

	for (*number = 0; *text >= '0' && *text <= '9' && *number <= LAST_YEAR; text++)
		*number = *number * 10 + (unsigned)(*text - '0');
	return text == start ? NULL : text;
}

/* *, N, N..N, each with /STEP or without. Returns its end, NULL: it is none. */
static const char *read_range(const char *text, unsigned low, unsigned high, struct years *range)
{
	bool all = *text == '*', open = all;

	*range = (struct years){low, high, 1};
	text = all ? text + 1 : read_number(text, &range->first);
	if (text && !all) {
		range->last = range->first;
		open = *text == '/';
		if (strncmp(text, "..", 2) == 0)
			text = read_number(text + 2, &range->last);
	}
	if (text && *text == '/') {
		text = read_number(text + 1, &range->step);
		range->last = open ? high : range->last;
	}
	return range->step == 0 || range->first < low || range->last > high || range->first > range->last ? NULL : text;
}

/* A list of them. Returns what is behind it, NULL: it is none. */
static const char *read_list(const char *text, unsigned low, unsigned high, uint64_t *bits)
{
	struct years range;

	*bits = 0;
	do {
		text = read_range(text, low, high, &range);
		for (unsigned value = range.first; text && value <= range.last; value += range.step)
			*bits |= UINT64_C(1) << value;
	} while (text && *text == ',' && text++);
	return text;
}

static const char *read_years(const char *text, struct calendar *calendar)
{
	do {
		if (calendar->year_count == CALENDAR_YEARS)
			return NULL;
		text = read_range(text, FIRST_YEAR, LAST_YEAR, &calendar->years[calendar->year_count++]);
	} while (text && *text == ',' && text++);
	return text && *text == '-' ? text + 1 : NULL;
}

/* From the end, the first of a range is the earliest day: 07/1 are the last seven, 3 and 1 with a step of two. */
static const char *read_days_from_end(const char *text, uint64_t *bits)
{
	*bits = 0;
	do {
		unsigned first, last, step = 0;

		text = read_number(text, &first);
		last = first;
		if (text && strncmp(text, "..", 2) == 0)
			text = read_number(text + 2, &last);
		if (text && *text == '/') {
			text = read_number(text + 1, &step);
			last = 1;
		}
		if (!text || first > 31 || last < 1 || last > first)
			return NULL;
		for (unsigned day = first; day >= last; day -= step ? step : 1) {
			*bits |= UINT64_C(1) << day;
			if (day < (step ? step : 1))
				break;
		}
	} while (*text == ',' && text++);
	*bits &= ~UINT64_C(1);
	return text;
}

/* [YEARS-]MONTHS-DAYS, or ~ before days from the end. */
static const char *read_date(const char *text, struct calendar *calendar)
{
	unsigned parts = 0;

	for (const char *at = text; *at; at++)
		parts += *at == '-' || *at == '~';
	if (parts == 2)
		text = read_years(text, calendar);
	else if (parts != 1)
		return NULL;
	text = text ? read_list(text, 1, 12, &calendar->months) : NULL;
	if (!text || (*text != '-' && *text != '~'))
		return NULL;
	calendar->from_end = *text == '~';
	return calendar->from_end ? read_days_from_end(text + 1, &calendar->days) : read_list(text + 1, 1, 31, &calendar->days);
}

/* HOURS:MINUTES[:SECONDS] */
static const char *read_time(const char *text, struct calendar *calendar)
{
	text = read_list(text, 0, 23, &calendar->hours);
	if (!text || *text++ != ':')
		return NULL;
	text = read_list(text, 0, 59, &calendar->minutes);
	return text && *text == ':' ? read_list(text + 1, 0, 59, &calendar->seconds) : text;
}

/* A name of a day, or its first three letters. Returns what is behind it. */
static const char *read_weekday(const char *text, unsigned *day)
{
	static const char names[][10] = {"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};
	size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

	for (*day = 0; *day < 7; ++*day)
		if ((length == 3 || length == strlen(names[*day])) && strncasecmp(text, names[*day], length) == 0)
			return text + length;
	return NULL;
}

static const char *read_weekdays(const char *text, struct calendar *calendar)
{
	calendar->weekdays = 0;
	do {
		unsigned first, last;

		text = read_weekday(text, &first);
		last = first;
		if (text && (*text == '-' || strncmp(text, "..", 2) == 0))
			text = read_weekday(text + (*text == '-' ? 1 : 2), &last);
		if (!text)
			return NULL;
		for (;; first = (first + 1) % 7) {
			calendar->weekdays |= (uint8_t)(1U << first);
			if (first == last)
				break;
		}
	} while (*text == ',' && *++text);
	return text;
}

/* One word, of which at most one of each kind is there, in their order. */
static const char *read_word(const char *word, struct calendar *calendar, unsigned *stage)
{
	enum { WEEKDAYS = 1, DATE, TIME, ZONE };
	bool is_letter = (*word | 0x20) >= 'a' && (*word | 0x20) <= 'z';
	unsigned now = strcmp(word, "UTC") == 0 ? ZONE : is_letter ? WEEKDAYS : strchr(word, ':') ? TIME : DATE;

	if (now <= *stage)
		return NULL;
	*stage = now;
	switch (now) {
	case WEEKDAYS:
		return read_weekdays(word, calendar);
	case DATE:
		return read_date(word, calendar);
	case TIME:
		return read_time(word, calendar);
	default:
		calendar->utc = true;
		return word + strlen(word);
	}
}

/* The text that a word is short for. */
static const char *long_form(const char *word)
{
	static const char *const forms[] = {
		"minutely", "*-*-* *:*:00", "hourly", "*-*-* *:00:00", "daily", "*-*-* 00:00:00", "midnight", "*-*-* 00:00:00", "weekly", "Mon *-*-* 00:00:00",
		"monthly", "*-*-01 00:00:00", "yearly", "*-01-01 00:00:00", "annually", "*-01-01 00:00:00", "quarterly", "*-01,04,07,10-01 00:00:00",
		"semiannually", "*-01,07-01 00:00:00", "semi-annually", "*-01,07-01 00:00:00",
	};

	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i += 2)
		if (strcasecmp(word, forms[i]) == 0)
			return forms[i + 1];
	return NULL;
}

static const char *read_words(const char *text, struct calendar *calendar, unsigned *stage)
{
	static const char wrong[] = "not a calendar event; give it as Mon..Fri *-*-* 09:00:00, daily, *:0/15, with UTC behind it or without";
	char word[TEXT_SIZE];

	for (const char *rest = text; rest;) {
		const char *form, *end;

		rest = value_item(rest, ' ', word, sizeof word);
		form = *stage == 0 ? long_form(word) : NULL;
		if (form && read_words(form, calendar, stage) == NULL)
			continue;
		end = *word ? read_word(word, calendar, stage) : rest ? word : NULL;
		if (!end || *end)
			return wrong;
	}
	return NULL;
}

const char *calendar_parse(const char *text, struct calendar *calendar)
{
	unsigned stage = 0;

	*calendar = (struct calendar){.seconds = 1, .minutes = 1, .hours = 1, .days = ~UINT64_C(1), .months = ~UINT64_C(1), .weekdays = 0x7f};
	return read_words(text, calendar, &stage);
}

/* --- local time --- */

/* A copy of the file, which nobody else can change. Its descriptor, or -1. */
static int copy_zone(const char *path)
{
	COLD static char text[16 * 1024];
	ssize_t length = file_read(AT_FDCWD, path, text, sizeof text);
	int fd = length > 0 ? memfd_create("zone", MFD_CLOEXEC) : -1;

	if (fd >= 0 && write(fd, text, (size_t)length) != length) {
		close(fd);
		return -1;
	}
	return fd;
}

COLD static char zone[TEXT_SIZE];

/* What TZ is while libc is asked: the file that our own names, or what that says itself, or the machine's; else it is UTC. */
static int choose_zone(void)
{
	static const char places[] = "/usr/share/zoneinfo/", prefix[] = ":/proc/self/fd/";
	const char *name = getenv("TZ");
	char path[TEXT_SIZE];
	int fd;

	if (name) {
		name += *name == ':';
		strcpy(path, *name == '/' ? "" : places);
		strncat(path, name, sizeof path - sizeof places);
	} else {
		strcpy(path, "/etc/localtime");
	}
	fd = copy_zone(path);
	strcpy(zone, "TZ=");
	if (fd >= 0)
		*decimal(stpcpy(zone + strlen(zone), prefix), (unsigned long)fd) = '\0';
	else
		strncat(zone, name ? name : "UTC0", sizeof zone - sizeof "TZ=");
	return fd;
}

/* From seconds to a date, or back. libc looks at TZ in each of its calls; it reads the zone once, since the name stays. */
static time_t convert(struct tm *tm, time_t moment, bool back)
{
	static char *own[] = {zone, NULL};
	char **ours = environ;
	int fd = zone[0] ? -1 : choose_zone();

	environ = own;
	tzset();
	tm->tm_isdst = -1;
	moment = back ? mktime(tm) : localtime_r(&moment, tm) ? moment : -1;
	environ = ours;
	if (fd >= 0)
		close(fd);
	return moment;
}

/* --- the next one --- */

/* A date in parts, the largest first. */
enum { YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, PARTS };

static int next_bit(uint64_t bits, int from, int last)
{
	while (from <= last && !(bits >> from & 1))
		from++;
	return from <= last ? from : -1;
}

static int next_year(const struct calendar *calendar, int from)
{
	for (int year = from; year <= LAST_YEAR; year++) {
		bool matches = calendar->year_count == 0;

		for (unsigned i = 0; i < calendar->year_count; i++) {
			const struct years *years = &calendar->years[i];

			matches |= (unsigned)year >= years->first && (unsigned)year <= years->last && ((unsigned)year - years->first) % years->step == 0;
		}
		if (matches)
			return year;
	}
	return -1;
}

static int days_of(int year, int month)
{
	return month == 2 ? 28 + (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)) : 30 + ((month + month / 8) & 1);
}

/* Sunday is 0. After Tomohiko Sakamoto. */
static int weekday_of(int year, int month, int day)
{
	static const char shift[] = {0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4};

	year -= month < 3;
	return (year + year / 4 - year / 100 + year / 400 + shift[month - 1] + day) % 7;
}

/* The day on which it happens, from that one on, in the same month; -1: none. */
static int next_day(const struct calendar *calendar, int year, int month, int from)
{
	int last = days_of(year, month);

	for (int day = from; day <= last; day++)
		if (calendar->days >> (calendar->from_end ? last + 1 - day : day) & 1 && calendar->weekdays >> weekday_of(year, month, day) & 1)
			return day;
	return -1;
}

/* What the part is at the next date that matches, as far as the larger ones say; -1: there is none. */
static int next_value(const struct calendar *calendar, int part, const int *date)
{
	switch (part) {
	case YEAR:
		return next_year(calendar, date[YEAR]);
	case MONTH:
		return next_bit(calendar->months, date[MONTH], 12);
	case DAY:
		return next_day(calendar, date[YEAR], date[MONTH], date[DAY]);
	case HOUR:
		return next_bit(calendar->hours, date[HOUR], 23);
	default:
		return next_bit(part == MINUTE ? calendar->minutes : calendar->seconds, date[part], 59);
	}
}

static void restart(int *date, int part)
{
	for (; part < PARTS; part++)
		date[part] = part == MONTH || part == DAY;
}

/* The first date from this one on that matches. False: there is none. */
static bool find(const struct calendar *calendar, int *date)
{
	int part = YEAR;

	while (part < PARTS) {
		int value = next_value(calendar, part, date);

		if (value < 0 && part == YEAR)
			return false;
		if (value < 0) { /* the larger one has to move */
			restart(date, part--);
			date[part]++;
			continue;
		}
		if (value != date[part])
			restart(date, part + 1);
		date[part++] = value;
	}
	return true;
}

/* How far the zone is ahead then, and the date that it has. */
static long offset_of(const struct calendar *calendar, time_t moment, int *date)
{
	struct tm tm = {0};

	if (calendar->utc)
		gmtime_r(&moment, &tm);
	else
		convert(&tm, moment, false);
	const int parts[PARTS] = {tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec};

	memcpy(date, parts, sizeof parts);
	return calendar->utc ? 0 : tm.tm_gmtoff;
}

static struct tm tm_of(const int *date)
{
	return (struct tm){.tm_year = date[YEAR] - 1900, .tm_mon = date[MONTH] - 1, .tm_mday = date[DAY], .tm_hour = date[HOUR], .tm_min = date[MINUTE],
	                   .tm_sec = date[SECOND]};
}

/* The moment between the two from which on the offset is no longer that of the first. */
static time_t find_change(const struct calendar *calendar, time_t low, time_t high, long offset)
{
	int date[PARTS];

	while (high - low > 1) {
		time_t middle = low + (high - low) / 2;

		if (offset_of(calendar, middle, date) == offset)
			low = middle;
		else
			high = middle;
	}
	return high;
}

/*
 * Where the clock goes back, what happens each hour happens in both, and the rest in the first alone. Where it goes forward, what was to
 * happen in between happens as much later.
 */
time_t calendar_next(const struct calendar *calendar, time_t after)
{
	const uint64_t every_hour = (UINT64_C(1) << 24) - 1;
	int date[PARTS], then[PARTS];

	for (;;) {
		long offset = offset_of(calendar, after + 1, date), later;
		struct tm tm;
		time_t moment;

		if (!find(calendar, date))
			return -1;
		tm = tm_of(date);
		moment = timegm(&tm) - offset;
		later = offset_of(calendar, moment, then);
		if (later == offset)
			return moment;
		if (later < offset && calendar->hours == every_hour) {
			after = find_change(calendar, after + 1, moment, offset) - 1;
			continue;
		}
		for (;; date[SECOND]++) {
			if (!find(calendar, date))
				return -1;
			tm = tm_of(date);
			moment = convert(&tm, 0, true);
			if (moment > after)
				return moment;
		}
	}
}
