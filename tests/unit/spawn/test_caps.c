/* SPDX-License-Identifier: MIT
 *
 * The capability sets of the program. Here we have every capability that there is.
 */
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/prctl.h>

#include "caps.h"
#include "child.h"
#include "fake.h"
#include "unit.h"

#define CAP(name) (UINT64_C(1) << CAP_##name)

static struct child child_of(struct plan *plan, uint64_t capabilities, uint64_t add, unsigned uid)
{
	plan->limit_capabilities = true;
	plan->capabilities = capabilities;
	plan->cap_add = add;
	plan->identity.set = uid != 0;
	plan->identity.uid = uid;
	fake_reset();
	return (struct child){.plan = plan};
}

static bool was_called(int option, unsigned value)
{
	char wanted[32];

	snprintf(wanted, sizeof wanted, "prctl %d %u", option, value);
	for (size_t i = 0; fake_line(i); i++)
		if (strcmp(fake_line(i), wanted) == 0)
			return true;
	return false;
}

/* Everything but what the plan gives is taken out, of all that the kernel knows. */
static void test_bound(void **state)
{
	struct child child = child_of(new_plan(), CAP(CHOWN) | CAP(NET_RAW), 0, 0);

	(void)state;
	assert_int_equal(caps_bound(&child), 0);
	for (unsigned capability = 0; capability <= CAP_LAST_CAP; capability++)
		assert_int_equal(was_called(PR_CAPBSET_DROP, capability), capability != CAP_CHOWN && capability != CAP_NET_RAW);
	assert_false(was_called(PR_SET_KEEPCAPS, 1));
}

/* The first that the kernel does not know ends the list; any other refusal is one, unless nothing was there to cut. */
static void test_bound_fails(void **state)
{
	struct child child = child_of(new_plan(), 0, 0, 0);

	(void)state;
	fake_fail("prctl", 5, EINVAL);
	assert_int_equal(caps_bound(&child), 0);
	assert_int_equal(fake_count("prctl"), 5);
	fake_reset();
	fake_fail("prctl", 5, EPERM);
	assert_int_equal(caps_bound(&child), -1);
	assert_int_equal(errno, EPERM);
	fake_reset();
	fake_capable(false);
	fake_fail("prctl", 1, EPERM);
	assert_int_equal(caps_bound(&child), 0);
}

/* What the program has then: permitted and effective, inheritable. */
static void test_apply(void **state)
{
	static const struct {
		uint64_t capabilities, add;
		unsigned uid;
		uint64_t permitted, kept;
	} rows[] = {
		{CAP(CHOWN) | CAP(KILL), 0, 0, CAP(CHOWN) | CAP(KILL), 0},
		{0, 0, 0, 0, 0},
		{CAP(CHOWN) | CAP(SYS_TIME), CAP(SYS_TIME), 0, CAP(CHOWN) | CAP(SYS_TIME), 0},
		{CAP(CHOWN), 0, 1000, 0, 0}, /* a user who is not root has none */
		{CAP(CHOWN) | CAP(SYS_TIME), CAP(SYS_TIME), 1000, CAP(SYS_TIME), CAP(SYS_TIME)}, /* but those asked for */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct child child = child_of(new_plan(), rows[i].capabilities, rows[i].add, rows[i].uid);
		char wanted[64];
		size_t from = 0;

		assert_int_equal(caps_bound(&child), 0);
		assert_int_equal(was_called(PR_SET_KEEPCAPS, 1), rows[i].kept != 0); /* or the change of user takes them */
		assert_int_equal(caps_apply(&child), 0);
		snprintf(wanted, sizeof wanted, "sys_set_capabilities %#llx %#llx", (unsigned long long)rows[i].permitted, (unsigned long long)rows[i].kept);
		check_text(wanted, fake_find(&from, "sys_set_capabilities"), wanted);
		assert_int_equal(was_called(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE), rows[i].kept != 0);
	}
}

static void test_apply_fails(void **state)
{
	struct child child = child_of(new_plan(), CAP(SYS_TIME), CAP(SYS_TIME), 1000);

	(void)state;
	fake_fail("sys_set_capabilities", 1, EPERM);
	assert_int_equal(caps_apply(&child), -1);
	assert_int_equal(errno, EPERM);
	fake_reset();
	fake_fail("prctl", 1, EPERM);
	assert_int_equal(caps_apply(&child), -1);
}

static void test_untouched(void **state)
{
	struct plan *plan = new_plan();
	struct child child = child_of(plan, 0, 0, 1000);

	(void)state;
	plan->limit_capabilities = false;
	assert_int_equal(caps_bound(&child), 0);
	assert_int_equal(caps_apply(&child), 0);
	assert_string_equal(fake_text(), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_bound), test(test_bound_fails), test(test_apply), test(test_apply_fails), test(test_untouched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
