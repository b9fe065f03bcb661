/* SPDX-License-Identifier: MIT
 *
 * Which role it is: a function of our pid and the options alone.
 */
#include "option.h"
#include "role.h"
#include "unit.h"

static void test_choice(void **state)
{
	static const struct {
		const char *words;
		const char *as_pid_1, *elsewhere;
	} rows[] = {
		{"x", "entrypoint", "run"},
		{"-g -v --grace 5s --user 0 --cwd / --env A=1 --clear-env -e 1 -r TERM:INT x", "entrypoint", "run"},
		{"-P", "entrypoint", "run"},
		{"-s x", "entrypoint", "entrypoint"},
		{"-R / x", "run", "run"},
		{"--bind /a x", "run", "run"},
		{"--volume /a x", "run", "run"},
		{"--tmpfs /a x", "run", "run"},
		{"--conf c x", "run", "run"},
		{"--unshare net x", "run", "run"},
		{"--share net x", "run", "run"},
		{"--net host x", "run", "run"},
		{"--net none x", "run", "run"},
		{"--hostname h x", "run", "run"},
		{"--domainname d x", "run", "run"},
		{"--read-only x", "run", "run"},
		{"-s -R / x", "run", "run"}, /* which says that it cannot be both */
	};
	char *environment[] = {NULL};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = new_plan();

		check_true(rows[i].words, option_parse(&option_nsinit, plan, words(rows[i].words), environment) > 0);
		check_text(rows[i].words, role_choose(1, plan)->name, rows[i].as_pid_1);
		check_text(rows[i].words, role_choose(2, plan)->name, rows[i].elsewhere);
		check_text(rows[i].words, role_choose(4711, plan)->name, rows[i].elsewhere);
	}
}

/* A role has all that main.c asks of it. */
static void test_rows(void **state)
{
	struct plan *plan = new_plan();

	(void)state;
	for (pid_t pid = 1; pid <= 2; pid++) {
		const struct role *role = role_choose(pid, plan);

		assert_non_null(role->complete);
		assert_non_null(role->run);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {test(test_choice), test(test_rows)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
