/* SPDX-License-Identifier: MIT
 *
 * Our own file out of a container's reach. The kernel's own calls, in a process of its own: after the exec this test is the
 * copy, starts again with main(), and says what it has become.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake.h"
#include "self.h"
#include "unit.h"

enum { PART_MAX = 1 << 18 }; /* more than the kernel takes in one word, execve(2) */

static sigset_t only(int signal)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	return set;
}

/* What becomes of a process that seals itself; its last words. The copy comes by here as well, and must not copy again. */
static void seal(char **argv, char **environment, bool always)
{
	char file[64] = "", name[16] = "";
	const sigset_t caller = only(SIGUSR1);
	sigset_t mask;
	int result, error;

	fake_real("sys_signal_mask");
	fake_real("prctl");
	result = self_seal(argv, environment, always, &caller);
	error = errno;
	if (readlink("/proc/self/exe", file, sizeof file - 1) < 0 || sigprocmask(SIG_SETMASK, NULL, &mask) < 0)
		_exit(1);
	prctl(PR_GET_NAME, name);
	printf("result %d, error %d, %s, name %s, word %s, variable %s, holds%s%s", result, result < 0 ? error : 0,
	       strstr(file, "memfd:nsinit") ? "copy" : "original", strcmp(name, "nsinit") == 0 ? name : "other", argv[1],
	       environment[0] ? environment[0] : "none", sigismember(&mask, SIGUSR1) ? " USR1" : "", sigismember(&mask, SIGUSR2) ? " USR2" : "");
	if (strstr(file, "memfd:") && !(fcntl(open("/proc/self/exe", O_RDONLY), F_GET_SEALS) & F_SEAL_WRITE))
		printf(", could be written to");
	fflush(stdout);
	_exit(0);
}

/* Seals a new process, which holds USR2 and whose caller held USR1. */
static const char *sealed(bool always, const char *call, int error)
{
	char *argv[] = {"self", "word", NULL}, *environment[] = {"SEALED=1", NULL};
	const sigset_t held = only(SIGUSR2);
	static char told[512];
	ssize_t length;
	int ends[2], status;
	pid_t pid;

	fflush(stdout);
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		sigprocmask(SIG_SETMASK, &held, NULL);
		if (call)
			fake_fail(call, 1, error);
		seal(argv, environment, always);
	}
	close(ends[1]);
	length = read(ends[0], told, sizeof told - 1);
	close(ends[0]);
	told[length > 0 ? length : 0] = '\0';
	assert_int_equal(waitpid(pid, &status, 0), pid);
	check_int(told, status, 0);
	return told;
}

#define UNTOUCHED "original, name other, word word, variable SEALED=1, holds USR2"

/* The words, the environment and the caller's mask are what the copy finds. It knows that it is one. */
static void test_copy(void **state)
{
	(void)state;
	check_text("always", sealed(true, NULL, 0), "result 0, error 0, copy, name nsinit, word word, variable SEALED=1, holds USR1");
}

/* Where the kernel keeps running files from being written to, a start needs no copy. It is asked, for this kernel and others. */
static void test_busy(void **state)
{
	int fd = open("/proc/self/exe", O_RDWR | O_CLOEXEC);

	(void)state;
	check_part("this kernel", sealed(false, NULL, 0), fd < 0 ? UNTOUCHED : "copy, name nsinit");
	close(fd);
	check_text("busy", sealed(false, "openat", ETXTBSY), "result 0, error 0, " UNTOUCHED);
}

/* Who joins must not go on without; to a start it is a help. */
static void test_file_is_not_there(void **state)
{
	char expected[160];

	(void)state;
	check_text("start", sealed(false, "openat", ENOENT), "result 0, error 0, " UNTOUCHED);
	sprintf(expected, "result -1, error %d, %s", ENOENT, UNTOUCHED);
	check_text("join", sealed(true, "openat", ENOENT), expected);
}

/* The mask is as it was, for a message and an end in order. */
static void test_mask_after_a_failure(void **state)
{
	sigset_t mask;
	char *argv[] = {"self", NULL}, *environment[] = {NULL};
	const sigset_t caller = only(SIGUSR1);

	(void)state;
	fake_real("sys_signal_mask");
	argv[0] = calloc(1, PART_MAX);
	memset(argv[0], 'w', PART_MAX - 1);
	check_int("result", self_seal(argv, environment, true, &caller), -1);
	check_int("error", errno, E2BIG);
	free(argv[0]);
	sigprocmask(SIG_SETMASK, NULL, &mask);
	check_int("the caller's mask is taken back", sigismember(&mask, SIGUSR1), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		test(test_copy), test(test_busy), test(test_file_is_not_there), test(test_mask_after_a_failure),
	};

	if (argc > 1)
		seal(argv, environ, true);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
