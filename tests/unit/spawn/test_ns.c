/* SPDX-License-Identifier: MIT
 *
 * The short steps of a container's PID 1: which descriptors stay, parent death, names.
 */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "child.h"
#include "fake.h"
#include "ns.h"
#include "unit.h"

static struct container container;
static struct job job;

static struct child child_of(struct plan *plan)
{
	container = (struct container){.report = 3, .words = -1};
	job = (struct job){.kind = JOB_SHARED, .console = -1};
	return (struct child){.plan = plan, .job = &job, .container = &container};
}

/* Every descriptor from 3 on is closed, once, but those that are kept. */
static void test_descriptors(void **state)
{
	static const struct {
		int report, console, log_fd;
	} rows[] = {
		{3, -1, 2}, {4, -1, 2}, {9, -1, 2}, {3, 4, 2}, {4, 3, 2}, {5, 3, 4}, {3, 5, 9}, {20, 10, 15}, {3, 4, 5}, {7, 7, 7},
		{3, -1, 1}, {1023, 3, 512}, {4, -1, 3}, {1, 2, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = new_plan();
		struct child child = child_of(plan);
		long next = 3;
		char row[64];
		unsigned first;
		int last;

		snprintf(row, sizeof row, "report %d, console %d, log %d", rows[i].report, rows[i].console, rows[i].log_fd);
		container.report = rows[i].report;
		job.console = rows[i].console;
		plan->log_fd = rows[i].log_fd;
		fake_reset();
		check_int(row, ns_descriptors(&child), 0);
		for (size_t line = 0; fake_line(line); line++) {
			check_int(row, sscanf(fake_line(line), "sys_close_range %u to %d", &first, &last), 2);
			for (; next < (long)first; next++)
				check_true(row, next == rows[i].report || next == rows[i].console || next == rows[i].log_fd);
			check_true(row, last < 0 || (long)last >= (long)first);
			check_true(row, (rows[i].report < (int)first || (last >= 0 && rows[i].report > last)) &&
			                (rows[i].console < (int)first || (last >= 0 && rows[i].console > last)) &&
			                (rows[i].log_fd < (int)first || (last >= 0 && rows[i].log_fd > last)));
			next = last < 0 ? LONG_MAX : (long)last + 1;
		}
		check_true(row, next == LONG_MAX); /* to the end */
	}
}

static void test_descriptor_of_words(void **state)
{
	struct child child = child_of(new_plan());

	(void)state;
	container.words = 7;
	assert_int_equal(ns_descriptors(&child), 0);
	assert_string_equal(fake_text(), "sys_close_range 4 to 6\nsys_close_range 8 to -1\n");
}

/* What is written, and that nothing is where there is nothing to set. */
static void test_clocks(void **state)
{
	static const struct {
		struct clock_offset clocks[CLOCKS];
		const char *text;
	} rows[] = {
		{{{false, 0}, {false, 0}}, ""},
		{{{true, 5}, {false, 0}}, "monotonic 5 0\n"},
		{{{false, 0}, {true, -86400}}, "boottime -86400 0\n"},
		{{{true, 0}, {true, 2147483647}}, "monotonic 0 0\nboottime 2147483647 0\n"},
		{{{true, -2147483647}, {true, -1}}, "monotonic -2147483647 0\nboottime -1 0\n"},
	};

	(void)state;
	put_file("self/ns/time_for_children", "");
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = new_plan();
		struct child child = child_of(plan);

		put_file("self/timens_offsets", "");
		memcpy(plan->clocks, rows[i].clocks, sizeof plan->clocks);
		fake_reset();
		fake_proc(in_place("self"));
		assert_int_equal(ns_time(&child), 0);
		assert_string_equal(fake_text(), "");
		plan->namespaces = CLONE_NEWTIME;
		assert_int_equal(ns_time(&child), 0);
		assert_string_equal(fake_line(0), "sys_unshare 0x80");
		assert_int_equal(fake_count("setns"), 1);
		check_text(rows[i].text, file_text("self/timens_offsets"), rows[i].text);
	}
}

static void test_descriptors_fail(void **state)
{
	struct child child = child_of(new_plan());

	(void)state;
	container.report = 10;
	for (int nth = 1; nth <= 2; nth++) {
		fake_reset();
		fake_fail("sys_close_range", nth, ENOSYS);
		assert_int_equal(ns_descriptors(&child), -1);
		assert_int_equal(errno, ENOSYS);
	}
}

static void test_parent_death(void **state)
{
	struct plan *plan = new_plan();
	struct child child = child_of(plan);
	char wanted[64];
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	container.report = ends[1];
	assert_int_equal(ns_parent_death(&child), 0);
	assert_string_equal(fake_text(), "");
	plan->parent_death = SIGHUP;
	assert_int_equal(ns_parent_death(&child), 0);
	snprintf(wanted, sizeof wanted, "prctl %d %d\n", PR_SET_PDEATHSIG, SIGHUP);
	assert_string_equal(fake_text(), wanted);
	fake_fail("prctl", 2, EINVAL);
	assert_int_equal(ns_parent_death(&child), -1);
	assert_int_equal(errno, EINVAL);
	/* The launcher was gone before we asked: nobody would tell us any more. */
	fake_reset();
	close(ends[0]);
	assert_int_equal(ns_parent_death(&child), -1);
	assert_int_equal(errno, ESRCH);
}

/* A keyring of our own, where there are keyrings; and what /proc/1 shows is closed where it would be the host's. */
static void test_secrets(void **state)
{
	static const struct {
		unsigned long namespaces;
		int error, result;
	} rows[] = {
		{CLONE_NEWPID, 0, 0}, {CLONE_NEWPID, ENOSYS, 0}, {CLONE_NEWPID, EDQUOT, 0}, {CLONE_NEWPID, EACCES, -1},
		{CLONE_NEWPID | CLONE_NEWUSER, 0, 0},
	};
	char dumpable[32];

	(void)state;
	snprintf(dumpable, sizeof dumpable, "prctl %d 0\n", PR_SET_DUMPABLE);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = new_plan();
		struct child child = child_of(plan);

		plan->namespaces = rows[i].namespaces;
		fake_reset();
		if (rows[i].error)
			fake_fail("sys_join_keyring", 1, rows[i].error);
		assert_int_equal(ns_secrets(&child), rows[i].result);
		assert_int_equal(fake_count("sys_join_keyring"), 1);
		assert_int_equal(strstr(fake_text(), dumpable) != NULL, rows[i].result == 0 && !(rows[i].namespaces & CLONE_NEWUSER));
	}
}

static void test_names(void **state)
{
	struct plan *plan = new_plan();
	struct child child = child_of(plan);

	(void)state;
	assert_int_equal(ns_hostname(&child), 0);
	assert_int_equal(ns_domainname(&child), 0);
	assert_string_equal(fake_text(), "");
	plan->hostname = "box";
	plan->domainname = "here";
	assert_int_equal(ns_hostname(&child), 0);
	assert_int_equal(ns_domainname(&child), 0);
	assert_string_equal(fake_text(), "sethostname box\nsetdomainname here\n");
	fake_fail("sethostname", 2, EPERM);
	fake_fail("setdomainname", 2, EPERM);
	assert_int_equal(ns_hostname(&child), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ns_domainname(&child), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_descriptors), test(test_descriptor_of_words), test(test_descriptors_fail), test(test_clocks), test(test_parent_death), test(test_secrets), test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
