/* SPDX-License-Identifier: MIT
 *
 * The mounts of a container: the table of rows, what is mounted for which plan, binds and what becomes of them on
 * an old kernel, and what is hidden of /proc. Nothing is really mounted: what would be is read from the record.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "child.h"
#include "fake.h"
#include "mount.h"
#include "unit.h"

enum {
	STANDARD = CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWCGROUP,
};

/* --- the table --- */

static void test_table(void **state)
{
	static const struct {
		const char *target, *type;
		unsigned long flags;
		const char *options[4];
	} wanted[] = {
		{"proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, {NULL}},
		{"sys", "sysfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, {NULL}},
		{"sys/fs/cgroup", "cgroup2", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, {NULL}},
		{"dev", "tmpfs", MS_NOSUID | MS_NOEXEC, {"mode=755"}},
		{"dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, {"newinstance", "ptmxmode=0666", "mode=620", "gid=5"}},
		{"dev/shm", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, {"mode=1777"}},
		{"dev/mqueue", "mqueue", MS_NOSUID | MS_NODEV | MS_NOEXEC, {NULL}},
		{"run", "tmpfs", MS_NOSUID | MS_NODEV, {"mode=755"}},
		{"tmp", "tmpfs", MS_NOSUID | MS_NODEV, {"mode=1777"}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(wanted); i++) {
		const struct mount_row *row = NULL;

		for (size_t j = 0; j < mount_row_count; j++)
			if (strcmp(mount_rows[j].target, wanted[i].target) == 0)
				row = &mount_rows[j];
		check_true(wanted[i].target, row != NULL);
		check_text(wanted[i].target, row->type, wanted[i].type);
		check_int(wanted[i].target, row->flags, wanted[i].flags);
		for (size_t j = 0; j < 4 && wanted[i].options[j]; j++)
			check_part(wanted[i].target, row->data ? row->data : "", wanted[i].options[j]);
	}
}

/* A row stands behind the one that it is mounted on, and is safe to mount. */
static void test_every_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < mount_row_count; i++) {
		const struct mount_row *row = &mount_rows[i];

		check_true(row->target, row->target[0] != '/' && row->type && row->mount);
		check_true(row->target, row->flags & MS_NOSUID);
		for (size_t j = i + 1; j < mount_row_count; j++) {
			size_t length = strlen(mount_rows[j].target);

			check_true(row->target, strcmp(row->target, mount_rows[j].target) != 0);
			check_true(row->target, strncmp(row->target, mount_rows[j].target, length) != 0 || row->target[length] != '/');
		}
	}
}

static void test_wanted(void **state)
{
	static const struct {
		const char *name;
		bool rootfs;
		unsigned long namespaces;
		const char *targets[10];
	} plans[] = {
		{"entrypoint", false, 0, {NULL}},
		{"the host's root", false, STANDARD, {"proc", "dev/mqueue"}},
		{"the host's root, net", false, STANDARD | CLONE_NEWNET, {"proc", "sys", "dev/mqueue"}},
		{"the host's root, no ipc", false, CLONE_NEWPID | CLONE_NEWNS, {"proc"}},
		{"rootfs", true, STANDARD,
		 {"proc", "sys", "sys/fs/cgroup", "dev", "dev/pts", "dev/shm", "dev/mqueue", "run", "tmp"}},
		{"rootfs, user", true, STANDARD | CLONE_NEWUSER,
		 {"proc", "sys", "sys/fs/cgroup", "dev", "dev/pts", "dev/shm", "dev/mqueue", "run", "tmp"}},
		{"rootfs, no ipc or cgroup", true, CLONE_NEWPID | CLONE_NEWNS, {"proc", "sys", "dev", "dev/pts", "dev/shm", "run", "tmp"}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(plans); i++) {
		struct plan *plan = new_plan();
		size_t next = 0;

		plan->rootfs = plans[i].rootfs ? "/r" : NULL;
		plan->namespaces = plans[i].namespaces;
		for (size_t j = 0; j < mount_row_count; j++)
			if (mount_row_wanted(plan, &mount_rows[j]))
				check_text(plans[i].name, mount_rows[j].target, plans[i].targets[next++]);
		check_text(plans[i].name, NULL, plans[i].targets[next]);
	}
}

/* --- a container in place()/root --- */

static struct container container;

static struct child child_of(struct plan *plan, bool rootfs, unsigned long namespaces)
{
	if (access(in_place("root"), F_OK) < 0)
		put_directory("root");
	container = (struct container){.root = open(in_place("root"), O_PATH | O_DIRECTORY | O_CLOEXEC), .dev = -1};
	plan->rootfs = rootfs ? in_place("root") : NULL;
	plan->namespaces = namespaces;
	plan->borrows = namespaces & CLONE_NEWUSER;
	plan->masks = !plan->borrows;
	fake_reset();
	return (struct child){.plan = plan, .container = &container};
}

/* The record has lines with these parts, in this order. */
static void check_record(const char *row, const char *const *parts, size_t count)
{
	size_t from = 0;

	for (size_t i = 0; i < count && parts[i]; i++)
		if (!fake_find(&from, parts[i]))
			fail_msg("%s: no \"%s\" (in this place) in:\n%s", row, parts[i], fake_text());
}

static void check_no_record(const char *row, const char *part)
{
	size_t from = 0;

	if (fake_find(&from, part))
		fail_msg("%s: \"%s\" in:\n%s", row, part, fake_text());
}

static void test_rows(void **state)
{
	static const char *const calls[] = {
		"sys_mount proc on /root/proc nosuid,nodev,noexec", "sys_mount sysfs on /root/sys ro,nosuid,nodev,noexec",
		"sys_mount cgroup2 on /root/sys/fs/cgroup ro,nosuid,nodev,noexec",
		"sys_detached_mount tmpfs mode=755 nosuid,noexec",
		"mknodat null 20666 259", "mknodat zero 20666 261", "mknodat full 20666 263", "mknodat random 20666 264",
		"mknodat urandom 20666 265", "mknodat tty 20666 1280",
		"sys_attach /detached-tmpfs on /root/dev",
		"sys_mount devpts on /detached-tmpfs/pts nosuid,noexec newinstance,ptmxmode=0666,mode=620,gid=5",
		"sys_mount tmpfs on /detached-tmpfs/shm nosuid,nodev,noexec mode=1777",
		"sys_mount mqueue on /detached-tmpfs/mqueue nosuid,nodev,noexec",
		"sys_mount tmpfs on /root/run nosuid,nodev mode=755", "sys_mount tmpfs on /root/tmp nosuid,nodev mode=1777",
	};
	struct child child = child_of(new_plan(), true, STANDARD);

	(void)state;
	assert_int_equal(mount_rows_apply(&child), 0);
	for (size_t i = 0; i < COUNT(calls); i++) {
		size_t from = 0;

		check_true(calls[i], fake_find(&from, calls[i]) != NULL);
	}
	assert_int_equal(fake_count("mknodat"), 6); /* and no other device */
}

/*
 * A user namespace may make no node and has no group 5: the nodes are the host's, attached after the new /dev is. And it
 * may mount proc and sysfs only while it sees the host's, so these are there before.
 */
static void test_rows_in_user_namespace(void **state)
{
	struct child child = child_of(new_plan(), true, STANDARD | CLONE_NEWUSER);
	static const char *const calls[] = {
		"sys_clone_tree /dev/null", "sys_clone_tree /dev/zero", "sys_clone_tree /dev/full", "sys_clone_tree /dev/random",
		"sys_clone_tree /dev/urandom", "sys_clone_tree /dev/tty", "sys_detached_mount proc nosuid,nodev,noexec",
		"sys_clone_tree /sys rec", "sys_attach /detached-proc on /root/proc", "sys_mount_attributes /sys ro,nosuid,nodev,noexec rec", "sys_attach /sys on /root/sys",
		"sys_detached_mount tmpfs mode=755 nosuid,noexec", "sys_attach /detached-tmpfs on /root/dev",
		"sys_attach /dev/null on /detached-tmpfs/null", "sys_attach /dev/zero on /detached-tmpfs/zero",
		"sys_attach /dev/full on /detached-tmpfs/full", "sys_attach /dev/random on /detached-tmpfs/random",
		"sys_attach /dev/urandom on /detached-tmpfs/urandom", "sys_attach /dev/tty on /detached-tmpfs/tty",
		"sys_mount devpts on /detached-tmpfs/pts nosuid,noexec newinstance,ptmxmode=0666,mode=620",
	};

	(void)state;
	assert_int_equal(mount_sources(&child), 0);
	assert_int_equal(mount_rows_apply(&child), 0);
	check_record("user namespace", calls, COUNT(calls));
	check_no_record("user namespace", "gid=5");
	check_no_record("user namespace", "mknodat null 2"); /* a file may be made, a device not */
	check_no_record("user namespace", "sys_mount sysfs");
}

/* With a network namespace of its own, a user namespace may mount sysfs. */
static void test_sysfs_of_own_network(void **state)
{
	struct child child = child_of(new_plan(), true, STANDARD | CLONE_NEWUSER | CLONE_NEWNET);

	(void)state;
	assert_int_equal(mount_sources(&child), 0);
	assert_int_equal(mount_rows_apply(&child), 0);
	check_no_record("own network", "sys_clone_tree /sys");
	check_record("own network", (const char *[]){"sys_detached_mount sysfs ro,nosuid,nodev,noexec", "sys_attach /detached-sysfs on /root/sys"}, 2);
}

/* What programs expect of /dev beside the nodes. */
static void test_dev(void **state)
{
	static const struct {
		const char *name, *target;
	} links[] = {
		{"fd", "/proc/self/fd"}, {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"}, {"stderr", "/proc/self/fd/2"},
		{"ptmx", "pts/ptmx"},
	};
	struct child child = child_of(new_plan(), true, STANDARD);
	char target[64];

	(void)state;
	assert_int_equal(mount_rows_apply(&child), 0);
	for (size_t i = 0; i < COUNT(links); i++) {
		ssize_t length = readlinkat(container.dev, links[i].name, target, sizeof target - 1);

		check_true(links[i].name, length > 0);
		target[length] = '\0';
		check_text(links[i].name, target, links[i].target);
	}
}

/*
 * The cgroup tree of the host, which a borrowed /sys brings along, must not stay in sight where ours cannot be
 * mounted; where nothing was borrowed there is nothing to hide.
 */
static void test_cgroups_are_hidden(void **state)
{
	static const char tmpfs[] = "sys_mount tmpfs on /root/sys/fs/cgroup ro,nosuid,nodev,noexec";
	struct child child = child_of(new_plan(), true, STANDARD | CLONE_NEWUSER);

	(void)state;
	assert_int_equal(mount_sources(&child), 0);
	fake_fail_at("sys_mount", "cgroup2", EPERM);
	fake_fail_at("sys_detached_mount", "cgroup2", EPERM);
	assert_int_equal(mount_rows_apply(&child), 0);
	check_record("borrowed", (const char *[]){tmpfs}, 1);
	child = child_of(new_plan(), true, STANDARD);
	fake_fail_at("sys_mount", "cgroup2", ENODEV);
	assert_int_equal(mount_rows_apply(&child), 0);
	check_no_record("not borrowed", tmpfs);
}

/* mount(2) refuses with EBUSY what is mounted there already; the new mount API does not. */
static void test_busy(void **state)
{
	static const struct {
		const char *type;
		const char *calls[2];
	} rows[] = {
		{"cgroup2", {"sys_detached_mount cgroup2 ro,nosuid,nodev,noexec", "sys_attach /detached-cgroup2 on /root/sys/fs/cgroup"}},
		{"sysfs", {"sys_detached_mount sysfs ro,nosuid,nodev,noexec", "sys_attach /detached-sysfs on /root/sys"}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct child child = child_of(new_plan(), true, STANDARD);

		fake_fail_at("sys_mount", rows[i].type, EBUSY);
		check_int(rows[i].type, mount_rows_apply(&child), 0);
		check_record(rows[i].type, rows[i].calls, COUNT(rows[i].calls));
	}
}

/* A link of a hostile rootfs leads nowhere else. */
static void test_rows_through_links(void **state)
{
	struct child child;

	(void)state;
	put_directory("outside");
	put_link("root/proc", "../outside");
	put_link("root/sys", in_place("outside"));
	put_link("root/run", "/elsewhere");
	child = child_of(new_plan(), true, STANDARD);
	assert_int_equal(mount_rows_apply(&child), 0);
	check_no_record("links", " on /outside");
	check_record("links", (const char *[]){"sys_mount proc on /root/outside", "sys_mount tmpfs on /root/elsewhere"}, 2);
}

static void test_row_failures(void **state)
{
	static const struct {
		const char *call, *part, *target;
		int error;
		bool optional;
	} rows[] = {
		{"sys_mount", "proc on", "proc", EPERM, false},
		{"sys_mount", "sysfs on", "sys", EPERM, false},
		{"sys_mount", "cgroup2 on", "sys/fs/cgroup", ENODEV, true},
		{"sys_mount", "mqueue on", "dev/mqueue", ENODEV, true},
		{"sys_detached_mount", "tmpfs", "dev", ENOSYS, false},
		{"mknodat", "zero", "dev", EPERM, false},
		{"sys_attach", "on /root/dev", "dev", EACCES, false},
		{"sys_mount", "devpts on", "dev/pts", EINVAL, false},
		{"sys_mount", "/shm ", "dev/shm", ENOMEM, false},
		{"sys_mount", "on /root/run", "run", EROFS, false},
		{"sys_mount", "on /root/tmp", "tmp", EROFS, false},
		{"sys_open_in_root", " run", "run", EACCES, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct child child = child_of(new_plan(), true, STANDARD);

		fake_fail_at(rows[i].call, rows[i].part, rows[i].error);
		check_int(rows[i].target, mount_rows_apply(&child), rows[i].optional ? 0 : -1);
		if (rows[i].optional)
			continue;
		check_int(rows[i].target, errno, rows[i].error);
		check_text(rows[i].target, mount_rows[child.fault.index].target, rows[i].target);
	}
}

/* On the host's root nothing is made: a directory that is missing is an error, or for an optional row nothing. */
static void test_rows_on_the_hosts_root(void **state)
{
	struct child child;

	(void)state;
	child = child_of(new_plan(), false, STANDARD);
	assert_int_equal(mount_rows_apply(&child), -1);
	assert_int_equal(errno, ENOENT);
	assert_string_equal(mount_rows[child.fault.index].target, "proc");
	put_directory("root/proc");
	child = child_of(new_plan(), false, STANDARD);
	assert_int_equal(mount_rows_apply(&child), 0);
	assert_int_equal(fake_count("sys_mount"), 1);
	assert_int_equal(access(in_place("root/dev"), F_OK), -1);
}

static void test_propagation(void **state)
{
	struct child child = child_of(new_plan(), false, STANDARD);

	(void)state;
	assert_int_equal(mount_propagation(&child), 0);
	assert_string_equal(fake_text(), "sys_mount none on / rec,private\n");
}

/* --- sources --- */

static struct mount_entry bind_of(const char *source, const char *target, uint64_t attributes, bool recursive)
{
	return (struct mount_entry){
		.kind = MOUNT_BIND, .source = source, .target = target, .attributes = attributes, .recursive = recursive, .option = "bind",
	};
}

static struct mount_entry tmpfs_of(const char *target, const char *data)
{
	return (struct mount_entry){.kind = MOUNT_TMPFS, .target = target, .data = data, .recursive = true, .option = "tmpfs"};
}

static void test_sources(void **state)
{
	struct plan *plan = new_plan();
	struct child child;

	(void)state;
	put_directory("a");
	put_file("b", "");
	child = child_of(plan, true, STANDARD);
	plan->mounts[0] = bind_of(in_place("a"), "/a", 0, true);
	plan->mounts[1] = tmpfs_of("/t", NULL);
	plan->mounts[2] = bind_of(in_place("b"), "/b", 0, false);
	plan->mount_count = 3;
	assert_int_equal(mount_sources(&child), 0);
	assert_string_equal(path_of(container.sources[0]), "/a");
	assert_string_equal(path_of(container.sources[2]), "/b");
	assert_int_equal(fake_count("sys_clone_tree"), 2);
	check_record("sources", (const char *[]){"/a rec", "/b"}, 2);
	check_no_record("sources", "/b rec");
}

static void test_source_failures(void **state)
{
	static const struct {
		const char *part;
		int error, index;
	} rows[] = {
		{"/dev/null", EACCES, FAULT_HOST_NODES}, {"/dev/tty", ENOENT, FAULT_HOST_NODES}, {"proc nosuid", EPERM, FAULT_PROC},
		{"/sys rec", EINVAL, FAULT_SYS}, {"/a rec", EINVAL, 0}, {"/b rec", ENOENT, 2},
	};

	(void)state;
	put_directory("a");
	put_directory("b");
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = new_plan();
		struct child child = child_of(plan, true, STANDARD | CLONE_NEWUSER);

		plan->mounts[0] = bind_of(in_place("a"), "/a", 0, true);
		plan->mounts[1] = tmpfs_of("/t", NULL);
		plan->mounts[2] = bind_of(in_place("b"), "/b", 0, true);
		plan->mount_count = 3;
		fake_fail_at("sys_clone_tree", rows[i].part, rows[i].error);
		fake_fail_at("sys_detached_mount", rows[i].part, rows[i].error);
		check_int(rows[i].part, mount_sources(&child), -1);
		check_int(rows[i].part, errno, rows[i].error);
		check_int(rows[i].part, child.fault.index, rows[i].index);
	}
}

/* --- binds and tmpfs --- */

/* One entry on a root that holds /dir and /file; the sources are a and f. */
static int apply(struct child *child, struct plan *plan, bool rootfs, struct mount_entry entry)
{
	*child = child_of(plan, rootfs, STANDARD);
	plan->mounts[0] = entry;
	plan->mount_count = 1;
	if (entry.kind == MOUNT_BIND) {
		container.sources[0] = open(entry.source, O_PATH | O_CLOEXEC);
		assert_true(container.sources[0] >= 0);
		fake_reset();
	}
	return mount_entries_apply(child);
}

static void put_sources(void)
{
	put_directory("a");
	put_file("f", "");
	put_directory("root");
	put_directory("root/dir");
	put_file("root/file", "");
	put_link("root/link", "/dir");
}

static void test_binds(void **state)
{
	enum { ALL = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };
	static const struct {
		const char *source, *target;
		uint64_t attributes;
		bool recursive;
		const char *calls[3];
	} rows[] = {
		{"a", "/dir", 0, true, {"sys_attach /a on /root/dir"}},
		{"f", "/file", 0, true, {"sys_attach /f on /root/file"}},
		{"a", "/link", 0, true, {"sys_attach /a on /root/dir"}},
		{"a", "/new", 0, true, {"sys_attach /a on /root/new"}},
		{"a", "/new/x/y", 0, true, {"sys_attach /a on /root/new/x/y"}},
		{"f", "/etc/hosts", 0, false, {"sys_attach /f on /root/etc/hosts"}},
		{"a", "/dir", MOUNT_ATTR_RDONLY, true, {"sys_mount_attributes /a ro rec", "sys_attach /a on /root/dir"}},
		{"a", "/dir", MOUNT_ATTR_RDONLY, false, {"sys_mount_attributes /a ro", "sys_attach /a on /root/dir"}},
		{"f", "/file", ALL, false, {"sys_mount_attributes /f ro,nosuid,nodev,noexec", "sys_attach /f on /root/file"}},
	};

	(void)state;
	put_sources();
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct child child;
		struct plan *plan = new_plan();

		check_int(rows[i].target, apply(&child, plan, true, bind_of(in_place(rows[i].source), rows[i].target, rows[i].attributes, rows[i].recursive)), 0);
		check_record(rows[i].target, rows[i].calls, COUNT(rows[i].calls));
		check_int(rows[i].target, fake_count("sys_mount_attributes"), rows[i].attributes != 0);
		check_int(rows[i].target, fake_count("sys_mount"), 0);
		check_int(rows[i].target, fcntl(container.sources[0], F_GETFD), -1); /* closed */
	}
}

static void test_bind_failures(void **state)
{
	static const struct {
		const char *source, *target;
		bool rootfs;
		int error;
	} rows[] = {
		{"a", "/file", true, ENOTDIR},
		{"f", "/file/x", true, ENOTDIR},
		{"a", "/new", false, ENOENT}, /* on the host's root nothing is made */
		{"f", "/dir/new", false, ENOENT},
	};

	(void)state;
	put_sources();
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct child child;

		check_int(rows[i].target, apply(&child, new_plan(), rows[i].rootfs, bind_of(in_place(rows[i].source), rows[i].target, 0, true)), -1);
		check_int(rows[i].target, errno, rows[i].error);
		check_int(rows[i].target, child.fault.index, 0);
		check_int(rows[i].target, fake_count("sys_attach"), 0);
	}
}

/* The fault says which entry it was. */
static void test_entry_index(void **state)
{
	struct plan *plan = new_plan();
	struct child child;

	(void)state;
	put_sources();
	child = child_of(plan, true, STANDARD);
	for (int i = 0; i < 5; i++)
		plan->mounts[i] = tmpfs_of("/dir", i == 3 ? "mode=bad" : NULL);
	plan->mount_count = 5;
	fake_fail_at("sys_mount", "mode=bad", EINVAL);
	assert_int_equal(mount_entries_apply(&child), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(child.fault.index, 3);
	assert_int_equal(fake_count("sys_mount"), 4);
}

static void test_tmpfs(void **state)
{
	static const struct {
		const char *target, *data, *call;
	} rows[] = {
		{"/dir", NULL, "sys_mount tmpfs on /root/dir nosuid,nodev"},
		{"/dir", "size=1m,mode=700", "sys_mount tmpfs on /root/dir nosuid,nodev size=1m,mode=700"},
		{"/new/x", NULL, "sys_mount tmpfs on /root/new/x nosuid,nodev"},
		{"/link", NULL, "sys_mount tmpfs on /root/dir nosuid,nodev"},
	};

	(void)state;
	put_sources();
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct child child;
		size_t from = 0;

		check_int(rows[i].call, apply(&child, new_plan(), true, tmpfs_of(rows[i].target, rows[i].data)), 0);
		check_text(rows[i].call, fake_find(&from, "sys_mount "), rows[i].call);
	}
}

/* --- Linux before 5.12: no mount_setattr(2) --- */

/* One mount is attached first and restricted then, by a remount that keeps the flags it has. */
static void test_old_kernel(void **state)
{
	static const struct {
		const char *source, *target, *mount;
	} rows[] = {
		{"a", "/dir", "on /a "},
		{"f", "/file", "on /proc/self/fd/"},
	};

	(void)state;
	put_sources();
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = new_plan();
		struct child child = child_of(plan, true, STANDARD);
		const char *line;
		size_t from = 0;

		plan->mounts[0] = bind_of(in_place(rows[i].source), rows[i].target, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, false);
		plan->mount_count = 1;
		container.sources[0] = open(plan->mounts[0].source, O_PATH | O_CLOEXEC);
		fake_reset();
		fake_fail("sys_mount_attributes", 1, ENOSYS);
		check_int(rows[i].source, mount_entries_apply(&child), 0);
		check_record(rows[i].source, (const char *[]){"sys_attach ", "sys_mount none "}, 2);
		line = fake_find(&from, "sys_mount none ");
		check_true(rows[i].source, strstr(line, "ro,nosuid") && strstr(line, "remount,bind"));
		check_part(rows[i].source, line, rows[i].mount);
	}
}

/* A bind of the tree "a" onto /dir, whose mounts are those of mountinfo; real: and that of a procfs. Remounts fail with error. */
static int apply_old_tree(const char *mountinfo, const char *path, bool real, int error)
{
	struct plan *plan = new_plan();
	struct child child = child_of(plan, true, STANDARD);
	char link[64];

	plan->mounts[0] = bind_of(in_place("a"), "/dir", MOUNT_ATTR_RDONLY, true);
	plan->mount_count = 1;
	container.sources[0] = open(plan->mounts[0].source, O_PATH | O_CLOEXEC);
	snprintf(link, sizeof link, "root/proc/self/fd/%d", container.sources[0]);
	unlink(in_place(link));
	put_link(link, path);
	put_file("root/proc/self/mountinfo", mountinfo);
	fake_reset();
	if (real)
		fake_pseudo();
	if (error)
		fake_fail("sys_mount", 1, error);
	fake_fail("sys_mount_attributes", 1, ENOSYS);
	return mount_entries_apply(&child);
}

#define LINE(point) "40 30 0:5 / " point " rw,relatime shared:1 master:2 - tmpfs none rw\n"

/* The mounts below are found in mountinfo, resolved inside the root; what lies beside the bind is none of them. */
static void test_old_kernel_restricts_below(void **state)
{
	(void)state;
	put_sources();
	put_directory("root/dir/sub/deep er");
	put_directory("root/dirty");
	put_file("root/dir/file", "");
	put_directory("outside");
	put_link("root/dir/out", in_place("outside"));
	assert_int_equal(apply_old_tree(LINE("/") LINE("/proc") LINE("/dirty") LINE("/dir") LINE("/dir/sub") LINE("/dir/sub/deep\\040er") LINE("/dir/file"), "/dir", true, 0), 0);
	check_record("below", (const char *[]){
		"sys_attach /a on /root/dir", "sys_mount none on /root/dir ro,remount,bind", "sys_mount none on /root/dir/sub ro,remount,bind",
		"sys_mount none on /root/dir/sub/deep er ro,remount,bind", "sys_mount none on /proc/self/fd/"}, 5);
	assert_int_equal(fake_count("sys_mount"), 4);
	apply_old_tree(LINE("/dir") LINE("/dir/out"), "/dir", true, 0); /* no mount point is a link: somebody changed it */
	check_no_record("out", "on /outside ");
}

/* One that cannot be restricted, or might have been missed, is an error. */
static void test_old_kernel_misses_none(void **state)
{
	static char long_line[PATH_MAX + 128];
	static const struct {
		const char *mountinfo, *path;
	} rows[] = {
		{LINE("/dir") LINE("/dir/gone"), "/dir"}, {LINE("/other"), "/dir"}, {"", "/dir"}, {LINE("/dir"), "/dir (deleted)"}, {long_line, "/dir"},
	};
	char row[16];

	(void)state;
	put_sources();
	strcpy(long_line, LINE("/dir"));
	memset(long_line + strlen(long_line), 'x', PATH_MAX);
	strcat(long_line, "\n");
	for (size_t i = 0; i < COUNT(rows); i++) {
		snprintf(row, sizeof row, "row %zu", i);
		check_int(row, apply_old_tree(rows[i].mountinfo, rows[i].path, true, 0), -1);
		check_int(row, errno, EBUSY);
	}
	assert_int_equal(apply_old_tree(LINE("/dir"), "/dir", true, 0), 0); /* the control */
	assert_int_equal(apply_old_tree(LINE("/dir"), "/dir", true, EINVAL), -1); /* no mount begins there: something was swapped */
	assert_int_equal(errno, EBUSY);
	assert_int_equal(apply_old_tree(LINE("/dir"), "/dir", false, 0), -1); /* a directory of the rootfs cannot say what is mounted */
	assert_int_equal(fake_count("sys_mount"), 0);
}

/* Any other refusal of the attributes is one. */
static void test_attributes_are_refused(void **state)
{
	struct plan *plan = new_plan();
	struct child child;

	(void)state;
	put_sources();
	child = child_of(plan, true, STANDARD);
	plan->mounts[0] = bind_of(in_place("a"), "/dir", MOUNT_ATTR_RDONLY, false);
	plan->mount_count = 1;
	container.sources[0] = open(plan->mounts[0].source, O_PATH | O_CLOEXEC);
	fake_fail("sys_mount_attributes", 1, EPERM);
	assert_int_equal(mount_entries_apply(&child), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(fake_count("sys_attach") + fake_count("sys_mount"), 0);
}

/* If the late remount fails, so does the step: the mount would be writable. */
static void test_late_remount_fails(void **state)
{
	struct plan *plan = new_plan();
	struct child child;

	(void)state;
	put_sources();
	child = child_of(plan, true, STANDARD);
	plan->mounts[0] = bind_of(in_place("a"), "/dir", MOUNT_ATTR_RDONLY, false);
	plan->mount_count = 1;
	container.sources[0] = open(plan->mounts[0].source, O_PATH | O_CLOEXEC);
	fake_fail("sys_mount_attributes", 1, ENOSYS);
	fake_fail("sys_mount", 1, EPERM);
	assert_int_equal(mount_entries_apply(&child), -1);
	assert_int_equal(errno, EPERM);
}

static void test_restrict(void **state)
{
	int fd;

	(void)state;
	put_directory("a");
	fd = open(in_place("a"), O_PATH | O_DIRECTORY | O_CLOEXEC);
	fake_reset();
	assert_int_equal(mount_restrict(fd, MOUNT_ATTR_RDONLY, false), 0);
	assert_string_equal(fake_text(), "sys_mount_attributes /a ro\n");
	fake_reset();
	assert_int_equal(mount_restrict(fd, MOUNT_ATTR_NODEV, true), 0);
	assert_string_equal(fake_text(), "sys_mount_attributes /a nodev rec\n");
	fake_reset();
	fake_fail("sys_mount_attributes", 1, ENOSYS);
	assert_int_equal(mount_restrict(fd, MOUNT_ATTR_RDONLY, false), 0);
	check_record("restrict", (const char *[]){"sys_mount none on /a ro"}, 1);
	fake_fail("sys_mount_attributes", 2, EPERM);
	assert_int_equal(mount_restrict(fd, MOUNT_ATTR_RDONLY, false), -1);
	assert_int_equal(errno, EPERM);
}

/* A remount replaces the flags, and those that are there, which a user namespace may not take away, must not be lost. */
static void test_remount_keeps_flags(void **state)
{
	int fd;

	(void)state;
	fd = open(place(), O_PATH | O_DIRECTORY | O_CLOEXEC);
	fake_reset();
	fake_statfs_flags(ST_NOSUID | ST_NODEV | ST_NOEXEC | ST_NOATIME);
	fake_fail("sys_mount_attributes", 1, ENOSYS);
	assert_int_equal(mount_restrict(fd, MOUNT_ATTR_RDONLY, false), 0);
	check_record("remount", (const char *[]){"sys_mount none on / ro,nosuid,nodev,noexec,remount,bind,noatime"}, 1);
}

/* --- what is hidden of /proc --- */

/* On the real /proc and /dev of here; only the calls that would change them are replaced. */
static void test_masks(void **state)
{
	static const char *const masked[] = {
		"kcore", "keys", "latency_stats", "timer_list", "timer_stats", "sched_debug", "scsi", "acpi",
	};
	static const char *const guarded[] = {"bus", "fs", "irq", "sys", "sysrq-trigger"};
	struct child child = child_of(new_plan(), true, STANDARD);
	char path[64], part[256], wanted[2][256];
	struct stat status;

	(void)state;
	container.root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	container.dev = open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
	fake_reset();
	assert_int_equal(mount_masks(&child), 0);
	for (size_t i = 0; i < COUNT(masked); i++) {
		snprintf(path, sizeof path, "/proc/%s", masked[i]);
		if (lstat(path, &status) < 0)
			continue; /* this kernel has none */
		if (S_ISDIR(status.st_mode))
			snprintf(part, sizeof part, "sys_mount tmpfs on %s ro,nosuid,nodev,noexec", path);
		else
			snprintf(part, sizeof part, "sys_attach /dev/null on %s", path);
		check_record(path, (const char *[]){part}, 1);
	}
	for (size_t i = 0; i < COUNT(guarded); i++) {
		snprintf(path, sizeof path, "/proc/%s", guarded[i]);
		if (lstat(path, &status) < 0)
			continue;
		snprintf(wanted[0], sizeof wanted[0], "sys_mount none on %s bind", path);
		snprintf(wanted[1], sizeof wanted[1], "sys_mount none on %s ro,nosuid,nodev,noexec,remount,bind", path);
		check_record(path, (const char *[]){wanted[0], wanted[1]}, 2);
	}
}

/* A plan may know that a user namespace guards /proc already, the host's root is not ours to hide, and who is privileged may see. */
static void test_no_masks(void **state)
{
	struct plan *plan = new_plan();
	struct child child;

	(void)state;
	put_file("root/proc/keys", "");
	put_directory("root/sys");
	child = child_of(plan, true, STANDARD | CLONE_NEWUSER);
	fake_pseudo();
	assert_int_equal(mount_masks(&child), 0);
	check_no_record("user namespace", "/proc");
	child = child_of(new_plan(), false, STANDARD);
	assert_int_equal(mount_masks(&child), 0);
	assert_string_equal(fake_text(), "");
	child = child_of(plan, true, STANDARD);
	plan->privileged = true;
	assert_int_equal(mount_masks(&child), 0);
	assert_string_equal(fake_text(), "");
}

/* The machine's firmware is hidden from every container that is not privileged. */
static void test_firmware(void **state)
{
	static const unsigned long namespaces[] = {STANDARD, STANDARD | CLONE_NEWUSER};

	(void)state;
	put_directory("root/proc");
	put_directory("root/sys");
	for (size_t i = 0; i < COUNT(namespaces); i++) {
		struct child child = child_of(new_plan(), true, namespaces[i]);

		fake_pseudo();
		if (i == 0)
			put_directory("root/sys/firmware");
		assert_int_equal(mount_masks(&child), 0);
		check_record("firmware", (const char *[]){"sys_mount tmpfs on /root/sys/firmware ro,nosuid,nodev,noexec"}, 1);
	}
}

/* A directory of the rootfs where the new procfs should be, as after a race, is not taken for it. */
static void test_masks_need_the_real_proc(void **state)
{
	struct child child;

	(void)state;
	put_file("root/proc/kcore", "");
	put_file("root/dev/null", "");
	put_directory("root/sys");
	child = child_of(new_plan(), true, STANDARD);
	assert_int_equal(mount_masks(&child), -1);
	assert_int_equal(errno, EXDEV);
	assert_int_equal(fake_count("sys_attach") + fake_count("sys_mount"), 0);
}

static void test_mask_failures(void **state)
{
	static const struct {
		const char *call, *part;
		const char *path; /* only where this kernel has it */
	} rows[] = {
		{"sys_clone_tree", " null", "/proc/kcore"},
		{"sys_attach", "on /proc/kcore", "/proc/kcore"},
		{"sys_attach", "on /proc/keys", "/proc/keys"},
		{"sys_mount", "none on /proc/sys bind", "/proc/sys"},
		{"sys_mount", "none on /proc/sys ro", "/proc/sys"},
		{"sys_mount", "on /proc/sysrq-trigger", "/proc/sysrq-trigger"},
		{"sys_mount", "on /proc/acpi", "/proc/acpi"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct child child = child_of(new_plan(), true, STANDARD);

		if (access(rows[i].path, F_OK) < 0)
			continue;
		container.root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		container.dev = open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
		fake_reset();
		fake_fail_at(rows[i].call, rows[i].part, EPERM);
		check_int(rows[i].part, mount_masks(&child), -1);
		check_int(rows[i].part, errno, EPERM);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_table), test(test_every_row), test(test_wanted), test(test_rows), test(test_rows_in_user_namespace),
		test(test_sysfs_of_own_network), test(test_dev), test(test_cgroups_are_hidden), test(test_busy), test(test_rows_through_links), test(test_row_failures),
		test(test_rows_on_the_hosts_root), test(test_propagation), test(test_sources), test(test_source_failures), test(test_binds),
		test(test_bind_failures), test(test_entry_index), test(test_tmpfs), test(test_old_kernel), test(test_old_kernel_restricts_below), test(test_old_kernel_misses_none),
		test(test_attributes_are_refused),
		test(test_late_remount_fails), test(test_restrict), test(test_remount_keeps_flags), test(test_masks), test(test_no_masks), test(test_firmware),
		test(test_masks_need_the_real_proc), test(test_mask_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
