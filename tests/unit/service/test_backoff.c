/* SPDX-License-Identifier: MIT
 *
 * The pauses between restarts.
 */
#include "backoff.h"
#include "unit.h"

static void test_without_steps(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 100; n++)
		check_int("no steps", backoff_pause(100, 0, 0, n), 100);
	check_int("a last pause that is no longer", backoff_pause(100, 50, 5, 3), 100);
}

static void test_grows(void **state)
{
	static const struct {
		int64_t first, last;
		unsigned long steps;
	} rows[] = {{100, 10000, 4}, {1000, 60000, 10}, {0, 60000, 8}, {1, 2, 1}, {100, 86400000, 100}, {5, 7, 3}, {10, 3600000, 1000}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t before = -1;

		check_int("first", backoff_pause(rows[i].first, rows[i].last, rows[i].steps, 0), rows[i].first);
		for (unsigned n = 0; n <= rows[i].steps + 2; n++) {
			int64_t pause = backoff_pause(rows[i].first, rows[i].last, rows[i].steps, n);

			check_true("never shorter", pause >= before);
			check_true("never over the last", pause <= rows[i].last);
			check_true("the last is reached", n < rows[i].steps || pause == rows[i].last);
			before = pause;
		}
	}
}

/* From 100 ms to 10 s in 4 steps each is some three times the one before. */
static void test_same_factor(void **state)
{
	static const int64_t about[] = {100, 316, 1000, 3162, 10000};

	(void)state;
	for (unsigned n = 0; n < COUNT(about); n++) {
		int64_t pause = backoff_pause(100, 10000, 4, n);

		check_true("factor", pause >= about[n] - about[n] / 50 - 2 && pause <= about[n] + about[n] / 50 + 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {test(test_without_steps), test(test_grows), test(test_same_factor)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
