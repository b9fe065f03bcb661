/* SPDX-License-Identifier: MIT
 *
 * --secret: a file becomes a variable as it would by $(cat FILE).
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "secret.h"
#include "unit.h"

enum {
	VARIABLE_MAX = 128 * 1024, /* execve(2): MAX_ARG_STRLEN, the end included */
};

/* Reads NAME=place()/file. */
static const char *read_secret(const char *name, const char *file, const char **variable)
{
	static char text[512];

	snprintf(text, sizeof text, "%s=%s", name, in_place(file));
	*variable = NULL;
	return secret_read(text, variable);
}

static void test_content(void **state)
{
	static const struct {
		const char *content, *value;
	} rows[] = {
		{"secret\n", "secret"}, {"secret", "secret"}, {"secret\n\n\n", "secret"}, {"two\nlines\n", "two\nlines"}, {"", ""}, {"\n\n", ""},
		{" spaces \n", " spaces "}, {"a=b=c\n", "a=b=c"}, {"\nfirst\n", "\nfirst"}, {"carriage\r\n", "carriage\r"}, {"\303\266\n", "\303\266"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char wanted[128];
		const char *variable;

		put_file("file", rows[i].content);
		check_text(rows[i].content, read_secret("NAME", "file", &variable), NULL);
		snprintf(wanted, sizeof wanted, "NAME=%s", rows[i].value);
		check_text(rows[i].content, variable, wanted);
	}
}

/* One does not overwrite the other. */
static void test_two(void **state)
{
	const char *first, *second;

	(void)state;
	put_file("one", "1");
	put_file("two", "22");
	assert_null(read_secret("A", "one", &first));
	assert_null(read_secret("B", "two", &second));
	assert_string_equal(first, "A=1");
	assert_string_equal(second, "B=22");
}

static void test_refused(void **state)
{
	FILE *file;
	const char *variable;

	(void)state;
	put_directory("directory");
	put_file("nul", "");
	file = fopen(in_place("nul"), "w");
	assert_non_null(file);
	assert_int_equal(fwrite("a\0b", 1, 3, file), 3);
	assert_int_equal(fclose(file), 0);
	assert_non_null(strstr(read_secret("A", "nowhere", &variable), "not there; "));
	assert_non_null(strstr(read_secret("A", "directory", &variable), "cannot be read; "));
	assert_non_null(strstr(read_secret("A", "nul", &variable), "NUL byte"));
}

/* Just what a variable can hold, and one byte more. */
static void test_size(void **state)
{
	char *text = malloc(VARIABLE_MAX + 1);
	const char *variable, *wrong;

	(void)state;
	assert_non_null(text);
	for (int more = 0; more <= 1; more++) {
		size_t length = (size_t)(VARIABLE_MAX - 3 + more); /* "A=" and the end */

		memset(text, 's', length);
		text[length] = '\0';
		put_file("file", text);
		wrong = read_secret("A", "file", &variable);
		if (more) {
			assert_non_null(wrong);
			assert_non_null(strstr(wrong, "too large"));
		} else {
			assert_null(wrong);
			assert_int_equal(strlen(variable), VARIABLE_MAX - 1);
		}
	}
	free(text);
}

static void test_long_name(void **state)
{
	char *text = malloc(2 * VARIABLE_MAX);
	const char *variable;

	(void)state;
	assert_non_null(text);
	memset(text, 'N', 2 * VARIABLE_MAX);
	strcpy(text + 2 * VARIABLE_MAX - 16, "=/dev/null");
	assert_non_null(strstr(secret_read(text, &variable), "too long"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {test(test_content), test(test_two), test(test_refused), test(test_size), test(test_long_name)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
