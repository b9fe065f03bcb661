/* SPDX-License-Identifier: MIT
 *
 * The kernel's command line: which words are options, which are the program, and what quotes do.
 */
#include "cmdline.h"

#include <stdio.h>

#include "fake.h"
#include "option.h"
#include "unit.h"

/* The words of the program, each in brackets. */
static const char *program(struct plan *plan, const char *text)
{
	static char copy[4096], list[4096];
	char **argv;

	assert_true(strlen(text) < sizeof copy);
	strcpy(copy, text);
	argv = cmdline_parse(&option_nsinit, plan, copy);
	assert_string_equal(argv[0], "init");
	assert_string_equal(argv[1], "--");
	list[0] = '\0';
	for (argv += 2; *argv; argv++)
		strcat(strcat(strcat(list, "["), *argv), "]");
	return list;
}

static void test_program(void **state)
{
	static const struct {
		const char *text, *program;
	} rows[] = {
		{"", ""},
		{"console=ttyS0 quiet splash -b\n", ""},
		{"quiet -- /bin/sh -c x\n", "[/bin/sh][-c][x]"},
		{"-- a -- b", "[a][--][b]"},
		{"  --   a\tb  ", "[a][b]"},
		{"-- \"a b\" c", "[a b][c]"},
		{"-- x=\"a b\" y", "[x=a b][y]"},
		{"-- \"x=a b\" y", "[x=a b][y]"},
		{"-- a\"b c\"d e", "[a\"b c\"d][e]"}, /* as the kernel has it: only at an end */
		{"-- \"\" x", "[][x]"},
		{"-- \"open to the end", "[open to the end]"},
		{"-- root=/dev/vda nsinit.grace=1s", "[root=/dev/vda][nsinit.grace=1s]"},
		{"\"-- x\" y", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = new_plan();

		check_text(rows[i].text, program(plan, rows[i].text), rows[i].program);
		check_int(rows[i].text, plan->misread, false);
		check_text(rows[i].text, said(), "");
	}
}

static void test_options(void **state)
{
	struct plan *plan = new_plan();

	(void)state;
	program(plan, "root=LABEL=\"my root\" rootfstype=ext4,xfs rootflags=a,b=c rootwait rw init=/x ip=1.2.3.4 nsinit.grace=5s "
	              "nsinit.exit_port=/dev/ttyS1 nsinit.EPHEMERAL nsinit.respawn=0 nsinit.end=halt nsinit.success=3 other.end=reboot root2=x");
	assert_false(plan->misread);
	assert_string_equal(plan->root, "LABEL=\"my root\""); /* only what follows the first = is a value to the kernel */
	assert_string_equal(plan->root_type, "ext4,xfs");
	assert_string_equal(plan->root_flags, "a,b=c");
	assert_int_equal(plan->root_wait_ms, 60000);
	assert_true(plan->root_writable);
	assert_string_equal(plan->next_init, "/x");
	assert_string_equal(plan->ip, "1.2.3.4");
	assert_int_equal(plan->grace_ms, 5000);
	assert_string_equal(plan->exit_port, "/dev/ttyS1");
	assert_true(plan->ephemeral);
	assert_false(plan->respawn);
	assert_int_equal(plan->end, END_HALT);
	program(plan, "rw ro rootwait=7");
	assert_false(plan->root_writable);
	assert_int_equal(plan->root_wait_ms, 7000);
	assert_string_equal(said(), "");
}

/* Each is said, and does not keep the rest from being read. */
static void test_wrong_words(void **state)
{
	static const struct {
		const char *text, *said;
	} rows[] = {
		{"nsinit.grcae=5s", "--grcae=5s: no such option; did you mean --grace?"},
		{"nsinit.grace=soon", "grace soon: not a time"},
		{"nsinit.grace", "grace: its value is missing; give grace=TIME"},
		{"root", "root: its value is missing"},
		{"root=", "root '': empty"},
		{"nsinit.version", "--version: no such option"},
		{"nsinit.", "--: no such option"},
		{"nsinit.respawn=maybe", "respawn maybe: not a yes or no"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = new_plan();
		char text[256];

		sprintf(text, "%s nsinit.end=reboot -- x", rows[i].text);
		check_text(rows[i].text, program(plan, text), "[x]");
		check_part(rows[i].text, said_line(rows[i].text), rows[i].said);
		check_int(rows[i].text, plan->misread, true);
		check_int(rows[i].text, plan->end, END_REBOOT);
	}
}

/* More words than there is room for are cut, and the list has its end. */
static void test_too_many(void **state)
{
	char text[4096] = "--";
	const char *list;

	(void)state;
	for (int i = 0; i < 1000; i++)
		strcat(text, " x");
	list = program(new_plan(), text);
	assert_int_equal(strlen(list), 256 * strlen("[x]"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {test(test_program), test(test_options), test(test_wrong_words), test(test_too_many)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
