/* SPDX-License-Identifier: MIT
 *
 * The personalities: which name is whose, what their command lines and variables come to, and how they speak.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "fault.h"
#include "option.h"
#include "personality.h"
#include "role.h"
#include "unit.h"

static const char *const names[] = {"nsinit", "docker-init", "tini", "dumb-init", "catatonit", "pause"};

static void test_choice(void **state)
{
	static const struct {
		const char *argv0, *name;
	} rows[] = {
		{"nsinit", "nsinit"}, {"tini", "tini"}, {"dumb-init", "dumb-init"}, {"catatonit", "catatonit"}, {"pause", "pause"},
		{"/sbin/tini", "tini"}, {"./dumb-init", "dumb-init"}, {"/pause", "pause"}, {"/sbin/docker-init", "docker-init"},
		{"tini-static", "tini"}, {"tini-static-amd64", "tini"}, {"dumb-init_1.2.5_x86_64", "dumb-init"}, {"catatonit.x86_64", "catatonit"},
		{"/run/podman-init", "docker-init"}, {"/dev/init", "docker-init"}, {"/sbin/init", "init"}, {"dev/init", "init"}, {"pause-amd64", "pause"}, {"tinier", "nsinit"}, {"-", "nsinit"}, {"Tini", "nsinit"}, {"tini/", "nsinit"}, {"/tini/x", "nsinit"}, {"", "nsinit"}, {"/", "nsinit"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_text(rows[i].argv0, personality_choose(rows[i].argv0)->name, rows[i].name);
	assert_string_equal(personality_choose(NULL)->name, "nsinit");
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		const struct personality *as = personality_choose(names[i]);

		check_text(names[i], as->name, names[i]);
		check_true(names[i], as->set && as->usage && as->version);
		check_true(names[i], as->version[strlen(as->version) - 1] == '\n' && as->usage[strlen(as->usage) - 1] == '\n');
		check_true(names[i], as->speaks_on == STDOUT_FILENO || as->speaks_on == STDERR_FILENO);
		for (size_t level = 0; level < COUNT(as->style.levels); level++)
			check_true(names[i], as->style.levels[level] != NULL);
		check_true(names[i], as->failed > 0 && as->not_found > 0 && as->not_executable > 0);
		check_true(names[i], !as->exec_failed == !as->exec_why);
		check_int(names[i], as->here, strcmp(names[i], "nsinit") != 0);
	}
}

/* Every set of options can be told apart and has words. */
static void test_sets(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		const struct option_set *set = personality_choose(names[i])->set;

		for (size_t j = 0; j < set->count; j++) {
			const struct option *option = &set->options[j];

			check_true(names[i], option->name || option->letter);
			check_true(names[i], option->parse && option->help && option->group < OPTIONS_GROUPS);
			for (size_t k = 0; k < j; k++) {
				check_true(names[i], !option->name || !set->options[k].name || strcmp(option->name, set->options[k].name) != 0);
				check_true(names[i], !option->letter || option->letter != set->options[k].letter);
			}
		}
		for (size_t j = 0; j < set->variable_count; j++)
			check_true(names[i], set->variables[j].name && set->variables[j].parse && set->variables[j].help);
	}
}

/* A plan of that name's, as main.c makes one. The index of the program, or -1. */
static int parse(const char *name, struct plan **plan, const char *text, const char *variable)
{
	char *environment[] = {(char *)variable, NULL};
	const struct personality *as = personality_choose(name);

	*plan = new_plan();
	(*plan)->personality = as;
	if (as->defaults)
		as->defaults(*plan);
	return option_parse(as->set, *plan, words(text), environment);
}

