/* SPDX-License-Identifier: MIT
 *
 * How a container's PID 1 is made: what the launcher gets back, and how a fault inside reaches it. The clone is a
 * plain fork here, or none.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake.h"
#include "spawn.h"
#include "unit.h"

static const struct job shared = {.kind = JOB_SHARED, .console = -1};

static int open_descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* The launcher's side: the pid, and the reading end of a pipe that the program will not have. */
static void test_launcher(void **state)
{
	struct plan *plan = new_plan();
	struct fault fault = {.step = STEP_NONE};
	struct report report;
	struct held held;
	int before = open_descriptors();

	(void)state;
	plan->namespaces = CLONE_NEWPID | CLONE_NEWNS;
	assert_true(spawn_container(plan, &shared, NULL, &held, &fault) > 0);
	assert_string_equal(fake_text(), "sys_fork 0x20020000\n");
	assert_int_equal(open_descriptors(), before + 1);
	assert_int_equal(fcntl(held.report, F_GETFD), FD_CLOEXEC);
	assert_int_equal(read(held.report, &report, sizeof report), 0); /* nobody has the other end: there was no fork */
}

static void test_no_clone(void **state)
{
	static const int errors[] = {EPERM, ENOSPC, EINVAL, EAGAIN, ENOMEM};

	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++) {
		struct fault fault = {.step = STEP_NONE};
		struct held held;
		int before = open_descriptors();

		fake_reset();
		fake_fail("sys_fork", 1, errors[i]);
		assert_int_equal(spawn_container(new_plan(), &shared, NULL, &held, &fault), -1);
		assert_int_equal(fault.step, STEP_CLONE);
		assert_int_equal(fault.error, errors[i]);
		assert_int_equal(open_descriptors(), before);
	}
}

/* Makes a container out of a fork of ours. The exit code of its PID 1, and what it reported. */
static int make(const struct plan *plan, struct report *report, ssize_t *length)
{
	struct fault fault;
	struct held held;
	int status;
	pid_t pid;

	fake_real("sys_fork");
	pid = spawn_container(plan, &shared, NULL, &held, &fault);
	assert_true(pid >= 0);
	if (pid == 0) /* complete: both ends of the pipe work */
		_exit(write(held.report, &(struct report){.kind = REPORT_STOPPED, .signal = 7}, sizeof *report) == sizeof *report ? 70 : 71);
	*length = read(held.report, report, sizeof *report);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* A container without a namespace, on the host's root, has next to nothing to do. */
static void test_complete(void **state)
{
	struct report report;
	ssize_t length;

	(void)state;
	assert_int_equal(make(new_plan(), &report, &length), 70);
	assert_int_equal(length, sizeof report);
	assert_int_equal(report.kind, REPORT_STOPPED);
	assert_int_equal(report.signal, 7);
}

/* PID 1 reports its fault and ends. */
static void test_fault(void **state)
{
	static const struct {
		enum step step;
		const char *call;
		int error;
	} rows[] = {
		{STEP_DESCRIPTORS, "sys_close_range", ENOSYS}, {STEP_PROPAGATION, "sys_mount", EPERM}, {STEP_HOSTNAME, "sethostname", EPERM},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = new_plan();
		struct report report;
		ssize_t length;

		plan->hostname = "box";
		fake_reset();
		fake_fail(rows[i].call, 1, rows[i].error);
		assert_int_equal(make(plan, &report, &length), 125);
		assert_int_equal(length, sizeof report);
		assert_int_equal(report.kind, REPORT_FAULT);
		assert_int_equal(report.fault.step, rows[i].step);
		assert_int_equal(report.fault.error, rows[i].error);
	}
}

/* In a process of its own, because the program's borrows our memory. */
static int start_program(const struct plan *plan, char **argv, struct fault *fault)
{
	sigset_t mask;
	int status = 0;
	pid_t pid;

	sigemptyset(&mask);
	pid = spawn_program(plan, argv, &shared, &mask, fault);
	if (pid < 0)
		return -1;
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -2;
}

/* The fault of a program is simply there; that of an earlier one is not. */
static void test_program(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	put_file("seven", "#!/bin/sh\nexit 7\n");
	assert_int_equal(chmod(in_place("seven"), 0755), 0);
	pid = fork();
	if (pid == 0) {
		char *environment[] = {NULL}, *argv[] = {NULL, (char *)in_place("seven"), NULL}, *nowhere[] = {NULL, (char *)"/nowhere", NULL};
		struct plan *plan = new_plan();
		struct fault fault = {.step = STEP_CWD};

		fake_real("execve");
		fake_real("sys_signal_mask");
		plan->envp = environment;
		if (start_program(plan, nowhere + 1, &fault) != -1 || fault.step != STEP_EXEC || fault.error != ENOENT)
			_exit(1);
		if (waitpid(-1, NULL, 0) != -1) /* it has been waited for */
			_exit(2);
		if (start_program(plan, argv + 1, &fault) != 7 || fault.step != STEP_NONE)
			_exit(3);
		plan->cwd = "/nowhere";
		if (start_program(plan, argv + 1, &fault) != -1 || fault.step != STEP_CWD || fault.error != ENOENT)
			_exit(4);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_launcher), test(test_no_clone), test(test_complete), test(test_fault), test(test_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
