/* SPDX-License-Identifier: MIT
 *
 * Files of variables.
 */
#include <stdio.h>

#include "envfile.h"
#include "unit.h"

static const char *all(const char *text)
{
	static char copy[512], found[512];
	char *at = copy, *variable;

	strcpy(copy, text);
	found[0] = '\0';
	while ((variable = envfile_next(&at)))
		sprintf(strchr(found, '\0'), "<%s>", variable);
	return found;
}

static void test_files(void **state)
{
	static const struct {
		const char *text, *found;
	} rows[] = {
		{"", ""}, {"A=1", "<A=1>"}, {"A=1\nB=2\n", "<A=1><B=2>"}, {"# c\n;c\n\n A=1\n", "<A=1>"}, {"A=\n", "<A=>"}, {"A=a b \n", "<A=a b>"},
		{"A=\"a b \" \n", "<A=a b >"}, {"A='$x \\n'\n", "<A=$x \\n>"}, {"A=\"\\\"\\$\\x\"\n", "<A=\"$\\x>"}, {"A=a\\\nb\n", "<A=ab>"},
		{"A=\"a\nb\"\nC=1", "<A=a\nb><C=1>"}, {"nothing\nA=1", "<A=1>"}, {"1A=1\nB=2", "<B=2>"}, {"export A=1", "<A=1>"}, {"A=1\r\nB=2\r\n", "<A=1><B=2>"},
		{"A=b=c", "<A=b=c>"}, {"A=\"open", "<A=open>"}, {"A=x\\", "<A=x>"}, {"A=a#b", "<A=a#b>"}, {"=x\nA=1", "<A=1>"}, {"A= 1", "<A=1>"},
		{"DAEMON_OPTS=\"-a -b 'c d'\"\n", "<DAEMON_OPTS=-a -b 'c d'>"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_text(rows[i].text, all(rows[i].text), rows[i].found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {test(test_files)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
