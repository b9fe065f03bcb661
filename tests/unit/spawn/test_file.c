/* SPDX-License-Identifier: MIT
 *
 * One write into a file that is there; every entry of a directory, once.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake.h"
#include "file.h"
#include "unit.h"

enum {
	MANY = 500, /* entries: more than one buffer holds */
};

static void test_write(void **state)
{
	(void)state;
	put_file("there", "old text");
	assert_int_equal(file_write(AT_FDCWD, in_place("there"), "new", 3), 0);
	assert_string_equal(file_text("there"), "new text"); /* a file of the kernel has no length to cut */
	errno = 0;
	assert_int_equal(file_write(AT_FDCWD, in_place("missing"), "new", 3), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(access(in_place("missing"), F_OK), -1);
}

/* The errno of the write is kept over the close. */
static void test_refused(void **state)
{
	(void)state;
	errno = 0;
	assert_int_equal(file_write(AT_FDCWD, "/dev/full", "x", 1), -1);
	assert_int_equal(errno, ENOSPC);
}

static void test_walk(void **state)
{
	bool seen[MANY] = {false};
	struct file_walk walk;
	const struct dirent *entry;
	int count = 0, number;

	(void)state;
	for (int i = 0; i < MANY; i++) {
		char name[32];

		snprintf(name, sizeof name, "many/entry-%d", i);
		put_file(name, "");
	}
	walk = (struct file_walk){.fd = open(in_place("many"), O_RDONLY | O_DIRECTORY)};
	while ((entry = file_next(&walk))) {
		assert_int_equal(sscanf(entry->d_name, "entry-%d", &number), 1);
		assert_true(number >= 0 && number < MANY && !seen[number]);
		seen[number] = true;
		count++;
	}
	assert_int_equal(count, MANY);
	close(walk.fd);
	walk = (struct file_walk){.fd = -1};
	assert_null(file_next(&walk));
}

/* With those above it; one that is there keeps what is in it and gets the mode. */
static void test_directory(void **state)
{
	struct stat status;
	char path[PATH_MAX];

	(void)state;
	strcpy(path, in_place("a/b/c"));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(file_make_directory(path, i == 0 ? 0700 : 01777, NULL), 0);
		assert_string_equal(path, in_place("a/b/c"));
		assert_int_equal(stat(path, &status), 0);
		assert_int_equal(status.st_mode & 07777, i == 0 ? 0700 : 01777);
		assert_int_equal(stat(in_place("a/b"), &status), 0);
		assert_int_equal(status.st_mode & 07777, 0755);
	}
	put_file("file", "");
	strcpy(path, in_place("file/x"));
	errno = 0;
	assert_int_equal(file_make_directory(path, 0700, NULL), -1);
	assert_int_equal(errno, ENOTDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {test(test_write), test(test_refused), test(test_walk), test(test_directory)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
