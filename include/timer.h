/* SPDX-License-Identifier: MIT
 *
 * Timer units: they start others at a time. systemd.timer(5)
 */
#ifndef TIMER_H
#define TIMER_H

#include "units.h"

/* The rows of directives that say when; they stay settings. */
enum timer_row { TIMER_CALENDAR, TIMER_ACTIVE, TIMER_BOOT, TIMER_STARTUP, TIMER_UNIT_ACTIVE, TIMER_UNIT_INACTIVE, TIMER_ROWS };

#define TIMER_STAMPS "/var/lib/nsinit/timers/"

/* Times in ms are of CLOCK_MONOTONIC, those in s of the clock; 0: never. */
struct timer {
	bool persistent, remain;
	bool armed;      /* its next time is known */
	bool triggered;  /* it has started its unit, whose end it waits for */
	int64_t random_ms, delay_ms; /* at most, and the next time */
	int64_t last_ms, last_s;     /* when it did so */
	int64_t begun_ms, begun_s;   /* when it was started itself */
	int64_t active_ms, inactive_ms; /* when its unit was, and when that was down */
	int64_t not_before_ms;
	int64_t calendar_s;          /* the next calendar event */
};

extern const struct timer timer_defaults;

/* For struct kind. */
const char *timer_check(const struct setting *setting);
const char *timer_complete(struct unit *unit);
int timer_open(struct unit *unit);
void timer_told(struct unit *unit, struct unit *other, bool down);
void timer_time(struct unit *unit);
void timer_again(struct unit *unit);

#endif
