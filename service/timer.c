/* SPDX-License-Identifier: MIT
 *
 * Timer units. The next time of each is a deadline of the unit, of the monotonic clock, so that all timers are one time-out of the loop; a
 * timerfd that the kernel cancels tells when the clock was set, and calendar events are then looked up again.
 */
#include "timer.h"

#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "calendar.h"
#include "directive.h"
#include "file.h"
#include "jobs.h"
#include "kind.h"
#include "log.h"
#include "loop.h"
#include "reader.h"
#include "service.h"
#include "source.h"
#include "stamp.h"
#include "supervisor.h"

enum { AGAIN_MS = 1000 }; /* after its unit hit its start limit */

const struct timer timer_defaults = {.remain = true};

static struct source clock_changes = {.fd = -1};

static int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

const char *timer_check(const struct setting *setting)
{
	struct calendar calendar;
	int64_t ms;

	if (directives[setting->directive].field == TIMER_CALENDAR)
		return calendar_parse(setting->text, &calendar);
	return reader_span(setting->text, &ms) < 0 || ms < 0 ? "not a time; give 5s, 1min 20s or 100ms" : NULL;
}

const char *timer_complete(struct unit *unit)
{
	for (size_t i = 0; i < unit->setting_count; i++)
		if (directives[unit->settings[i].directive].treatment == TREAT_KEPT)
			return kind_triggers(unit, false);
	return "no OnCalendar, OnBootSec or the like; say when";
}

/* --- when --- */

/* When this setting starts the unit, of the monotonic clock; -1: no more. */
static int64_t elapses(struct timer *timer, const struct setting *setting, int64_t now_ms, int64_t now_clock_ms)
{
	const struct {
		bool once;
		int64_t from;
	} bases[TIMER_ROWS] = {
		[TIMER_ACTIVE] = {true, timer->begun_ms},
		[TIMER_BOOT] = {true, supervisor_boot()},
		[TIMER_STARTUP] = {true, supervisor_origin()},
		[TIMER_UNIT_ACTIVE] = {false, timer->active_ms > timer->last_ms ? timer->active_ms : timer->last_ms},
		[TIMER_UNIT_INACTIVE] = {false, timer->inactive_ms > timer->last_ms ? timer->inactive_ms : timer->last_ms},
	};
	unsigned row = directives[setting->directive].field;
	struct calendar calendar;
	int64_t at;

	if (row == TIMER_CALENDAR) {
		calendar_parse(setting->text, &calendar);
		at = calendar_next(&calendar, (time_t)(timer->last_s ? timer->last_s : timer->begun_s));
		if (at < 0)
			return -1;
		timer->calendar_s = !timer->calendar_s || at < timer->calendar_s ? at : timer->calendar_s;
		at = now_ms + at * 1000 - now_clock_ms;
		return at > 0 ? at : 1;
	}
	reader_span(setting->text, &at);
	at += bases[row].from;
	return (bases[row].once ? timer->last_ms && at <= now_ms : !bases[row].from) ? -1 : at;
}

static void say_next(struct unit *unit, int64_t clock)
{
	const struct timespec moment = {(time_t)(clock / 1000), (long)(clock % 1000) * 1000000};

	stamp_print(stpcpy(unit->said, "next "), &moment);
}

/* Sets the deadline. */
static void arm(struct unit *unit)
{
	struct timer *timer = unit->own;
	const int64_t now = loop_now_ms(), clock = clock_ms();
	int64_t next = -1;

	timer->armed = true;
	timer->calendar_s = 0;
	if (timer->last_s > clock / 1000 + 1) /* the clock was wrong then, or is now */
		timer->last_s = clock / 1000;
	for (const struct setting *setting = unit->settings; setting < unit->settings + unit->setting_count; setting++) {
		int64_t at = directives[setting->directive].treatment == TREAT_KEPT ? elapses(timer, setting, now, clock) : -1;

		next = at >= 0 && (next < 0 || at < next) ? at : next;
	}
	unit->deadline_ms = 0;
	unit->said[0] = '\0';
	if (next < 0) {
		if (!timer->remain)
			service_event(unit, EVENT_STOP);
		return;
	}
	next += timer->delay_ms;
	next = next > timer->not_before_ms ? next : timer->not_before_ms;
	unit->deadline_ms = next > 0 ? next : 1;
	say_next(unit, clock + (next > now ? next - now : 0));
	jobs_touch(unit);
}

static void roll(struct timer *timer)
{
	uint64_t number = 0;

	if (timer->random_ms > 0 && getrandom(&number, sizeof number, GRND_NONBLOCK) == sizeof number)
		timer->delay_ms = (int64_t)(number % ((uint64_t)timer->random_ms + 1));
}

/* --- what outlives us --- */

