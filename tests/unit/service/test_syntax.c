/* SPDX-License-Identifier: MIT
 *
 * systemd.syntax(7): lines and words.
 */
#include <stdio.h>

#include "syntax.h"
#include "unit.h"

/* All that a text holds: "[S]", "NAME=VALUE@LINE", "!LINE" for a line that is wrong. */
static const char *walk(const char *text)
{
	static char copy[512], found[512];
	struct lines lines = {.at = copy, .end = copy + strlen(text), .next = 1};

	strcpy(copy, text);
	found[0] = '\0';
	for (;;) {
		char *end = strchr(found, '\0');

		switch (syntax_next(&lines)) {
		case LINE_END:
			return found;
		case LINE_SECTION:
			sprintf(end, "[%s]", lines.name);
			break;
		case LINE_ASSIGNMENT:
			sprintf(end, "{%s=%s@%u}", lines.name, lines.value, lines.number);
			break;
		case LINE_WRONG:
			sprintf(end, "!%u", lines.number);
			break;
		}
	}
}

static void test_lines(void **state)
{
	static const struct {
		const char *text, *found;
	} rows[] = {
		{"", ""}, {"\n\n", ""}, {"# c\n; c\n", ""}, {"[Unit]", "[Unit]"}, {"  [Unit]  \n", "[Unit]"}, {"[Unit\n", "!1"}, {"[", "!1"},
		{"a=b", "{a=b@1}"}, {" a = b c \n", "{a=b c@1}"}, {"a=\n", "{a=@1}"}, {"a\n", "!1"}, {"a=b=c", "{a=b=c@1}"}, {"=b", "{=b@1}"},
		{"a=b\\\nc\n", "{a=b c@1}"}, {"a=b\\\n# no\n; no\n  c\nd=e\n", "{a=b c@1}{d=e@5}"}, {"a=b\\\\\nc=d", "{a=b\\\\@1}{c=d@2}"},
		{"a=b\\\\\\\nc", "{a=b\\\\ c@1}"}, {"a=b\\\n\nc=d", "{a=b@1}{c=d@3}"}, {"a=b\\", "{a=b@1}"}, {"a=1\r\nb=2\r\n", "{a=1@1}{b=2@2}"},
		{"a=b # c", "{a=b # c@1}"}, {"\\\na=b", "{a=b@1}"}, {"a=b\\\n\\\n\\\nc", "{a=b   c@1}"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_text(rows[i].text, walk(rows[i].text), rows[i].found);
}

/* A NUL ends its line and no more. */
static void test_nul_byte(void **state)
{
	char text[] = "a=b\0c\nd=e";
	struct lines lines = {.at = text, .end = text + sizeof text - 1, .next = 1};

	(void)state;
	assert_int_equal(syntax_next(&lines), LINE_ASSIGNMENT);
	assert_string_equal(lines.value, "b");
	assert_int_equal(syntax_next(&lines), LINE_ASSIGNMENT);
	assert_string_equal(lines.name, "d");
	assert_int_equal(lines.number, 2);
}

static const char *split(const char *text)
{
	static char copy[256], found[512];
	const char *word = copy;
	int count;

	strcpy(copy, text);
	found[0] = '\0';
	count = syntax_words(copy);
	if (count < 0)
		return "not closed";
	for (int i = 0; i < count; i++, word = syntax_after(word))
		sprintf(strchr(found, '\0'), "<%s>", word);
	return found;
}

static void test_words(void **state)
{
	static const struct {
		const char *text, *found;
	} rows[] = {
		{"", ""}, {"  ", ""}, {"a", "<a>"}, {" a  b ", "<a><b>"}, {"\"a b\" c", "<a b><c>"}, {"'a \"b'", "<a \"b>"}, {"a'b c'd", "<ab cd>"},
		{"''", "<>"}, {"a \"\" b", "<a><><b>"}, {"\"a", "not closed"}, {"a 'b", "not closed"}, {"\"a\\\"b\"", "<a\"b>"},
		{"a\\tb", "<a\tb>"}, {"a\\sb", "<a b>"}, {"\\x41\\102", "<AB>"}, {"\\u00e4", "<\303\244>"}, {"\\U0001F600", "<\360\237\230\200>"},
		{"\\w \\", "<\\w><\\>"}, {"\\x4", "<\\x4>"}, {"\\x00", "<\\x00>"}, {"\\400", "<\\400>"}, {"\\\\", "<\\>"}, {"a\\ b", "<a\\><b>"},
		{"$A ${B}", "<$A><${B}>"}, {"a\"b\"", "<ab>"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_text(rows[i].text, split(rows[i].text), rows[i].found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {test(test_lines), test(test_nul_byte), test(test_words)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
