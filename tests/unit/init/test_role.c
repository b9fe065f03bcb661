/* SPDX-License-Identifier: MIT
 *
 * Which role it is: a function of our pid and the options alone. Then the entrypoint's whole life, with real programs
 * and in a process of its own.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake.h"
#include "option.h"
#include "personality.h"
#include "role.h"
#include "signals.h"
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
		{"--memory 64m x", "run", "run"},
		{"--cpus 1 x", "run", "run"},
		{"--pids 9 x", "run", "run"},
		{"--map-uid auto x", "run", "run"},
		{"--map-gid 0:0:1 x", "run", "run"},
		{"--join 4711 x", "join", "join"},
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

/* Under the name init a PID 1 is that of a machine; and nobody else is, unless it is said. */
static void test_names(void **state)
{
	static const struct {
		const char *name, *words, *as_pid_1, *elsewhere;
	} rows[] = {
		{"/init", "x", "boot", "run"},
		{"/sbin/init", "", "boot", "run"},
		{"nsinit", "--boot x", "boot", "boot"},
		{"/sbin/poweroff", "", "client", "client"},
		{"reboot", "-f", "client", "client"},
		{"halt", "", "client", "client"},
		{"tini", "x", "entrypoint", "entrypoint"},
	};
	char *environment[] = {NULL};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = new_plan();

		plan->personality = personality_choose(rows[i].name);
		check_true(rows[i].name, option_parse(plan->personality->set, plan, words(rows[i].words), environment) > 0);
		check_text(rows[i].name, role_choose(1, plan)->name, rows[i].as_pid_1);
		check_text(rows[i].name, role_choose(2, plan)->name, rows[i].elsewhere);
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

/* --- the entrypoint's life --- */

/* The exit code of nsinit -s with these words; "@" is a directory of ours. What it logs is in said(). */
static int life(const char *text)
{
	char *environment[] = {NULL};
	char line[1024];
	const char *at = strchr(text, '@');
	struct plan *plan = new_plan();
	int program, status;
	sigset_t mask;
	pid_t pid;

	snprintf(line, sizeof line, "-s %.*s%s%s", (int)(at ? at - text : (long)strlen(text)), text, at ? place() : "", at ? at + 1 : "");
	program = option_parse(&option_nsinit, plan, words(line), environment);
	check_true(text, program > 0);
	plan->argv = words(line) + program;
	pid = fork();
	if (pid == 0) {
		static const char *const real[] = {
			"kill", "setpgid", "prctl", "execve", "sys_signal_mask", "sys_signal_default", "sys_queue_signal",
		};

		for (size_t i = 0; i < COUNT(real); i++)
			fake_real(real[i]);
		fake_fail_at("openat", "/dev/tty", ENXIO); /* that of whoever runs this test is not ours */
		signals_hold(&mask);
		_exit(role_choose(getpid(), plan)->complete(plan) < 0 ? 124 : role_choose(getpid(), plan)->run(plan, &mask));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	check_true(text, WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_status(void **state)
{
	static const struct {
		const char *words;
		int status;
		const char *said;
	} rows[] = {
		{"true", 0, NULL},
		{"@/exit7", 7, NULL},
		{"-c @/exit7", 7, NULL},
		{"@/die", 143, NULL},
		{"@/script", 9, NULL}, /* no #! */
		{"-- nothing-of-that-name", 127, "program nothing-of-that-name: No such file or directory; "},
		{"@/nowhere", 127, "program /"},
		{"@/locked", 126, ": Permission denied; "},
		{"@", 126, ": Permission denied; "}, /* a directory */
		{"--cwd /nowhere true", 125, "--cwd /nowhere: No such file or directory; "},
		{"--cwd @ ./exit7", 7, NULL},
		{"--env A=8 @/exitA", 8, NULL},
		/* remap */
		{"-e 7 @/exit7", 0, NULL},
		{"-e 0:5 true", 5, NULL},
		{"-e 7:9 @/exit7", 9, NULL},
		{"-e 1-255:3 @/exit7", 3, NULL},
		{"-e 8 @/exit7", 7, NULL},
		{"--success 143 @/die", 0, NULL},
		{"-e 127 -- nothing-of-that-name", 127, "program nothing-of-that-name"}, /* that is not the program's */
		/* rewrite, of a signal that the program sends us */
		{"@/hup-init", 64 + SIGHUP, NULL},
		{"-r HUP:USR1 @/hup-init", 64 + SIGUSR1, NULL},
		{"-r HUP:0,INT:HUP @/hup-int-init", 64 + SIGHUP, NULL}, /* of the INT */
	};
	static const struct {
		const char *name, *text;
		mode_t mode;
	} programs[] = {
		{"exit7", "#!/bin/sh\nexit 7\n", 0755},
		{"exitA", "#!/bin/sh\nexit $A\n", 0755},
		{"die", "#!/bin/sh\nkill $$\n", 0755},
		{"script", "exit 9\n", 0755},
		{"locked", "#!/bin/sh\n", 0644},
		{"hup-init", "#!/bin/sh\ntrap 'exit 65' HUP\ntrap 'exit 74' USR1\nkill -HUP $PPID\nwhile :; do sleep 0.01; done\n", 0755},
		{"hup-int-init", "#!/bin/sh\ntrap 'exit 65' HUP\ntrap 'exit 66' INT\nkill -HUP $PPID\nkill -INT $PPID\n"
		                 "while :; do sleep 0.01; done\n", 0755},
	};

	(void)state;
	assert_int_equal(setenv("PATH", "/usr/bin:/bin", 1), 0);
	for (size_t i = 0; i < COUNT(programs); i++) {
		put_file(programs[i].name, programs[i].text);
		assert_int_equal(chmod(in_place(programs[i].name), programs[i].mode), 0);
	}
	for (size_t i = 0; i < COUNT(rows); i++) {
		check_int(rows[i].words, life(rows[i].words), rows[i].status);
		if (rows[i].said)
			check_part(rows[i].words, said_line(rows[i].words), rows[i].said);
		else
			check_text(rows[i].words, said(), "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {test(test_choice), test(test_names), test(test_rows), test(test_status)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
