/* SPDX-License-Identifier: MIT
 *
 * The formatter, held against printf(3).
 */
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "out.h"
#include "unit.h"

/* The text of a buffer that is kept. */
static const char *text_of(struct out *out)
{
	static char text[2048];

	memcpy(text, out->text, out->length);
	text[out->length] = '\0';
	return text;
}

#define check_format(...) \
	do { \
		struct out out_ = OUT(-1); \
		char wanted_[512]; \
		snprintf(wanted_, sizeof wanted_, __VA_ARGS__); \
		out_print(&out_, __VA_ARGS__); \
		assert_string_equal(text_of(&out_), wanted_); \
	} while (0)

static void test_formats(void **state)
{
	(void)state;
	check_format("plain");
	check_format("%s", "");
	check_format("%s%s", "a", "b");
	check_format("[%s] [%s]", "one", "two");
	check_format("%c%c", 'x', '\t');
	check_format("100%%");
	check_format("%d %d %d", 0, 1, -1);
	check_format("%d %d", INT_MAX, INT_MIN);
	check_format("%u %u", 0U, UINT_MAX);
	check_format("%o %o %o", 0U, 8U, UINT_MAX);
	check_format("%ld %ld %ld", 0L, LONG_MAX, LONG_MIN);
	check_format("%lu %lu", 0UL, ULONG_MAX);
	check_format("%lo", ULONG_MAX);
	check_format("[%5s] [%-5s]", "abc", "abc");
	check_format("[%3s] [%-3s]", "abcdef", "abcdef");
	check_format("[%12s] [%-12s]", "", "");
	check_format("[%4d] [%4d] [%4u]", 7, -7, 7U);
	check_format("%s %d %s", "mixed", -42, "text");
}

/* A kept buffer cuts what does not fit, and is not written behind its end. */
static void test_cut(void **state)
{
	struct {
		struct out out;
		char guard[16];
	} box = {.out = OUT(-1), .guard = "guard"};
	char text[2000];

	(void)state;
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	out_print(&box.out, "%s", text);
	assert_int_equal(box.out.length, sizeof box.out.text);
	out_char(&box.out, 'y');
	out_print(&box.out, "more %d", 1);
	assert_int_equal(box.out.length, sizeof box.out.text);
	assert_int_equal(box.out.text[sizeof box.out.text - 1], 'x');
	assert_string_equal(box.guard, "guard");
	out_flush(&box.out);
	assert_int_equal(box.out.length, sizeof box.out.text);
}

/* A descriptor gets all of it, in the order written. */
static void test_long(void **state)
{
	struct out out = OUT(STDOUT_FILENO);
	char wanted[5000] = "";

	(void)state;
	capture(STDOUT_FILENO);
	for (int i = 0; i < 500; i++) {
		out_print(&out, "line %d\n", i);
		sprintf(wanted + strlen(wanted), "line %d\n", i);
	}
	out_flush(&out);
	out_flush(&out);
	assert_string_equal(captured(), wanted);
}

/* What nobody takes is lost, and nothing else happens. */
static void test_nobody_reads(void **state)
{
	struct out out = OUT(9999);

	(void)state;
	for (int i = 0; i < 3000; i++)
		out_char(&out, 'x');
	out_flush(&out);
	assert_int_equal(out.length, 0);
}

/* A conversion that it does not know ends the text instead of the process. */
static void test_unknown(void **state)
{
	static const char *const formats[] = {"a%", "a%-", "a%5", "a%l", "a%q b"};

	(void)state;
	for (size_t i = 0; i < COUNT(formats); i++) {
		struct out out = OUT(-1);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-security"
		out_print(&out, formats[i]);
#pragma GCC diagnostic pop
		check_text(formats[i], text_of(&out), "a");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {test(test_formats), test(test_cut), test(test_long), test(test_nobody_reads), test(test_unknown)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
