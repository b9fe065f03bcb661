/* SPDX-License-Identifier: MIT
 *
 * The id maps, written to files that stand for /proc/self/.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

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
	fake_proc(in_place("self"));
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

/* --- ranges, written by the launcher --- */

static struct plan *plan_with_ranges(void)
{
	struct plan *plan = new_plan();

	plan->namespaces = CLONE_NEWUSER;
	plan->uid_map = (struct id_map){.count = 2, .ranges = {{0, 1000, 1}, {1, 100000, 65536}}};
	plan->gid_map = (struct id_map){.count = 1, .ranges = {{4294967294, 4294967294, 1}}};
	return plan;
}

static void test_foreign(void **state)
{
	struct plan *plan = plan_with_ranges();

	(void)state;
	assert_true(idmap_is_foreign(plan));
	assert_false(idmap_is_single(plan));
	plan->uid_map.count = plan->gid_map.count = 0;
	assert_false(idmap_is_foreign(plan));
	assert_true(idmap_is_single(plan));
}

static void test_write_as_root(void **state)
{
	(void)state;
	put_files();
	assert_int_equal(idmap_write(plan_with_ranges(), 4711), 0);
	assert_string_equal(file_text("self/uid_map"), "0 1000 1\n1 100000 65536\n");
	assert_string_equal(file_text("self/gid_map"), "4294967294 4294967294 1\n");
	assert_string_equal(file_text("self/setgroups"), ""); /* who has groups mapped may change them */
	fake_fail_at("openat", "/proc/4711/gid_map", EPERM);
	assert_int_equal(idmap_write(plan_with_ranges(), 4711), -1);
	assert_int_equal(errno, EPERM);
}

/* By newuidmap, which is not there: execve(2) is replaced. */
static void test_write_by_helper(void **state)
{
	(void)state;
	fake_capable(false);
	fake_real("sys_fork");
	assert_int_equal(idmap_write(plan_with_ranges(), 4711), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(waitpid(-1, NULL, 0), -1); /* and has been waited for */
}

/* PID 1 waits until they are written, and is root in them then. */
static void test_wait(void **state)
{
	struct child child = {.plan = plan_with_ranges()};
	struct container container = {.report = -1};
	const enum word word = WORD_MAPS;
	int ends[2];

	(void)state;
	child.container = &container;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], &word, sizeof word), sizeof word);
	container.words = ends[0];
	assert_int_equal(idmap_apply(&child), 0);
	assert_string_equal(fake_text(), "sys_setgid 0\nsys_setuid 0\n");
	close(ends[0]);
	/* The launcher ended without a word. */
	close(ends[1]);
	assert_int_equal(pipe(ends), 0);
	close(ends[1]);
	container.words = ends[0];
	assert_int_equal(idmap_apply(&child), -1);
	assert_int_equal(errno, ECANCELED);
}

/* --- binds --- */

static struct plan *plan_with_binds(void)
{
	struct plan *plan = plan_with_ranges();

	put_file("self/ns/user", "");
	put_file("a/x", "");
	put_file("b", "");
	fake_proc(in_place("self"));
	fake_real("sys_send");
	plan->mounts[0] = (struct mount_entry){.kind = MOUNT_BIND, .source = in_place("a"), .attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_IDMAP, .recursive = true};
	plan->mounts[1] = (struct mount_entry){.kind = MOUNT_BIND, .source = "/not/mapped", .attributes = MOUNT_ATTR_RDONLY};
	plan->mounts[2] = (struct mount_entry){.kind = MOUNT_TMPFS};
	plan->mounts[3] = (struct mount_entry){.kind = MOUNT_BIND, .source = in_place("b"), .attributes = MOUNT_ATTR_IDMAP};
	plan->mount_count = 4;
	return plan;
}

/* The launcher opens and maps what asks for it; PID 1 gets these, in order, and nothing else. */
static void test_binds(void **state)
{
	struct plan *plan = plan_with_binds();
	struct container container = {.report = -1};
	struct child child = {.plan = plan, .container = &container};
	int ends[2], index = -1, tree;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	assert_int_equal(idmap_mounts(plan, 4711, ends[1], &index), 0);
	assert_int_equal(fake_count("sys_clone_tree"), 2);
	assert_non_null(strstr(fake_text(), "/a rec\nsys_map_mount /a rec\nsys_send "));
	assert_non_null(strstr(fake_text(), "/b\nsys_map_mount /b\nsys_send "));
	container.words = ends[0];
	tree = idmap_receive(&child);
	assert_string_equal(path_of(tree), "/a");
	close(tree);
	tree = idmap_receive(&child);
	assert_string_equal(path_of(tree), "/b");
	close(tree);
	close(ends[1]); /* the launcher ended without a word */
	assert_int_equal(idmap_receive(&child), -1);
	assert_int_equal(errno, ECANCELED);
}

/* A word of something else, or without the tree, is none. */
static void test_wrong_word(void **state)
{
	static const enum word words[] = {WORD_MAPS, WORD_SOURCE};

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++) {
		struct container container = {.report = -1};
		struct child child = {.plan = new_plan(), .container = &container};
		int ends[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
		assert_int_equal(write(ends[1], &words[i], sizeof words[i]), sizeof words[i]);
		container.words = ends[0];
		assert_int_equal(idmap_receive(&child), -1);
		close(ends[0]);
		close(ends[1]);
	}
}

static void test_bind_failures(void **state)
{
	static const struct {
		const char *call, *part;
		int error, index;
	} rows[] = {
		{"openat", "/proc/4711/ns/user", EACCES, 0}, {"sys_clone_tree", "/a rec", ENOENT, 0}, {"sys_map_mount", "/a rec", EINVAL, 0},
		{"sys_map_mount", "/b", EPERM, 3}, {"sys_send", "", EPIPE, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int ends[2], index = -1;
		struct plan *plan;
		char row[64];

		snprintf(row, sizeof row, "%s %s", rows[i].call, rows[i].part);
		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
		fake_reset();
		plan = plan_with_binds();
		fake_fail_at(rows[i].call, rows[i].part, rows[i].error);
		check_int(row, idmap_mounts(plan, 4711, ends[1], &index), -1);
		check_int(row, errno, rows[i].error);
		check_int(row, index, rows[i].index);
		close(ends[0]);
		close(ends[1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_maps), test(test_order), test(test_failures), test(test_no_user_namespace), test(test_single),
		test(test_foreign), test(test_write_as_root), test(test_write_by_helper), test(test_wait),
		test(test_binds), test(test_wrong_word), test(test_bind_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
