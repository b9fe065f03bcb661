/* SPDX-License-Identifier: MIT
 *
 * The search for the program: what is tried, in which order, and which failure is told. execve(2) is replaced
 * and always fails; the last tests run real programs.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec.h"
#include "fake.h"
#include "unit.h"

/* Calls exec_program() with the words; environment is one variable or NULL. errno, and argv as it was after. */
static int try_exec(const char *text, const char *variable, char ***argv)
{
	char *environment[] = {(char *)variable, NULL};
	char **list = words(text) + 1;

	check_int(text, exec_program(list, environment), -1);
	if (argv)
		*argv = list;
	return errno;
}

/* What was tried, a line each. */
static const char *tried(void)
{
	static char text[4096];
	const char *line;

	text[0] = '\0';
	for (size_t from = 0; (line = fake_find(&from, "execve "));)
		strcat(strcat(text, line), "\n");
	return text;
}

#define STANDARD_CALLS \
	"execve /usr/local/sbin/x: x\nexecve /usr/local/bin/x: x\nexecve /usr/sbin/x: x\nexecve /usr/bin/x: x\n" \
	"execve /sbin/x: x\nexecve /bin/x: x\n"

static void test_search(void **state)
{
	static const struct {
		const char *words, *path;
		const char *fails; /* the path at which an error is not "no such file" */
		int error, told;
		const char *calls;
	} rows[] = {
		{"x 1 2", "PATH=/a:/b", NULL, 0, ENOENT, "execve /a/x: x 1 2\nexecve /b/x: x 1 2\n"},
		{"x", "PATH=/a", NULL, 0, ENOENT, "execve /a/x: x\n"},
		{"x", NULL, NULL, 0, ENOENT, STANDARD_CALLS},
		{"x", "XPATH=/a", NULL, 0, ENOENT, STANDARD_CALLS},
		{"x", "PATH", NULL, 0, ENOENT, STANDARD_CALLS},
		/* an empty directory is the current one */
		{"x", "PATH=", NULL, 0, ENOENT, "execve x: x\n"},
		{"x", "PATH=:/a", NULL, 0, ENOENT, "execve x: x\nexecve /a/x: x\n"},
		{"x", "PATH=/a:", NULL, 0, ENOENT, "execve /a/x: x\nexecve x: x\n"},
		{"x", "PATH=/a::/b", NULL, 0, ENOENT, "execve /a/x: x\nexecve x: x\nexecve /b/x: x\n"},
		{"x", "PATH=a/b", NULL, 0, ENOENT, "execve a/b/x: x\n"},
		/* a slash: no search */
		{"/a/x", "PATH=/b", NULL, 0, ENOENT, "execve /a/x: /a/x\n"},
		{"./x", "PATH=/b", NULL, 0, ENOENT, "execve ./x: ./x\n"},
		{"a/x", "PATH=/b", NULL, 0, ENOENT, "execve a/x: a/x\n"},
		{"/a/x", "PATH=/b", "/a/x", EACCES, EACCES, "execve /a/x: /a/x\n"},
		/* not executable is worth more than not found, and the search goes on */
		{"passwd", "PATH=/etc:/b", "/etc/passwd", EACCES, EACCES, "execve /etc/passwd: passwd\nexecve /b/passwd: passwd\n"},
		{"passwd", "PATH=/a:/etc", "/etc/passwd", EACCES, EACCES, "execve /a/passwd: passwd\nexecve /etc/passwd: passwd\n"},
		/* but a directory that may not be searched says nothing about the program */
		{"x", "PATH=/a:/b", "/a/x", EACCES, ENOENT, "execve /a/x: x\nexecve /b/x: x\n"},
		{"x", "PATH=/a:/b", "/a/x", ENOTDIR, ENOENT, "execve /a/x: x\nexecve /b/x: x\n"},
		/* found, but: no other is tried */
		{"x", "PATH=/a:/b:/c", "/b/x", E2BIG, E2BIG, "execve /a/x: x\nexecve /b/x: x\n"},
		{"x", "PATH=/a:/b", "/a/x", ETXTBSY, ETXTBSY, "execve /a/x: x\n"},
		/* a script without #! */
		{"x 1", "PATH=/a:/b", "/a/x: x", ENOEXEC, ENOENT, "execve /a/x: x 1\nexecve /bin/sh: /bin/sh /a/x 1\nexecve /b/x: x 1\n"},
		{"/a/x 1", NULL, "/a/x: /a/x", ENOEXEC, ENOENT, "execve /a/x: /a/x 1\nexecve /bin/sh: /bin/sh /a/x 1\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char **argv;

		fake_reset();
		if (rows[i].fails)
			fake_fail_at("execve", rows[i].fails, rows[i].error);
		check_int(rows[i].calls, try_exec(rows[i].words, rows[i].path, &argv), rows[i].told);
		check_text(rows[i].words, tried(), rows[i].calls);
		check_text(rows[i].words, argv[0], words(rows[i].words)[1]); /* for the message */
	}
}

/* No name is no program: not found, as a shell has it, and not "permission denied" of a directory. */
static void test_empty_name(void **state)
{
	(void)state;
	fake_fail_at("execve", "/:", EACCES);
	assert_int_equal(try_exec("''", "PATH=/a:/b", NULL), ENOENT);
}

static void test_too_long(void **state)
{
	static char name[2 * PATH_MAX];

	(void)state;
	memset(name, 'x', PATH_MAX);
	assert_int_equal(try_exec(name, "PATH=/a", NULL), ENAMETOOLONG);
	assert_int_equal(fake_count("execve"), 0);
}

/* A directory that is too long holds nothing; the others are searched. */
static void test_too_long_directory(void **state)
{
	static char variable[2 * PATH_MAX];

	(void)state;
	strcpy(variable, "PATH=/a:");
	memset(variable + strlen(variable), 'd', PATH_MAX);
	strcat(variable, ":/b");
	try_exec("x", variable, NULL);
	assert_non_null(strstr(fake_text(), "execve /a/x: x\n"));
	assert_non_null(strstr(fake_text(), "execve /b/x: x\n"));
}

/* Exit status of the words, run for real in a child, or 256 + errno if nothing was run. */
static int run(const char *text, const char *variable)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		char *environment[] = {(char *)variable, NULL};

		fake_real("execve");
		exec_program(words(text) + 1, environment);
		_exit(errno);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void put_script(const char *path, const char *text, unsigned mode)
{
	put_file(path, text);
	assert_int_equal(chmod(in_place(path), mode), 0);
}

static void test_real(void **state)
{
	char path[256], wrong[256], absolute[256];

	(void)state;
	put_script("one/plain", "#!/bin/sh\nexit 71\n", 0755);
	put_script("two/script", "exit $(($1 + 1))\n", 0755);
	put_script("one/hidden", "#!/bin/sh\nexit 1\n", 0644);
	put_script("two/hidden", "#!/bin/sh\nexit 73\n", 0755);
	put_script("one/locked", "#!/bin/sh\n", 0644);
	put_script("one/name", "[ \"$0\" = \"$1\" ] && exit 74\nexit 2\n", 0755);
	put_script("one/loader", "#!/no/such/interpreter\n", 0755);
	put_script("one/foreign", "\177ELF of another machine", 0755);
	put_file("file", "");
	snprintf(path, sizeof path, "PATH=%s:%s:%s", in_place("file"), in_place("one"), in_place("two"));
	snprintf(wrong, sizeof wrong, "PATH=%s", in_place("nowhere"));
	snprintf(absolute, sizeof absolute, "%s 4", in_place("two/script"));
	assert_int_equal(run("plain", path), 71);
	assert_int_equal(run("script 6", path), 7);
	assert_int_equal(run(absolute, wrong), 5);
	assert_int_equal(run("hidden", path), 73);
	assert_int_equal(run("locked", path), EACCES);
	assert_int_equal(run("loader", path), ENOENT);
	assert_int_equal(run("foreign", path), ENOEXEC); /* which is no script */
	assert_int_equal(run("plain", wrong), ENOENT);
	snprintf(absolute, sizeof absolute, "name %s", in_place("one/name"));
	assert_int_equal(run(absolute, path), 74); /* the script knows where it is */
}

/* The environment is the one given, and no other. */
static void test_environment(void **state)
{
	(void)state;
	put_script("check", "#!/bin/sh\n[ \"$A\" = 1 ] && [ -z \"$HOME\" ] && exit 7\nexit 8\n", 0755);
	assert_int_equal(setenv("HOME", "/", 1), 0);
	assert_int_equal(run(in_place("check"), "A=1"), 7);
}

/* The program is one thing, and the name that it is given another. */
static void test_another_name(void **state)
{
	char *environment[] = {"PATH=/a", NULL};
	char **list;

	(void)state;
	list = words("name 1") + 1;
	check_int("path", exec_named("/b/x", list, environment), -1);
	check_text("path", tried(), "execve /b/x: name 1\n");
	fake_reset();
	check_int("name", exec_named("x", list, environment), -1);
	check_text("name", tried(), "execve /a/x: name 1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_another_name), test(test_search), test(test_empty_name), test(test_too_long), test(test_too_long_directory), test(test_real), test(test_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
