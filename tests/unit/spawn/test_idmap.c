/* SPDX-License-Identifier: MIT
 *
 * The id maps, written to files that stand for /proc/self/.
 */
#include <errno.h>
#include <sched.h>

#include "child.h"
#include "fake.h"
#include "idmap.h"
#include "unit.h"

static struct child child_of(struct plan *plan, unsigned long namespaces)
{
	plan->namespaces = namespaces;
	return (struct child){.plan = plan};
}

static void put_files(void)
{
	put_file("self/setgroups", "");
	put_file("self/uid_map", "");
	put_file("self/gid_map", "");
	fake_proc_self(in_place("self"));
}

static void test_maps(void **state)
{
	static const struct {
		struct identity identity;
		const char *uid, *gid;
	} rows[] = {
		{{.uid = 0, .gid = 0, .outer_uid = 1000, .outer_gid = 1001}, "0 1000 1\n", "0 1001 1\n"},
		{{.uid = 1000, .gid = 1001, .outer_uid = 1000, .outer_gid = 1001}, "1000 1000 1\n", "1001 1001 1\n"},
		{{.uid = 77, .gid = 0, .outer_uid = 0, .outer_gid = 5}, "77 0 1\n", "0 5 1\n"},
		{{.uid = 4294967294, .gid = 4294967294, .outer_uid = 4294967294, .outer_gid = 4294967294}, "4294967294 4294967294 1\n",
		 "4294967294 4294967294 1\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = new_plan();
		struct child child;

		put_files();
		plan->identity = rows[i].identity;
		child = child_of(plan, CLONE_NEWUSER | CLONE_NEWPID);
		check_int(rows[i].uid, idmap_apply(&child), 0);
		check_text(rows[i].uid, file_text("self/setgroups"), "deny");
		check_text(rows[i].uid, file_text("self/uid_map"), rows[i].uid);
		check_text(rows[i].uid, file_text("self/gid_map"), rows[i].gid);
	}
}

/* user_namespaces(7): before a gid map can be written, setgroups must have been denied. */
static void test_order(void **state)
{
	struct child child = child_of(new_plan(), CLONE_NEWUSER);
	size_t from = 0;

	(void)state;
	put_files();
	assert_int_equal(idmap_apply(&child), 0);
	assert_non_null(fake_find(&from, "/proc/self/setgroups"));
	assert_non_null(fake_find(&from, "/proc/self/gid_map"));
}

static void test_failures(void **state)
{
	static const struct {
		const char *path;
		int error;
	} rows[] = {
		{"/proc/self/setgroups", EACCES}, {"/proc/self/setgroups", ENOENT}, {"/proc/self/uid_map", EPERM}, {"/proc/self/gid_map", EACCES},
	};
	static const char *const names[] = {"open", "openat"};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct child child = child_of(new_plan(), CLONE_NEWUSER);

		fake_reset();
		put_files();
		for (size_t j = 0; j < COUNT(names); j++)
			fake_fail_at(names[j], rows[i].path, rows[i].error);
		check_int(rows[i].path, idmap_apply(&child), -1);
		check_int(rows[i].path, errno, rows[i].error);
	}
}

/* Without a user namespace nothing is opened: the maps are everybody's. */
static void test_no_user_namespace(void **state)
{
	struct child child = child_of(new_plan(), CLONE_NEWPID | CLONE_NEWNS);

	(void)state;
	assert_int_equal(idmap_apply(&child), 0);
	assert_string_equal(fake_text(), "");
}

static void test_single(void **state)
{
	struct plan *plan = new_plan();

	(void)state;
	plan->namespaces = CLONE_NEWPID;
	assert_false(idmap_is_single(plan));
	plan->namespaces |= CLONE_NEWUSER;
	assert_true(idmap_is_single(plan));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_maps), test(test_order), test(test_failures), test(test_no_user_namespace), test(test_single),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