static void test_tini(void **state)
{
	static const struct {
		const char *words, *variable;
		int program;
		bool group, subreaper, warn_reap;
		int verbosity, parent_death, success;
	} rows[] = {
		{"x", NULL, 1, false, false, false, 1, 0, -1},
		{"-- x", NULL, 2, false, false, false, 1, 0, -1},
		{"-gsw -- x", NULL, 3, true, true, true, 1, 0, -1},
		{"-vvv x", NULL, 2, false, false, false, 4, 0, -1},
		{"-v -v x", NULL, 3, false, false, false, 3, 0, -1},
		{"-p SIGTERM -e 143 x", NULL, 5, false, false, false, 1, SIGTERM, 143},
		{"-pTERM -e143 x", NULL, 3, false, false, false, 1, SIGTERM, 143},
		{"x", "TINI_SUBREAPER=", 1, false, true, false, 1, 0, -1}, /* set at all */
		{"x", "TINI_KILL_PROCESS_GROUP=1", 1, true, false, false, 1, 0, -1},
		{"x", "TINI_VERBOSITY=3", 1, false, false, false, 3, 0, -1},
		{"x", "NSINIT_GROUP=1", 1, false, false, false, 1, 0, -1},
		{"-y x", NULL, -1, false, false, false, 0, 0, -1},
		{"--group x", NULL, -1, false, false, false, 0, 0, -1},
		{"--rootfs / x", NULL, -1, false, false, false, 0, 0, -1},
		{"-e 256 x", NULL, -1, false, false, false, 0, 0, -1},
		{"-p NOPE x", NULL, -1, false, false, false, 0, 0, -1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan;

		check_int(rows[i].words, parse("tini", &plan, rows[i].words, rows[i].variable), rows[i].program);
		said();
		if (rows[i].program < 0)
			continue;
		check_int(rows[i].words, plan->group, rows[i].group);
		check_int(rows[i].words, plan->subreaper, rows[i].subreaper);
		check_int(rows[i].words, plan->warn_reap, rows[i].warn_reap);
		check_int(rows[i].words, plan->verbosity, rows[i].verbosity);
		check_int(rows[i].words, plan->parent_death, rows[i].parent_death);
		for (int code = 0; code < 256; code++)
			check_int(rows[i].words, plan->remap[code], code == rows[i].success);
	}
}

static void test_dumb_init(void **state)
{
	static const struct {
		const char *words, *variable;
		int program;
		bool session;
		int from, to; /* what becomes of a signal */
		int verbosity;
	} rows[] = {
		{"x", NULL, 1, true, 0, 0, 1},
		{"-- x", NULL, 2, true, 0, 0, 1},
		{"-c x", NULL, 2, false, 0, 0, 1},
		{"--single-child x", NULL, 2, false, 0, 0, 1},
		{"x", "DUMB_INIT_SETSID=0", 1, false, 0, 0, 1},
		{"x", "DUMB_INIT_SETSID=1", 1, true, 0, 0, 1},
		{"-r 15:3 x", NULL, 3, true, 15, 3, 1},
		{"--rewrite 15:0 x", NULL, 3, true, 15, 0, 1},
		{"-v x", NULL, 2, true, 0, 0, 3},
		{"x", "DUMB_INIT_DEBUG=1", 1, true, 0, 0, 3},
		{"x", "DUMB_INIT_DEBUG=0", 1, true, 0, 0, 1},
		{"-r 15 x", NULL, -1, true, 0, 0, 0},
		{"-r 0:15 x", NULL, -1, true, 0, 0, 0},
		{"-s x", NULL, -1, true, 0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan;

		check_int(rows[i].words, parse("dumb-init", &plan, rows[i].words, rows[i].variable), rows[i].program);
		said();
		if (rows[i].program < 0)
			continue;
		check_int(rows[i].words, plan->session, rows[i].session);
		check_int(rows[i].words, plan->group, rows[i].session); /* the program's whole session, or it alone */
		check_int(rows[i].words, plan->verbosity, rows[i].verbosity);
		check_int(rows[i].words, plan->clear_signals, true);
		for (int signal = 1; signal <= PLAN_SIGNAL_MAX; signal++)
			check_int(rows[i].words, plan->rewrite[signal], signal == rows[i].from ? rows[i].to + 1 : 0);
	}
}

static void test_catatonit_and_pause(void **state)
{
	struct plan *plan;

	(void)state;
	assert_int_equal(parse("catatonit", &plan, "-g -- x", NULL), 3);
	assert_true(plan->group);
	assert_false(plan->pause);
	assert_int_equal(parse("catatonit", &plan, "-P", NULL), 2);
	assert_true(plan->pause);
	assert_int_equal(parse("catatonit", &plan, "--version", NULL), 2);
	assert_true(plan->version);
	assert_int_equal(parse("catatonit", &plan, "-s x", NULL), -1);
	assert_int_equal(parse("pause", &plan, "", NULL), 1);
	assert_true(plan->pause);
	assert_int_equal(parse("pause", &plan, "-v", NULL), 2);
	assert_true(plan->version);
	said();
}

/* They all run the program where they are. */
static void test_role(void **state)
{
	struct plan *plan;

	(void)state;
	for (size_t i = 1; i < COUNT(names); i++) {
		parse(names[i], &plan, "x", NULL);
		check_text(names[i], role_choose(1, plan)->name, "entrypoint");
		check_text(names[i], role_choose(4711, plan)->name, "entrypoint");
	}
}

/* What is said of a program that does not start, and the exit code. %d is our pid. */
static void test_words(void **state)
{
	static const struct {
		const char *name;
		enum step step;
		int error, status;
		const char *said;
	} rows[] = {
		{"tini", STEP_EXEC, ENOENT, 127, "[FATAL tini (%d)] exec x failed: No such file or directory\n"},
		{"tini", STEP_EXEC, EACCES, 126, "[FATAL tini (%d)] exec x failed: Permission denied\n"},
		{"dumb-init", STEP_EXEC, ENOENT, 2, "[dumb-init] x: No such file or directory\n"},
		{"catatonit", STEP_EXEC, ENOENT, 1, "ERROR (catatonit:%d): failed to exec x: No such file or directory\n"},
		{"tini", STEP_VFORK, EAGAIN, 1, NULL},
		{"dumb-init", STEP_VFORK, EAGAIN, 1, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fault fault = {.step = rows[i].step, .error = rows[i].error};
		struct plan *plan;
		char wanted[128];

		parse(rows[i].name, &plan, "", NULL);
		plan->argv = words("x") + 1;
		log_style(&plan->personality->style);
		check_int(rows[i].name, fault_report(plan, &fault), rows[i].status);
		if (rows[i].said) {
			snprintf(wanted, sizeof wanted, rows[i].said, (int)getpid());
			check_text(rows[i].name, said(), wanted);
		} else {
			check_part(rows[i].name, said(), strerror(rows[i].error));
		}
	}
}

/* --help fits each of them: the options that it has, and its variables. */
static void test_help(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		const struct option_set *set = personality_choose(names[i])->set;
		struct out out = OUT(STDOUT_FILENO);
		const char *text;

		capture(STDOUT_FILENO);
		option_help(set, &out);
		out_flush(&out);
		text = captured_help();
		check_true(names[i], !strstr(text, "(null)"));
		for (size_t j = 0; j < set->count; j++)
			check_part(names[i], text, set->options[j].help);
		for (size_t j = 0; j < set->variable_count; j++)
			check_part(names[i], text, set->variables[j].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_choice), test(test_rows), test(test_sets), test(test_tini), test(test_dumb_init), test(test_catatonit_and_pause),
		test(test_role), test(test_words), test(test_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
