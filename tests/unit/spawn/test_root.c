/* SPDX-License-Identifier: MIT
 *
 * Paths inside a root that may be hostile, with the kernel's own openat2(2) on a real directory: what is found,
 * what is made and where, and that nothing is ever made outside. Then the root switch, with the calls replaced.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "fake.h"
#include "root.h"
#include "unit.h"

/*
 * The root is "root" in place(); beside it lies "outside", with files that links of the root try to reach. That
 * it is as it was is checked after every row.
 */
static int put_root(void)
{
	put_file("outside/file", "outside\n");
	put_directory("root");
	put_directory("root/dir");
	put_directory("root/dir/sub");
	put_file("root/file", "inside\n");
	put_link("root/relative", "dir/sub");
	put_link("root/absolute", "/dir/sub");
	put_link("root/to-file", "file");
	put_link("root/dir/up", "../file");
	put_link("root/escape", "../outside");
	put_link("root/far-escape", "../../../../../../../outside");
	put_link("root/escape-new", "../outside/new");
	put_link("root/dir/escape-new", "../../outside/new");
	put_link("root/absolute-outside", in_place("outside"));
	put_link("root/dangling", "new/below");
	put_link("root/dangling-absolute", "/new/below");
	put_link("root/dir/dangling", "new");
	put_link("root/dangling-up", "dir/../new");
	put_link("root/dangling-slash", "new/");
	put_link("root/parent", "new-parent");
	put_link("root/chain", "chain-2");
	put_link("root/chain-2", "dir/chain-3");
	put_link("root/dir/chain-3", "/new");
	put_link("root/loop", "loop-2");
	put_link("root/loop-2", "loop");
	put_link("root/self", "self");
	put_link("root/self-below", "self-below/x");
	put_link("root/root", "/");
	put_link("root/through-file", "file/x");
	return open(in_place("root"), O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void clear_root(int root)
{
	close(root);
	unit_teardown(NULL);
	unit_setup(NULL);
}

static void check_outside(const char *row)
{
	check_text(row, file_text("outside/file"), "outside\n");
	check_int(row, access(in_place("outside/new"), F_OK), -1);
	check_int(row, access(in_place("new"), F_OK), -1);
	check_int(row, access("/outside", F_OK), -1);
}

enum { DIRECTORY = 1, CREATE = 2 };

static const struct {
	const char *path;
	int how;
	const char *opened; /* inside the root, NULL: refused */
	int error;          /* 0: any */
} rows[] = {
	/* what is there */
	{"dir", DIRECTORY, "/dir", 0},
	{"/dir", DIRECTORY, "/dir", 0},
	{"//dir//sub/", DIRECTORY, "/dir/sub", 0},
	{"dir/./sub/..", DIRECTORY, "/dir", 0},
	{"/", DIRECTORY, "", 0},
	{".", DIRECTORY, "", 0},
	{"file", 0, "/file", 0},
	{"relative", DIRECTORY, "/dir/sub", 0},
	{"absolute", DIRECTORY, "/dir/sub", 0},
	{"to-file", 0, "/file", 0},
	{"dir/up", 0, "/file", 0},
	{"root/root/dir", DIRECTORY, "/dir", 0},
	{"dir", DIRECTORY | CREATE, "/dir", 0},
	{"file", CREATE, "/file", 0},
	/* what is not there, or not of the kind */
	{"new", DIRECTORY, NULL, ENOENT},
	{"new", 0, NULL, ENOENT},
	{"dir/new", 0, NULL, ENOENT},
	{"dangling", DIRECTORY, NULL, ENOENT},
	{"", DIRECTORY, NULL, ENOENT},
	{"file", DIRECTORY, NULL, ENOTDIR},
	{"file", DIRECTORY | CREATE, NULL, ENOTDIR},
	{"to-file", DIRECTORY | CREATE, NULL, ENOTDIR},
	{"file/x", CREATE, NULL, ENOTDIR},
	{"file/x/y", DIRECTORY | CREATE, NULL, ENOTDIR},
	{"through-file", DIRECTORY | CREATE, NULL, ENOTDIR},
	/* what is made */
	{"new", DIRECTORY | CREATE, "/new", 0},
	{"/new", DIRECTORY | CREATE, "/new", 0},
	{"new", CREATE, "/new", 0},
	{"dir/new", CREATE, "/dir/new", 0},
	{"new/below/deep", DIRECTORY | CREATE, "/new/below/deep", 0},
	{"new/below/deep", CREATE, "/new/below/deep", 0},
	{"//dir//new", DIRECTORY | CREATE, "/dir/new", 0},
	{"relative/new", CREATE, "/dir/sub/new", 0},
	{"absolute/new", DIRECTORY | CREATE, "/dir/sub/new", 0},
	/* through links to what is not there */
	{"dangling", DIRECTORY | CREATE, "/new/below", 0},
	{"dangling", CREATE, "/new/below", 0},
	{"dangling-absolute", DIRECTORY | CREATE, "/new/below", 0},
	{"dir/dangling", DIRECTORY | CREATE, "/dir/new", 0},
	{"dangling-up", DIRECTORY | CREATE, "/new", 0},
	{"parent/x", CREATE, "/new-parent/x", 0},
	{"parent/x/y", DIRECTORY | CREATE, "/new-parent/x/y", 0},
	{"chain", DIRECTORY | CREATE, "/new", 0},
	{"chain/x", CREATE, "/new/x", 0},
	/* out of it: ".." ends at the root, and so does a link */
	{"..", DIRECTORY, "", 0},
	{"../outside/file", 0, NULL, ENOENT},
	{"../../../outside", DIRECTORY, NULL, ENOENT},
	{"escape", DIRECTORY, NULL, ENOENT},
	{"absolute-outside", DIRECTORY, NULL, ENOENT},
	{"../new", DIRECTORY | CREATE, "/new", 0},
	{"../../new", CREATE, "/new", 0},
	{"dir/../../new/x", CREATE, "/new/x", 0},
	{"escape", DIRECTORY | CREATE, "/outside", 0},
	{"far-escape", DIRECTORY | CREATE, "/outside", 0},
	{"far-escape/x", CREATE, "/outside/x", 0},
	{"escape-new", CREATE, "/outside/new", 0},
	{"dir/escape-new", CREATE, "/outside/new", 0},
	{"new/../../outside/new", CREATE, "/outside/new", 0},
	/* in circles */
	{"loop", DIRECTORY, NULL, ELOOP},
	{"loop", DIRECTORY | CREATE, NULL, ELOOP},
	{"loop", CREATE, NULL, ELOOP},
	{"loop/x", CREATE, NULL, ELOOP},
	{"self/x/y", DIRECTORY | CREATE, NULL, ELOOP},
	{"self-below", CREATE, NULL, ELOOP},
};

static void test_paths(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int root = put_root(), fd;
		char row[128], wanted[128];
		struct stat status;

		snprintf(row, sizeof row, "\"%s\"%s%s", rows[i].path, rows[i].how & DIRECTORY ? " directory" : "",
		         rows[i].how & CREATE ? " create" : "");
		fd = root_target(root, rows[i].path, rows[i].how & DIRECTORY, rows[i].how & CREATE);
		if (!rows[i].opened) {
			check_int(row, fd, -1);
			if (rows[i].error)
				check_int(row, errno, rows[i].error);
		} else {
			if (fd < 0)
				fail_msg("%s: %s, expected %s", row, strerror(errno), rows[i].opened);
			snprintf(wanted, sizeof wanted, "/root%s", rows[i].opened);
			check_text(row, path_of(fd), wanted);
			check_int(row, fstat(fd, &status), 0);
			check_int(row, S_ISDIR(status.st_mode) != 0, (rows[i].how & DIRECTORY) != 0);
			check_true(row, fcntl(fd, F_GETFD) & FD_CLOEXEC);
			check_true(row, fcntl(fd, F_GETFL) & O_PATH);
		}
		check_outside(row);
		clear_root(root);
	}
}

/* More slashes than needed mean nothing, whether the directory is there or not: --tmpfs /new/. */
static void test_more_slashes(void **state)
{
	static const char *const paths[] = {"new/", "/new/below/", "new//", "//new//below", "dangling-slash"};

	(void)state;
	for (size_t i = 0; i < COUNT(paths); i++) {
		int root = put_root(), fd = root_target(root, paths[i], true, true);

		check_true(paths[i], fd >= 0);
		check_part(paths[i], path_of(fd), "/root/new");
		clear_root(root);
	}
}

static void test_modes(void **state)
{
	int root = put_root();
	struct stat status;

	(void)state;
	umask(0); /* as root_enter() leaves it */
	assert_true(root_target(root, "new/below/file", false, true) >= 0);
	assert_true(root_target(root, "new/dir", true, true) >= 0);
	assert_int_equal(stat(in_place("root/new"), &status), 0);
	assert_int_equal(status.st_mode, S_IFDIR | 0755);
	assert_int_equal(stat(in_place("root/new/dir"), &status), 0);
	assert_int_equal(status.st_mode, S_IFDIR | 0755);
	assert_int_equal(stat(in_place("root/new/below/file"), &status), 0);
	assert_int_equal(status.st_mode, S_IFREG | 0644);
}

static void test_nothing_is_left_open(void **state)
{
	int root = put_root(), fd, next;

	(void)state;
	fd = root_target(root, "chain/x/y/z", false, true);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(root_target(root, "loop/x", false, true), -1);
	assert_int_equal(root_target(root, "file/x", false, true), -1);
	next = dup(root);
	assert_int_equal(next, root + 1);
}

/* Dangling links one behind the other: a few are followed, and a long chain is refused, made or not. */
static void test_long_chain(void **state)
{
	int root = put_root();
	char name[32], target[32];

	(void)state;
	for (int i = 0; i < 60; i++) {
		snprintf(name, sizeof name, "root/l%d", i);
		snprintf(target, sizeof target, "l%d", i + 1);
		put_link(name, target);
	}
	assert_int_equal(root_target(root, "l0", true, true), -1); /* too long for the kernel */
	assert_int_equal(root_target(root, "l25", true, true), -1); /* and for us */
	assert_int_equal(access(in_place("root/l60"), F_OK), -1);
	assert_true(root_target(root, "l58", true, true) >= 0);
	assert_int_equal(access(in_place("root/l60"), F_OK), 0);
}

static void test_long_path(void **state)
{
	static char path[2 * PATH_MAX];
	int root = put_root();

	(void)state;
	memset(path, 'x', sizeof path - 1);
	for (size_t i = 0; i < sizeof path - 1; i += 64)
		path[i] = '/';
	assert_int_equal(root_target(root, path, true, true), -1);
	assert_int_equal(errno, ENAMETOOLONG);
	memset(path, 'x', 300);
	path[300] = '\0';
	assert_int_equal(root_target(root, path, true, true), -1);
	assert_int_equal(errno, ENAMETOOLONG);
}

/* A magic link of procfs leads out of any root, so none is followed. */
static void test_magic_links(void **state)
{
	static const char *const paths[] = {"proc/self/root", "proc/self/cwd", "/proc/self/fd/0", "proc/self/root/etc", "proc/self/exe"};
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	for (size_t i = 0; i < COUNT(paths); i++)
		for (int how = 0; how <= 1; how++) {
			check_int(paths[i], root_target(root, paths[i], how, false), -1);
			check_int(paths[i], errno, ELOOP);
		}
}

/* As an ordinary user, which root becomes for it. */
static void test_parent_is_not_writable(void **state)
{
	int root = put_root(), status;
	pid_t pid;

	(void)state;
	assert_int_equal(chmod(in_place("root/dir"), 0555), 0);
	pid = fork();
	if (pid == 0) {
		if (geteuid() == 0 && setuid(65534) < 0)
			_exit(1);
		_exit(root_target(root, "dir/new", true, true) == -1 ? errno : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(chmod(in_place("root/dir"), 0755), 0);
	assert_int_equal(WEXITSTATUS(status), EACCES);
}

/* --- the root switch --- */

static struct container container;

static struct child child_of(struct plan *plan, const char *rootfs)
{
	container = (struct container){.root = -1, .dev = dup(STDERR_FILENO)};
	plan->rootfs = rootfs;
	return (struct child){.plan = plan, .container = &container};
}

/* Opens and switches, as the steps do. */
static int root_enter(struct child *child)
{
	return root_open(child) < 0 ? -1 : root_pivot(child);
}

static void test_enter(void **state)
{
	struct child child;
	size_t from = 0;

	(void)state;
	put_directory("root");
	child = child_of(new_plan(), in_place("root"));
	umask(027);
	assert_int_equal(root_enter(&child), 0);
	assert_string_equal(path_of(container.root), "/root");
	assert_int_equal(container.umask, 027);
	assert_int_equal(umask(0), 0); /* the modes of what is made are exact */
	assert_non_null(fake_find(&from, "sys_clone_tree "));
	assert_non_null(fake_find(&from, "sys_attach /root on "));
	assert_non_null(fake_find(&from, "sys_pivot_root . . in /root"));
	assert_int_equal(fake_count("sys_umount"), 0);
	assert_int_equal(root_detach(&child), 0);
	assert_non_null(fake_find(&from, "sys_umount /root detach"));
	assert_int_equal(fake_count("sys_umount"), 1);
	assert_int_equal(root_leave(&child), 0);
	assert_int_equal(umask(0), 027);
	assert_int_equal(fcntl(container.root, F_GETFD), -1);
}

/* The layers of an overlay lie between, and go as well. */
static void test_detach_layers(void **state)
{
	struct child child;

	(void)state;
	put_directory("root");
	child = child_of(new_plan(), in_place("root"));
	assert_int_equal(root_enter(&child), 0);
	container.stacked = 2;
	fake_fail("sys_umount", 3, EINVAL);
	assert_int_equal(root_detach(&child), -1);
	assert_int_equal(fake_count("sys_umount"), 3);
}

/* The host's root stays: nothing is attached, switched or detached. */
static void test_enter_host(void **state)
{
	struct child child = child_of(new_plan(), NULL);
	int here;

	(void)state;
	assert_int_equal(chdir(place()), 0);
	umask(027);
	assert_int_equal(root_enter(&child), 0);
	assert_string_equal(path_of(container.root), "/");
	assert_int_equal(root_detach(&child), 0);
	assert_int_equal(chdir("/proc"), 0); /* as a mount does */
	assert_int_equal(root_leave(&child), 0);
	here = open(".", O_PATH | O_CLOEXEC);
	assert_string_equal(path_of(here), "/"); /* of place(), where we came from */
	assert_int_equal(umask(0), 027);
	assert_int_equal(fake_count("sys_attach") + fake_count("sys_pivot_root") + fake_count("sys_umount"), 0);
}

static void test_enter_fails(void **state)
{
	static const struct {
		const char *rootfs, *call;
		int error;
	} failures[] = {
		{"root", "sys_clone_tree", ENOSYS}, {"root", "sys_attach", EINVAL}, {"root", "sys_pivot_root", EINVAL},
		{"nowhere", NULL, ENOENT}, {"file/x", NULL, ENOTDIR}, {"fifo", NULL, ENOTDIR},
		{"file", "sys_detached_mount_options", EMEDIUMTYPE}, /* it is no image */
	};

	(void)state;
	put_directory("root");
	put_file("file", "");
	assert_int_equal(mkfifo(in_place("fifo"), 0644), 0);
	for (size_t i = 0; i < COUNT(failures); i++) {
		struct child child = child_of(new_plan(), in_place(failures[i].rootfs));

		fake_reset();
		fake_fail_at("openat", "/dev/loop", failures[i].error); /* nobody's loop devices are touched */
		if (failures[i].call)
			fake_fail(failures[i].call, 1, failures[i].error);
		check_int(failures[i].rootfs, root_enter(&child), -1);
		check_int(failures[i].rootfs, errno, failures[i].error);
	}
}

static void test_read_only(void **state)
{
	struct plan *plan = new_plan();
	struct child child = child_of(plan, "/");

	(void)state;
	container.root = open(place(), O_PATH | O_DIRECTORY | O_CLOEXEC);
	fake_reset();
	assert_int_equal(root_read_only(&child), 0);
	assert_string_equal(fake_text(), "");
	plan->read_only = true;
	assert_int_equal(root_read_only(&child), 0);
	assert_string_equal(fake_text(), "sys_mount_attributes / ro\n"); /* and not what is mounted on it */
	fake_fail("sys_mount_attributes", 2, EPERM);
	assert_int_equal(root_read_only(&child), -1);
	assert_int_equal(errno, EPERM);
}

/* Whatever the rootfs holds is no device, and what is mounted in it neither; of the host's root that is not ours to say. */
static void test_no_devices(void **state)
{
	static const struct {
		bool rootfs, privileged;
		const char *calls;
	} rows[] = {
		{true, false, "sys_mount_attributes / nodev rec\n"}, {true, true, ""}, {false, false, ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = new_plan();
		struct child child = child_of(plan, rows[i].rootfs ? "/" : NULL);

		container.root = open(place(), O_PATH | O_DIRECTORY | O_CLOEXEC);
		plan->privileged = rows[i].privileged;
		fake_reset();
		assert_int_equal(root_no_devices(&child), 0);
		assert_string_equal(fake_text(), rows[i].calls);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_paths), test(test_more_slashes), test(test_modes), test(test_nothing_is_left_open), test(test_long_chain),
		test(test_long_path), test(test_magic_links), test(test_parent_is_not_writable), test(test_enter), test(test_detach_layers), test(test_enter_host),
		test(test_enter_fails), test(test_read_only), test(test_no_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
