/* SPDX-License-Identifier: MIT
 *
 * Whose sessions are whose: the number of a process that has ended comes again.
 */
#include "members.h"

#include "unit.h"

static struct unit *kept(const char *name)
{
	units_reserve(name);
	units_keep(units_named(name));
	return units_named(name);
}

static void check_sessions(const struct unit *unit, pid_t first, pid_t second)
{
	check_int(unit->name, unit->sessions[0], first);
	check_int(unit->name, unit->sessions[1], second);
}

static void test_a_number_that_comes_again(void **state)
{
	struct unit *one = kept("one.service"), *two = kept("two.service"), *three = kept("three.service");

	(void)state;
	members_add(one, 100);
	members_add(one, 101);
	members_add(two, 100 + 32768); /* by chance the same bit */
	check_sessions(one, 100, 101);
	check_sessions(two, 100 + 32768, 0);
	members_add(two, 100);
	check_sessions(one, 0, 101);
	check_sessions(two, 100 + 32768, 100);
	three->sessions[0] = 7;
	members_resume(three);
	members_add(one, 7);
	check_sessions(one, 7, 101);
	check_sessions(three, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_a_number_that_comes_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
