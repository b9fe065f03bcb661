/* SPDX-License-Identifier: MIT
 *
 * Who is left: real processes, as /proc shows them.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake.h"
#include "process.h"
#include "unit.h"

static int hold[2], ready[2];
static struct process seen[16];
static size_t seen_count;

static bool see(const struct process *process, void *argument)
{
	assert_ptr_equal(argument, &seen_count);
	if (seen_count < COUNT(seen))
		seen[seen_count] = *process;
	seen_count++;
	return true;
}

static int look(void)
{
	seen_count = 0;
	return process_descendants(see, &seen_count);
}

static const struct process *seen_as(pid_t pid)
{
	for (size_t i = 0; i < seen_count; i++)
		if (seen[i].pid == pid)
			return &seen[i];
	return NULL;
}

/* Starts a child that has that name, starts another below it if asked to, says its pids and waits for the end. */
static pid_t start(const char *name, bool with_child)
{
	pid_t pid = fork();
	char byte;

	assert_true(pid >= 0);
	if (pid > 0) {
		assert_int_equal(read(ready[0], &byte, 1), 1);
		return pid;
	}
	prctl(PR_SET_NAME, name);
	if (with_child && fork() == 0)
		prctl(PR_SET_NAME, "below");
	else if (with_child)
		with_child = false; /* it is the one below who says that all are ready */
	else
		with_child = true;
	close(hold[1]);
	if (with_child && write(ready[1], "r", 1) != 1)
		_exit(1);
	if (read(hold[0], &byte, 1) < 0)
		_exit(1);
	_exit(0);
}

static void begin(void)
{
	fake_real("prctl");
	assert_int_equal(pipe2(hold, O_CLOEXEC), 0);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
}

/* Lets all of them end. */
static void end(void)
{
	char byte;

	close(hold[1]);
	close(ready[1]);
	while (read(ready[0], &byte, 1) > 0) /* until no one is there who could write */
		;
	while (waitpid(-1, NULL, 0) > 0)
		;
}

static void test_nobody(void **state)
{
	(void)state;
	assert_int_equal(look(), 0);
	assert_int_equal(seen_count, 0);
}

static void test_names(void **state)
{
	static const char *const names[] = {"plain", "two words", "a) S 1 (b", "((((", "))))", ") Z 1 1", "fifteen-letters", ""};

	(void)state;
	begin();
	for (size_t i = 0; i < COUNT(names); i++) {
		pid_t pid = start(names[i], false);
		const struct process *process;

		check_int(names[i], look(), i + 1);
		process = seen_as(pid);
		check_true(names[i], process != NULL);
		check_text(names[i], process->name, names[i]);
		check_int(names[i], process->parent, getpid());
		check_true(names[i], process->state == 'S' || process->state == 'R');
	}
	end();
}

static void test_generations(void **state)
{
	const struct process *below = NULL;
	pid_t pid;

	(void)state;
	begin();
	pid = start("above", true);
	assert_int_equal(look(), 2);
	assert_non_null(seen_as(pid));
	for (size_t i = 0; i < seen_count; i++)
		if (seen[i].parent == pid)
			below = &seen[i];
	assert_non_null(below);
	assert_string_equal(below->name, "below");
	end();
}

/* Who has ended and is only not waited for is not left. */
static void test_zombie(void **state)
{
	siginfo_t info;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(look(), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* Our parent and everybody else are not our descendants. */
static void test_others(void **state)
{
	pid_t pid;

	(void)state;
	begin();
	pid = start("sibling", false);
	if (fork() == 0)
		_exit(look() == 0 && !seen_as(pid) && !seen_as(getppid()) && !seen_as(1) ? 7 : 8);
	for (;;) {
		int status;

		if (waitpid(-1, &status, 0) == pid)
			continue;
		assert_int_equal(WEXITSTATUS(status), 7);
		break;
	}
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_nobody), test(test_names), test(test_generations), test(test_zombie), test(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
