/* SPDX-License-Identifier: MIT
 *
 * The program's environment: what is kept, what wins, and that nothing is there twice.
 */
#include <stdio.h>
#include <unistd.h>

#include "env.h"
#include "exec.h"
#include "unit.h"

static void add(struct plan *plan, const char *variable)
{
	plan->env[plan->env_count++] = variable;
}

/* It is made to be called once, and puts the environment where it put the one before. */
static void forget(struct plan *plan)
{
	for (char **variable = plan->envp; *variable; variable++)
		*variable = NULL;
}

static void test_build(void **state)
{
	static const struct {
		const char *name;
		char *environment[5];
		bool clear;
		const char *home;
		const char *env[3];
		const char *wanted[6]; /* in any order */
	} rows[] = {
		{"add", {(char *)"A=1"}, false, NULL, {"B=2"}, {"A=1", "B=2"}},
		{"replace", {(char *)"A=1", (char *)"B=2"}, false, NULL, {"A=3"}, {"A=3", "B=2"}},
		{"the later one wins", {(char *)"A=1"}, false, NULL, {"A=2", "A=3"}, {"A=3"}},
		{"empty value", {(char *)"A=1"}, false, NULL, {"A="}, {"A="}},
		{"equal sign in a value", {(char *)"A=1"}, false, NULL, {"A=B=C"}, {"A=B=C"}},
		{"a longer name", {(char *)"AB=1"}, false, NULL, {"A=2"}, {"AB=1", "A=2"}},
		{"a shorter name", {(char *)"A=1"}, false, NULL, {"AB=2"}, {"A=1", "AB=2"}},
		{"home", {(char *)"A=1"}, false, "/h", {NULL}, {"A=1", "HOME=/h"}},
		{"home is replaced", {(char *)"HOME=/x", (char *)"A=1"}, false, "/h", {NULL}, {"A=1", "HOME=/h"}},
		{"--env HOME wins", {(char *)"HOME=/x"}, false, "/h", {"HOME=/e"}, {"HOME=/e"}},
		{"clear", {(char *)"A=1", (char *)"PATH=/x"}, true, NULL, {NULL}, {"PATH=" EXEC_DEFAULT_PATH}},
		{"clear keeps TERM", {(char *)"TERM=vt", (char *)"TERMINFO=/x"}, true, NULL, {NULL}, {"TERM=vt", "PATH=" EXEC_DEFAULT_PATH}},
		{"clear, home and env", {(char *)"HOME=/x"}, true, "/h", {"PATH=/b", "A=1"}, {"PATH=/b", "HOME=/h", "A=1"}},
		{"nothing there", {NULL}, false, "/h", {NULL}, {"HOME=/h"}},
		{"an odd entry", {(char *)"A", (char *)"=x"}, false, NULL, {"A=1"}, {"A", "=x", "A=1"}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = new_plan();
		size_t wanted = 0, got = 0;

		plan->clear_env = rows[i].clear;
		for (size_t j = 0; j < 3 && rows[i].env[j]; j++)
			add(plan, rows[i].env[j]);
		check_int(rows[i].name, env_build(plan, (char **)rows[i].environment, rows[i].home), 0);
		while (plan->envp[got])
			got++;
		for (; wanted < 6 && rows[i].wanted[wanted]; wanted++) {
			size_t at = 0;

			while (at < got && strcmp(plan->envp[at], rows[i].wanted[wanted]) != 0)
				at++;
			if (at == got)
				fail_msg("%s: %s is missing", rows[i].name, rows[i].wanted[wanted]);
		}
		check_int(rows[i].name, got, wanted);
		forget(plan);
	}
}

/* Nothing asked for: the caller's own, not a copy. */
static void test_untouched(void **state)
{
	char *environment[] = {(char *)"A=1", NULL};
	struct plan *plan = new_plan();

	(void)state;
	assert_int_equal(env_build(plan, environment, NULL), 0);
	assert_ptr_equal(plan->envp, environment);
}

/* The caller's stays as it is, whatever the program gets. */
static void test_original(void **state)
{
	char *environment[] = {(char *)"A=1", (char *)"HOME=/x", NULL};
	struct plan *plan = new_plan();

	(void)state;
	add(plan, "A=2");
	assert_int_equal(env_build(plan, environment, "/h"), 0);
	assert_ptr_not_equal(plan->envp, environment);
	assert_string_equal(environment[0], "A=1");
	assert_string_equal(environment[1], "HOME=/x");
	forget(plan);
}

/* As many as a plan holds, all new, beside HOME and PATH: the sanitizer sees the end. */
static void test_many(void **state)
{
	static char text[PLAN_ENV_MAX][16];
	char *environment[] = {(char *)"TERM=vt", NULL};
	struct plan *plan = new_plan();
	size_t got = 0;

	(void)state;
	for (int i = 0; i < PLAN_ENV_MAX; i++) {
		memcpy(text[i], "V000=x", 7);
		text[i][1] = (char)('0' + i / 100);
		text[i][2] = (char)('0' + i / 10 % 10);
		text[i][3] = (char)('0' + i % 10);
		add(plan, text[i]);
	}
	plan->clear_env = true;
	assert_int_equal(env_build(plan, environment, "/h"), 0);
	while (plan->envp[got])
		got++;
	assert_int_equal(got, PLAN_ENV_MAX + 3);
	forget(plan);
}

static void test_limit(void **state)
{
	static char *environment[PLAN_ENVIRONMENT_MAX + 1];
	struct plan *plan = new_plan();
	size_t got = 0;

	(void)state;
	add(plan, "A=2");
	for (int i = 0; i < PLAN_ENVIRONMENT_MAX - 2; i++)
		environment[i] = (char *)"B=1";
	assert_int_equal(env_build(plan, environment, "/h"), -1);
	check_part("limit", said_line("limit"), "environment: more than ");
	environment[PLAN_ENVIRONMENT_MAX - 3] = NULL;
	assert_int_equal(env_build(plan, environment, "/h"), 0);
	while (plan->envp[got])
		got++;
	assert_int_equal(got, PLAN_ENVIRONMENT_MAX - 1);
	forget(plan);
}

/* sd_listen_fds(3): descriptors that were passed to us are for the program, which writes its own pid there. */
static void test_listen_pid(void **state)
{
	static const struct {
		const char *format; /* of our pid */
		unsigned long namespaces;
		bool ours;
	} rows[] = {
		{"LISTEN_PID=%d", 0, true},
		{"LISTEN_PID=1%d", 0, false},
		{"LISTEN_PID=%dx", 0, false},
		{"LISTEN_PID=", 0, false},
		{"LISTEN_PID=4294967296", 0, false},
		{"XLISTEN_PID=%d", 0, false},
		{"LISTEN_PID=%d", 1, false}, /* nothing is passed into a container */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char variable[64];
		char *environment[] = {(char *)"LISTEN_FDS=1", variable, NULL};
		struct plan *plan = new_plan();

		snprintf(variable, sizeof variable, rows[i].format, (int)getpid());
		plan->namespaces = rows[i].namespaces;
		check_int(variable, env_build(plan, environment, NULL), 0);
		check_int(variable, plan->listen_pid != NULL, rows[i].ours);
		if (rows[i].ours) {
			memcpy(plan->listen_pid, "4294967295", 11); /* there is room for any pid, in the variable itself */
			check_text(variable, plan->envp[1], "LISTEN_PID=4294967295");
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {test(test_build), test(test_untouched), test(test_original), test(test_many), test(test_limit), test(test_listen_pid)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
