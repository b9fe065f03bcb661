/* SPDX-License-Identifier: MIT
 *
 * Numbers as text.
 */
#include <limits.h>
#include <stdio.h>

#include "decimal.h"
#include "unit.h"

static void test_numbers(void **state)
{
	static const unsigned long numbers[] = {0, 1, 9, 10, 11, 99, 100, 101, 4294967295, 4294967296, LONG_MAX, ULONG_MAX - 1, ULONG_MAX};

	(void)state;
	for (size_t i = 0; i < COUNT(numbers); i++) {
		char text[32], wanted[32];
		char *end;

		memset(text, '#', sizeof text);
		end = decimal(text, numbers[i]);
		snprintf(wanted, sizeof wanted, "%lu", numbers[i]);
		check_int(wanted, end - text, strlen(wanted));
		check_true(wanted, memcmp(text, wanted, strlen(wanted)) == 0);
		check_int(wanted, *end, '#'); /* no NUL, and nothing behind */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {test(test_numbers)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
