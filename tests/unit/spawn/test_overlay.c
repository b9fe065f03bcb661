/* SPDX-License-Identifier: MIT
 *
 * The overlay over the root: its layers, by descriptor, and what becomes the root.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "fake.h"
#include "overlay.h"
#include "unit.h"

static struct container container;

static struct child child_of(struct plan *plan, bool ephemeral, const char *overlay)
{
	if (access(in_place("root"), F_OK) < 0)
		put_directory("root");
	container = (struct container){.root = open(in_place("root"), O_PATH | O_DIRECTORY | O_CLOEXEC)};
	plan->rootfs = in_place("root");
	plan->ephemeral = ephemeral;
	plan->overlay = overlay;
	fake_reset();
	return (struct child){.plan = plan, .container = &container};
}

static void test_none(void **state)
{
	struct child child = child_of(new_plan(), false, NULL);
	int root = container.root;

	(void)state;
	assert_int_equal(overlay_apply(&child), 0);
	assert_string_equal(fake_text(), "");
	assert_int_equal(container.root, root);
}

/* In memory: a tmpfs holds the upper layer. Both it and the rootfs lie below the new root. */
static void test_ephemeral(void **state)
{
	struct child child = child_of(new_plan(), true, NULL);
	size_t from = 0;
	const char *line;

	(void)state;
	assert_int_equal(overlay_apply(&child), 0);
	assert_non_null(fake_find(&from, "sys_detached_mount tmpfs"));
	assert_non_null(fake_find(&from, "sys_attach /detached-tmpfs on /"));
	line = fake_find(&from, "sys_detached_mount_options overlay");
	assert_non_null(line);
	assert_non_null(strstr(line, " lowerdir=/proc/self/fd/"));
	assert_non_null(strstr(line, "/upper workdir=/proc/self/fd/"));
	assert_null(strstr(line, "userxattr"));
	assert_non_null(fake_find(&from, "sys_attach /detached-overlay"));
	assert_non_null(strstr(path_of(container.root), "/detached-overlay"));
	assert_int_equal(container.stacked, 2);
}

/* In a directory of the caller's, as often as they like. */
static void test_directory(void **state)
{
	struct stat status;

	(void)state;
	put_directory("o");
	for (int i = 0; i < 2; i++) {
		struct plan *plan = new_plan();
		struct child child = child_of(plan, false, in_place("o"));
		size_t from = 0;

		plan->namespaces = CLONE_NEWUSER;
		assert_int_equal(overlay_apply(&child), 0);
		assert_int_equal(stat(in_place("o/upper"), &status), 0);
		assert_int_equal(stat(in_place("o/work"), &status), 0);
		assert_int_equal(fake_count("sys_detached_mount"), 0);
		assert_non_null(fake_find(&from, "userxattr"));
		assert_int_equal(container.stacked, 1);
	}
}

static void test_failures(void **state)
{
	static const struct {
		const char *call, *part;
		int error;
	} rows[] = {
		{"sys_detached_mount", "tmpfs", EPERM}, {"sys_attach", "tmpfs", EINVAL}, {"sys_detached_mount_options", "overlay", ENODEV},
		{"sys_attach", "overlay", EINVAL},
	};
	struct child child;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		child = child_of(new_plan(), true, NULL);
		fake_fail_at(rows[i].call, rows[i].part, rows[i].error);
		check_int(rows[i].part, overlay_apply(&child), -1);
		check_int(rows[i].part, errno, rows[i].error);
	}
	child = child_of(new_plan(), false, in_place("nowhere"));
	assert_int_equal(overlay_apply(&child), -1);
	assert_int_equal(errno, ENOENT);
	put_file("o/upper", "a file");
	child = child_of(new_plan(), false, in_place("o/upper"));
	assert_int_equal(overlay_apply(&child), -1);
	assert_int_equal(errno, ENOTDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {test(test_none), test(test_ephemeral), test(test_directory), test(test_failures)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
