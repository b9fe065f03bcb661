/* SPDX-License-Identifier: MIT
 *
 * RestartSec, RestartSteps, RestartMaxDelaySec: systemd.service(5).
 */
#include "backoff.h"

#include "loop.h"

enum {
	SHIFT = 16,        /* factors are numbers with so many bits behind the point */
	STEPS_MAX = 1024,
};

/* value times factor, n times, but not above last. */
static int64_t grow(int64_t value, int64_t last, uint64_t factor, unsigned n)
{
	for (; n > 0 && value < last; n--)
		value = (int64_t)((uint64_t)value * factor >> SHIFT) + 1;
	return value < last ? value : last;
}

int64_t backoff_pause(int64_t first, int64_t last, unsigned long steps, unsigned n)
{
	uint64_t low = UINT64_C(1) << SHIFT, high;

	if (steps == 0 || last <= first)
		return first;
	if (n >= steps || steps > STEPS_MAX)
		return last;
	if (n == 0)
		return first;
	first = first > 0 ? first : 1;
	high = ((uint64_t)last << SHIFT) / (uint64_t)first;
	while (low < high) { /* the smallest factor that reaches last */
		uint64_t middle = (low + high) / 2;

		if (grow(first, last, middle, (unsigned)steps) < last)
			low = middle + 1;
		else
			high = middle;
	}
	return grow(first, last, low, n);
}

int64_t backoff_delay(struct unit *unit)
{
	const struct rules *rules = &unit->rules;
	int64_t healthy = rules->restart_max_ms > rules->start_interval_ms ? rules->restart_max_ms : rules->start_interval_ms;

	if (unit->was_up && loop_now_ms() - unit->ready_ms > healthy)
		unit->streak = 0;
	return backoff_pause(rules->restart_ms, rules->restart_max_ms, rules->restart_steps, unit->streak++);
}