/* Notes when it was last, or *s, unless that is 0, finds out. */
static void stamp(const struct unit *unit, int64_t *s)
{
	char path[sizeof TIMER_STAMPS + UNIT_NAME_SIZE] = TIMER_STAMPS;
	struct stat status;
	int fd;

	path[sizeof TIMER_STAMPS - 2] = '\0';
	file_make_directory(path, 0755, NULL);
	path[sizeof TIMER_STAMPS - 2] = '/';
	strcat(path, unit->name);
	if (s && lstat(path, &status) == 0) {
		*s = status.st_mtime;
		return;
	}
	fd = openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
	if (fd < 0 || futimens(fd, NULL) < 0)
		log_warning("%s: %s cannot be written; when it ran will not be known after a restart", unit->name, path);
	if (fd >= 0)
		close(fd);
}

/* --- the clock --- */

static void on_change(struct source *source);

/* Waits for the clock to be set: far ahead, on a timer that this cancels. */
static void watch_clock(void)
{
	const struct itimerspec never = {.it_value.tv_sec = INT32_MAX};

	if (clock_changes.fd < 0)
		clock_changes = (struct source){NULL, timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK), false, on_change};
	if (clock_changes.fd < 0 || timerfd_settime(clock_changes.fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) < 0 ||
	    source_watch(&clock_changes, true) < 0)
		log_warning("the clock is not watched; when it is set, timers go by what it was");
}

static void on_change(struct source *source)
{
	uint64_t count;

	if (read(source->fd, &count, sizeof count) > 0)
		log_debug("the end of the clock's time is near");
	watch_clock();
	for (struct unit *unit = units_first(); unit; unit = unit->next) {
		struct timer *timer = unit->own;

		if (unit->kind != UNIT_TIMER || unit->state != STATE_EXITED || timer->triggered)
			continue;
		timer->begun_s = clock_ms() / 1000;
		arm(unit);
	}
}

/* --- its life --- */

/* What else its times count from, and whether the clock matters. */
static void look_around(struct unit *unit)
{
	struct timer *timer = unit->own;

	for (const struct edge *edge = unit->edges; edge; edge = edge->next)
		if (edge->kinds & EDGE(TRIGGERS) && edge->other->since_ms)
			*(service_is_down(edge->other) ? &timer->inactive_ms : &timer->active_ms) = edge->other->since_ms;
	for (const struct setting *setting = unit->settings; setting < unit->settings + unit->setting_count; setting++)
		if (clock_changes.fd < 0 && directives[setting->directive].treatment == TREAT_KEPT && directives[setting->directive].field == TIMER_CALENDAR)
			watch_clock();
	roll(timer);
}

int timer_open(struct unit *unit)
{
	struct timer *timer = unit->own;
	const struct timer as_read = {.persistent = timer->persistent, .remain = timer->remain, .random_ms = timer->random_ms};

	if (!kind_finds_others(unit))
		return -1;
	*timer = as_read;
	timer->begun_ms = loop_now_ms();
	timer->begun_s = clock_ms() / 1000;
	look_around(unit);
	if (timer->persistent)
		stamp(unit, &timer->last_s);
	return 0;
}

/* Its deadline is as it was. From the next one on it goes by what has happened since. */
void timer_again(struct unit *unit)
{
	struct timer *timer = unit->own;

	if (unit->state != STATE_EXITED)
		return;
	look_around(unit);
	timer->armed = true;
	timer->begun_ms = timer->last_ms = loop_now_ms();
	timer->begun_s = timer->last_s = clock_ms() / 1000;
	for (const struct edge *edge = unit->edges; edge && unit->deadline_ms == 0; edge = edge->next)
		timer->triggered |= edge->kinds & EDGE(TRIGGERS) && !service_is_down(edge->other);
}

static void trigger(struct unit *unit)
{
	struct timer *timer = unit->own;
	int64_t now_s = clock_ms() / 1000;

	timer->triggered = true;
	timer->last_ms = loop_now_ms();
	timer->last_s = timer->calendar_s == now_s + 1 ? now_s + 1 : now_s; /* the two clocks are not read at once */
	roll(timer);
	unit->said[0] = '\0';
	if (timer->persistent)
		stamp(unit, NULL);
	jobs_want_others(unit, EDGE(TRIGGERS), JOB_START);
}

void timer_time(struct unit *unit)
{
	const struct timer *timer = unit->own;

	(timer->armed ? trigger : arm)(unit);
}

void timer_told(struct unit *unit, struct unit *other, bool down)
{
	struct timer *timer = unit->own;

	*(down ? &timer->inactive_ms : &timer->active_ms) = loop_now_ms();
	if (down && other->result == RESULT_START_LIMIT)
		timer->not_before_ms = loop_now_ms() + AGAIN_MS;
	timer->triggered &= !down;
	if (!timer->triggered)
		arm(unit);
}
