/* SPDX-License-Identifier: MIT
 *
 * What a launcher makes of the words of a PID 1 that somebody inside has taken over: it neither waits for ever nor touches what
 * is no longer the container's.
 */
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "announce.h"
#include "loop.h"
#include "report.h"
#include "unit.h"

static int ends[2]; /* the launcher's, PID 1's */

static struct loop loop_of(const struct plan *plan)
{
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	return (struct loop){.plan = plan, .reports = ends[0], .console = -1, .launcher = -1};
}

static void tell(const struct report *report)
{
	assert_int_equal(write(ends[1], report, sizeof *report), sizeof *report);
}

/* The second word would go to whatever has the descriptor's number by then. */
static void test_ready_twice(void **state)
{
	const struct report started = {.kind = REPORT_STARTED};
	struct plan *plan = new_plan();
	struct loop loop = loop_of(plan);
	int first[2], other[2];
	char text[8];

	(void)state;
	assert_int_equal(pipe(first), 0);
	assert_int_equal(pipe2(other, O_NONBLOCK), 0);
	plan->ready_fd = first[1];
	tell(&started);
	report_read(&loop);
	check_int("first", read(first[0], text, sizeof text), 1);
	check_int("closed", fcntl(plan->ready_fd, F_GETFD), -1);
	assert_int_equal(dup2(other[1], plan->ready_fd), plan->ready_fd);
	tell(&started);
	report_read(&loop);
	check_int("nothing was written", read(other[0], text, sizeof text), -1);
	check_int("still open", fcntl(plan->ready_fd, F_GETFD), 0);
}

/* Times were announced and do not come. The alarm is for a launcher that waits for them. */
static void test_times_that_do_not_come(void **state)
{
	static const char *const traces[] = {NULL, "-"};
	const struct report times = {.kind = REPORT_TIMES};

	(void)state;
	alarm(20);
	for (size_t i = 0; i < COUNT(traces); i++) {
		struct plan *plan = new_plan();
		struct loop loop = loop_of(plan);

		plan->trace = traces[i];
		tell(&times);
		report_read(&loop);
		check_int("nobody is listened to any more", loop.reports, -1);
	}
	alarm(0);
}

/* Words that are none, and those about what the container does not have. */
static void test_words_that_are_none(void **state)
{
	static const struct report rows[] = {
		{.kind = (enum report_kind)-1}, {.kind = (enum report_kind)1000},
		{.kind = REPORT_FAULT, .fault = {.step = STEP_NONE}}, {.kind = REPORT_FAULT, .fault = {.step = STEP_COUNT}},
		{.kind = REPORT_FAULT, .fault = {.step = (enum step)-1}}, {.kind = REPORT_FAULT, .fault = {.step = STEP_BINDS, .index = 0}},
		{.kind = REPORT_FAULT, .fault = {.step = STEP_MOUNTS, .index = 1 << 20}},
		{.kind = REPORT_STOPPED, .signal = 0}, {.kind = REPORT_STOPPED, .signal = -1}, {.kind = REPORT_STOPPED, .signal = 65},
		{.kind = REPORT_TERMINAL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct loop loop = loop_of(new_plan());

		tell(&rows[i]);
		report_read(&loop);
		check_int("reports", loop.reports, -1);
		check_int("fault", loop.fault.step, STEP_NONE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_ready_twice), test(test_times_that_do_not_come), test(test_words_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
