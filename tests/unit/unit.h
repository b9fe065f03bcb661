/* SPDX-License-Identifier: MIT
 *
 * What every unit test uses: cmocka, the checks, a place for files, and what nsinit said. The checks name the
 * row of a table that failed, which cmocka's own cannot.
 */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plan.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define check_int(row, got, wanted) \
	do { \
		long long got_ = (long long)(got), wanted_ = (long long)(wanted); \
		if (got_ != wanted_) \
			fail_msg("%s: %s is %lld, expected %lld", (row), #got, got_, wanted_); \
	} while (0)

#define check_text(row, got, wanted) \
	do { \
		const char *got_ = (got), *wanted_ = (wanted); \
		if (!got_ || !wanted_ ? got_ != wanted_ : strcmp(got_, wanted_) != 0) \
			fail_msg("%s: %s is \"%s\", expected \"%s\"", (row), #got, got_ ? got_ : "(null)", wanted_ ? wanted_ : "(null)"); \
	} while (0)

/* part occurs in got. */
#define check_part(row, got, part) \
	do { \
		const char *got_ = (got), *part_ = (part); \
		if (!strstr(got_, part_)) \
			fail_msg("%s: %s is \"%s\", expected \"%s\" in it", (row), #got, got_, part_); \
	} while (0)

#define check_true(row, condition) \
	do { \
		if (!(condition)) \
			fail_msg("%s: not so: %s", (row), #condition); \
	} while (0)

/* An ordinary test: before it everything is as new, after it nothing is left. */
#define test(function) cmocka_unit_test_setup_teardown(function, unit_setup, unit_teardown)
int unit_setup(void **state);
int unit_teardown(void **state);

/* What nsinit has logged since the last call. */
const char *said(void);

/* The same, checked to be one whole line that starts with "nsinit: ". */
const char *said_line(const char *row);

/* What was written to fd, stdout or stderr, between the two calls. */
void capture(int fd);
const char *captured(void);

/* The same of a --help: each option on one line, however it was broken. Checks that it fits a terminal of 100 columns. */
const char *captured_help(void);

/* An empty directory of the test's own. */
const char *place(void);

/* A path in it; good for some calls. */
const char *in_place(const char *path);

/* Makes, in it, a file with text, a directory, a link to target. Parents are made. */
void put_file(const char *path, const char *text);
void put_directory(const char *path);
void put_link(const char *path, const char *target);

/* A file's text. */
const char *file_text(const char *path);

/* The path that a descriptor is open on, as seen from place(): "/a" is place()/a. */
const char *path_of(int fd);

/* The words of text, separated by single spaces; "''" is an empty word. The first is "nsinit", and there is a spare one before it. */
char **words(const char *text);

/* A plan of nsinit's, with defaults and nothing else. */
struct plan *new_plan(void);

#endif
