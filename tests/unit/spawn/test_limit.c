/* SPDX-License-Identifier: MIT
 *
 * What the program may use: limits, niceness, OOM score, umask.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "child.h"
#include "fake.h"
#include "limit.h"
#include "unit.h"

static struct child child_of(struct plan *plan)
{
	put_file("self/oom_score_adj", "");
	fake_reset();
	fake_proc(in_place("self"));
	return (struct child){.plan = plan};
}

static void test_nothing(void **state)
{
	struct child child = child_of(new_plan());

	(void)state;
	assert_int_equal(limit_apply(&child), 0);
	assert_string_equal(fake_text(), "");
	assert_int_equal(umask(0), 022);
}

static void test_all(void **state)
{
	struct plan *plan = new_plan();
	struct child child = child_of(plan);
	char wanted[128];

	(void)state;
	plan->limits[0] = (struct limit){.resource = RLIMIT_NOFILE, .soft = 10, .hard = 20};
	plan->limits[1] = (struct limit){.resource = RLIMIT_CORE, .soft = 0, .hard = 0};
	plan->limit_count = 2;
	plan->nice_set = plan->umask_set = true;
	plan->nice = -5;
	plan->umask = 027;
	assert_int_equal(limit_apply(&child), 0);
	snprintf(wanted, sizeof wanted, "prlimit %d 10 20\nprlimit %d 0 0\nsetpriority %d 0 -5\n", RLIMIT_NOFILE, RLIMIT_CORE, PRIO_PROCESS);
	assert_string_equal(fake_text(), wanted);
	assert_int_equal(umask(0), 027);
}

static void test_oom_score(void **state)
{
	static const struct {
		int score;
		const char *text;
	} rows[] = {{0, "0"}, {1000, "1000"}, {-1000, "-1000"}, {-7, "-7"}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = new_plan();
		struct child child = child_of(plan);

		plan->oom_set = true;
		plan->oom_score_adj = rows[i].score;
		check_int(rows[i].text, limit_apply(&child), 0);
		check_text(rows[i].text, file_text("self/oom_score_adj"), rows[i].text);
	}
}

/* Which of them it was. */
static void test_failures(void **state)
{
	static const struct {
		const char *call;
		int nth, error, index;
	} rows[] = {
		{"prlimit", 1, EPERM, 0}, {"prlimit", 2, EINVAL, 1}, {"setpriority", 1, EACCES, LIMIT_NICE}, {"openat", 1, ENOENT, LIMIT_OOM},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = new_plan();
		struct child child = child_of(plan);

		plan->limit_count = 2;
		plan->nice_set = plan->oom_set = true;
		fake_fail(rows[i].call, rows[i].nth, rows[i].error);
		check_int(rows[i].call, limit_apply(&child), -1);
		check_int(rows[i].call, errno, rows[i].error);
		check_int(rows[i].call, child.fault.index, rows[i].index);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {test(test_nothing), test(test_all), test(test_oom_score), test(test_failures)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
