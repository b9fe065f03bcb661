/* SPDX-License-Identifier: MIT
 *
 * Descriptors that a program is to find at 3 and behind, when they stand in each other's way.
 */
#include "tty.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "fake.h"
#include "unit.h"

enum { FIRST = 3, PASSED_MAX = 4 };

static ino_t inode(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 ? status.st_ino : 0;
}

/* In a process of its own: pipe i stands at from[i] and must come to FIRST + i, to stay open over an exec. 0, or what is wrong. */
static int pass(const int *from, unsigned count)
{
	const struct plan plan = {.only_stdio = true};
	int passed[PASSED_MAX];
	ino_t pipes[PASSED_MAX];
	struct job job = {.kind = JOB_SESSION, .console = -1, .passed = passed, .passed_count = count};
	struct child child = {.plan = &plan, .job = &job};

	for (unsigned i = 0; i < count; i++) {
		int ends[2];

		if (pipe(ends) < 0)
			return 10;
		pipes[i] = inode(ends[0]);
		passed[i] = fcntl(ends[0], F_DUPFD_CLOEXEC, 100);
	}
	for (unsigned i = 0; i < count; i++)
		if (dup3(passed[i], from[i], O_CLOEXEC) < 0)
			return 11;
	memcpy(passed, from, count * sizeof *from);
	if (tty_job(&child) < 0)
		return 12;
	for (unsigned i = 0; i < count; i++)
		if (inode(FIRST + (int)i) != pipes[i] || fcntl(FIRST + (int)i, F_GETFD) != 0)
			return 20 + (int)i;
	return 0;
}

static void test_descriptors_in_each_others_way(void **state)
{
	static const struct {
		const char *row;
		int from[PASSED_MAX];
		unsigned count;
	} rows[] = {
		{"at their places", {3, 4, 5, 6}, 4}, {"swapped", {4, 3}, 2}, {"a ring", {4, 5, 6, 3}, 4}, {"from above", {50, 60}, 2}, {"backwards", {6, 5, 4, 3}, 4},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int status;
		pid_t pid = fork();

		if (pid == 0)
			_exit(pass(rows[i].from, rows[i].count));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		check_int(rows[i].row, WEXITSTATUS(status), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_descriptors_in_each_others_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
