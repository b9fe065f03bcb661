/* SPDX-License-Identifier: MIT
 *
 * The walk of a new process over its steps: the order, and that each step, when it fails, is the one that is told,
 * with its errno, and is the last. What a step does in itself is tested beside its own file.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "child.h"
#include "fake.h"
#include "sys.h"
#include "unit.h"

enum {
	STANDARD = CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWNET | CLONE_NEWTIME,
};

static struct container container;
static struct cgroup cgroup;
static struct job job;
static sigset_t mask;
static char *argv[4], *envp[] = {NULL};
static int report[2]; /* somebody must be there to read */

/* A plan in which every step has something to do, in a rootfs that is a directory of ours. */
static struct child child_of(struct plan *plan, unsigned long namespaces)
{
	if (access(in_place("root"), F_OK) < 0) {
		put_directory("root");
		put_directory("source");
	}
	if (fcntl(report[0], F_GETFD) < 0 || report[0] == 0)
		assert_int_equal(pipe(report), 0);
	if (access(in_place("self"), F_OK) < 0) {
		put_file("self/setgroups", "");
		put_file("self/uid_map", "");
		put_file("self/gid_map", "");
		put_file("self/timens_offsets", "");
		put_file("self/ns/time_for_children", "");
	}
	cgroup = (struct cgroup){.alive = -1};
	*plan = *new_plan();
	argv[1] = (char *)"/bin/program";
	argv[2] = NULL;
	plan->argv = argv + 1;
	plan->envp = envp;
	plan->namespaces = namespaces;
	plan->borrows = namespaces & CLONE_NEWUSER;
	plan->masks = !plan->borrows;
	plan->clocks[CLOCKS_BOOTTIME] = (struct clock_offset){true, -5};
	plan->parent_death = SIGTERM;
	plan->rootfs = in_place("root");
	plan->read_only = true;
	plan->limits[0] = (struct limit){.resource = RLIMIT_CORE};
	plan->limit_count = 1;
	plan->limit_capabilities = plan->seccomp = true;
	plan->capabilities = 1; /* CAP_CHOWN */
	plan->no_new_privs = true;
	plan->landlock[0] = (struct landlock_rule){.kind = LANDLOCK_BIND, .object = "80", .port = 80};
	plan->landlock_count = 1;
	plan->hostname = "box";
	plan->domainname = "here";
	plan->cwd = "/usr";
	plan->mounts[0] = (struct mount_entry){
		.kind = MOUNT_BIND, .source = in_place("source"), .target = "/target", .attributes = MOUNT_ATTR_RDONLY, .option = "bind",
	};
	plan->mounts[1] = (struct mount_entry){.kind = MOUNT_TMPFS, .target = "/scratch", .option = "tmpfs"};
	plan->mount_count = 2;
	plan->identity = (struct identity){.set = true, .uid = 7, .gid = 8, .groups = {1, 2, 3}, .group_count = 3};
	job = (struct job){.kind = JOB_GROUP, .console = -1};
	container = (struct container){.report = report[1], .words = -1, .root = -1, .dev = -1};
	fake_reset();
	fake_pseudo();
	fake_proc(in_place("self"));
	return (struct child){.plan = plan, .argv = argv + 1, .job = &job, .mask = &mask, .container = &container, .cgroup = &cgroup, .files_end = 64};
}

static int walk_container(struct child *child)
{
	int result = child_walk(child, STEP_CLONE, STEP_CONTAINER_END);

	umask(022); /* which a failure leaves as it was meanwhile */
	return result;
}

static int walk_program(struct child *child)
{
	return child_walk(child, STEP_VFORK, STEP_COUNT);
}

static void check_order(const char *const *parts, size_t count)
{
	size_t from = 0;

	for (size_t i = 0; i < count; i++)
		if (!fake_find(&from, parts[i]))
			fail_msg("no \"%s\" (in this place) in:\n%s", parts[i], fake_text());
}

/*
 * The ids before anything that needs them, sources while the host's root is there, the old root gone before anything is
 * resolved in the new one, and read-only last.
 */
static void test_container_order(void **state)
{
	static const char *const calls[] = {
		"sys_close_range", "prctl", "sys_join_keyring", "/proc/self/setgroups", "/proc/self/uid_map", "/proc/self/gid_map", "sys_unshare 0x80",
		"/proc/self/timens_offsets", "/proc/self/ns/time_for_children", "setns 0x80", "setpgid 0 0",
		"sys_mount none on / rec,private", "sys_clone_tree /dev/null", "sys_detached_mount proc", "sys_detached_mount sysfs", "/source",
		"sys_mount_attributes /root nodev rec", "sys_pivot_root . . in /root", "sys_umount /root detach", "sys_attach /detached-proc on /root/proc",
		"sys_attach /detached-tmpfs on /root/dev", "sys_mount tmpfs on /root/tmp", "sys_attach /source on /root/target",
		"sys_mount tmpfs on /root/scratch", "sys_mount_attributes /root ro", "chdir /", "sethostname box", "setdomainname here", "socket",
		"ioctl",
	};
	struct plan plan;
	struct child child = child_of(&plan, STANDARD | CLONE_NEWUSER);

	(void)state;
	assert_int_equal(walk_container(&child), 0);
	assert_int_equal(child.fault.step, STEP_NONE);
	check_order(calls, COUNT(calls));
}

static void test_program_order(void **state)
{
	static const char *const calls[] = {
		"setpgid 0 0", "sys_close_range 3 to -1", "prlimit", "prctl 38 1" /* PR_SET_NO_NEW_PRIVS */, "sys_landlock_restrict",
		"sys_setgroups 3: 1 2 3", "sys_setgid 8", "prctl 22 2" /* PR_SET_SECCOMP */,
		"prctl 24 1" /* PR_CAPBSET_DROP */, "sys_setuid 7", "sys_set_capabilities", "sys_open_plain /usr", "sys_signal_mask",
		"execve /bin/program: /bin/program",
	};
	struct plan plan;
	struct child child = child_of(&plan, STANDARD);

	(void)state;
	assert_int_equal(walk_program(&child), -1); /* execve is replaced */
	assert_int_equal(child.fault.step, STEP_EXEC);
	assert_int_equal(child.fault.error, ENOENT);
	check_order(calls, COUNT(calls));
}

/* Each step fails in turn. */
static const struct row {
	enum step step;
	const char *call, *part;
	int error;
	bool user; /* only with a user namespace */
} rows[] = {
	{STEP_CGROUP, "sys_unshare", "", EPERM, false},
	{STEP_DESCRIPTORS, "sys_close_range", "", EBADF, false},
	{STEP_PARENT_DEATH, "prctl", "", EINVAL, false},
	{STEP_SECRETS, "sys_join_keyring", "", EACCES, false},
	{STEP_IDMAP, "openat", "/proc/self/setgroups", EACCES, true},
	{STEP_IDMAP, "openat", "/proc/self/uid_map", EPERM, true},
	{STEP_IDMAP, "openat", "/proc/self/gid_map", EPERM, true},
	{STEP_TIME, "sys_unshare", "0x80", EINVAL, true},
	{STEP_TIME, "openat", "/proc/self/timens_offsets", EACCES, true},
	{STEP_TIME, "openat", "/proc/self/ns/time_for_children", ENOENT, true},
	{STEP_TIME, "setns", "0x80", EUSERS, true},
	{STEP_JOB, "setpgid", "", EPERM, false},
	{STEP_PROPAGATION, "sys_mount", "rec,private", EINVAL, false},
	{STEP_SOURCES, "sys_clone_tree", "/source", EACCES, false},
	{STEP_SOURCES, "sys_clone_tree", "/dev/null", ENOSYS, true},
	{STEP_SOURCES, "sys_detached_mount", "proc", EPERM, true},
	{STEP_ROOT, "sys_clone_tree", "/root rec", EINVAL, false},
	{STEP_ROOT, "sys_attach", "/root on ", EINVAL, false},
	{STEP_OVERLAY, "sys_detached_mount_options", "overlay", ENODEV, false},
	{STEP_NO_DEVICES, "sys_mount_attributes", "/root nodev rec", EINVAL, false},
	{STEP_PIVOT, "sys_pivot_root", "", EINVAL, false},
	{STEP_MOUNTS, "sys_mount", "proc on", EPERM, false},
	{STEP_MOUNTS, "sys_detached_mount", "tmpfs", ENOSYS, false},
	{STEP_MOUNTS, "sys_mount", "on /root/tmp", ENOMEM, false},
	{STEP_PTY, "openat", "pts/ptmx", ENOSPC, false},
	{STEP_BINDS, "sys_mount_attributes", "/source", EPERM, false},
	{STEP_BINDS, "sys_attach", "/source on", EINVAL, false},
	{STEP_BINDS, "sys_mount", "/root/scratch", EINVAL, false},
	{STEP_READ_ONLY, "sys_mount_attributes", "/root ro", EPERM, true},
	{STEP_DETACH, "sys_umount", "", EINVAL, true},
	{STEP_LEAVE, "chdir", " /", EACCES, true},
	{STEP_HOSTNAME, "sethostname", "", EPERM, true},
	{STEP_DOMAINNAME, "setdomainname", "", EPERM, true},
	{STEP_LOOPBACK, "socket", "", EAFNOSUPPORT, true},
	{STEP_LOOPBACK, "ioctl", "", ENODEV, true},
	{STEP_PLACE, "sys_unshare", "", EPERM, false},
	{STEP_TERMINAL, "setpgid", "", EPERM, false},
	{STEP_FILES, "sys_unshare_files", "64", EMFILE, false},
	{STEP_CLOSE, "sys_close_range", "", EBADF, false},
	{STEP_LIMITS, "prlimit", "", EPERM, false},
	{STEP_TRAITS, "sys_schedule", " 2 9", EPERM, false},
	{STEP_TRAITS, "sys_io_priority", " 3 1", EPERM, false},
	{STEP_TRAITS, "prctl", "prctl 29 77" /* PR_SET_TIMERSLACK */, EINVAL, false},
	{STEP_KEYRING, "sys_join_keyring", "", EACCES, false},
	{STEP_KEYRING, "sys_link_user_keyring", "", EACCES, false},
	{STEP_SANDBOX, "sys_unshare", " 0x20000", EPERM, false},
	{STEP_SANDBOX, "sys_mount", "none on /", EACCES, false},
	{STEP_SANDBOX, "openat", "/proc/4711/ns/user", ENOENT, false},
	{STEP_VIEWS, "sys_open_in_root", "", ENOENT, false},
	{STEP_VIEWS, "sys_clone_tree", "", EINVAL, false},
	{STEP_NO_NEW_PRIVS, "prctl", "prctl 38 1", EINVAL, false},
	{STEP_LANDLOCK, "sys_landlock_create", " version", ENOSYS, false},
	{STEP_LANDLOCK, "sys_landlock_restrict", "", EPERM, false},
	{STEP_SECCOMP, "prctl", "prctl 22 2", EACCES, false},
	{STEP_BOUNDING, "prctl", "prctl 24 1", EPERM, false},
	{STEP_CAPABILITIES, "sys_set_capabilities", "", EPERM, false},
	{STEP_GROUPS, "sys_setgroups", "", EPERM, false},
	{STEP_GROUPS, "sys_setgroups", "", EINVAL, true},
	{STEP_GID, "sys_setgid", "", EPERM, false},
	{STEP_USERS, "setns", "0x10000000", EPERM, false},
	{STEP_UID, "sys_setuid", "", EAGAIN, false},
	{STEP_CWD, "sys_open_plain", "", ENOENT, false},
	{STEP_SIGNALS, "sys_signal_mask", "", EINVAL, false},
	{STEP_FILTER, "prctl", "prctl 22 2", EACCES, false},
	{STEP_EXEC, "execve", "", EACCES, false},
};

static void test_failures(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		bool program = rows[i].step > STEP_CONTAINER_END;
		struct plan plan;
		struct child child = child_of(&plan, STANDARD | (rows[i].user || !program ? CLONE_NEWUSER : 0));
		char row[128];

		snprintf(row, sizeof row, "step %d, %s %s", rows[i].step, rows[i].call, rows[i].part);
		if (!program && !rows[i].user)
			plan.namespaces = STANDARD, plan.borrows = false, plan.masks = true;
		if (rows[i].step == STEP_SANDBOX || rows[i].step == STEP_VIEWS) {
			plan.sandbox = CLONE_NEWNS;
			plan.mounts[0] = (struct mount_entry){.kind = MOUNT_VIEW, .target = "/", .attributes = MOUNT_ATTR_RDONLY, .option = "ReadOnlyPaths"};
			plan.mount_count = 1;
		}
		if (rows[i].step == STEP_USERS || strstr(rows[i].part, "4711")) {
			put_file("self/ns/user", "");
			plan.sandbox = CLONE_NEWUSER;
			job.users = 4711;
		}
		if (rows[i].step == STEP_TRAITS || rows[i].step == STEP_KEYRING)
			plan.traits = (struct traits){.set = 1U << TRAIT_SCHEDULER | 1U << TRAIT_IO | 1U << TRAIT_SLACK, .keyring = KEYRING_SHARED, .policy = 2,
			                              .priority = 9, .io_class = 3, .io_priority = 1, .slack_ns = 77};
		if (rows[i].step == STEP_FILTER) {
			plan.seccomp = false;
			plan.filter.restrictions = RESTRICTS(LOGS);
		}
		plan.cgroup = rows[i].step == STEP_PLACE ? &cgroup : NULL;
		plan.ephemeral = rows[i].step == STEP_OVERLAY;
		plan.pty = rows[i].step == STEP_PTY ? 7 : 0;
		fake_fail_at(rows[i].call, rows[i].part, rows[i].error);
		check_int(row, program ? walk_program(&child) : walk_container(&child), -1);
		check_int(row, child.fault.step, rows[i].step);
		check_int(row, child.fault.error, rows[i].error);
	}
}

/* The masks go onto the container's own procfs; here there is none, which must not pass. */
static void test_masks_fail(void **state)
{
	struct plan plan;
	struct child child = child_of(&plan, STANDARD);

	(void)state;
	fake_reset(); /* no fake_pseudo() */
	fake_proc(in_place("self"));
	assert_int_equal(walk_container(&child), -1);
	assert_int_equal(child.fault.step, STEP_MASKS);
	assert_int_equal(child.fault.error, EXDEV);
}

/* A launcher that ends without its word, or says another. */
static void test_no_word(void **state)
{
	static const enum word words[] = {WORD_MAPS, WORD_NETWORK};

	(void)state;
	for (size_t said = 0; said <= COUNT(words); said++) {
		struct plan plan;
		struct child child = child_of(&plan, STANDARD);
		int ends[2];

		assert_int_equal(pipe(ends), 0);
		if (said < COUNT(words))
			assert_int_equal(write(ends[1], &words[said], sizeof words[said]), sizeof words[said]);
		close(ends[1]);
		plan.network.kind = NETWORK_VETH;
		container.words = ends[0];
		fake_reset();
		assert_int_equal(child_walk(&child, STEP_NETWORK_READY - 1, STEP_CONTAINER_END), said == 1 ? 0 : -1);
		if (said == 1) { /* and nothing else will be waited for */
			assert_int_equal(fcntl(ends[0], F_GETFD), -1);
			continue;
		}
		assert_int_equal(child.fault.step, STEP_NETWORK_READY);
		assert_int_equal(child.fault.error, ECANCELED);
		close(ends[0]);
	}
}

/* The table above has every step but those that have tests of their own, and the one that cannot fail. */
static void test_every_step_has_a_row(void **state)
{
	(void)state;
	for (int step = STEP_CLONE + 1; step < STEP_COUNT; step++) {
		bool found = step == STEP_CONTAINER_END || step == STEP_VFORK || step == STEP_MASKS ||
		             step == STEP_NETWORK_READY || step == STEP_LISTEN_PID || step == STEP_JOIN;

		for (size_t i = 0; i < COUNT(rows); i++)
			found = found || (int)rows[i].step == step;
		if (!found)
			fail_msg("step %d has no row", step);
	}
}

static struct child joining(struct plan *plan)
{
	struct child child = child_of(plan, STANDARD | CLONE_NEWUSER);

	put_file("self/cgroup", "0::/a\n");
	plan->join = 4711;
	plan->rootfs = NULL;
	return child;
}

/* Who joins makes nothing and mounts nothing, and is out of sight before it is inside. */
static void test_join(void **state)
{
	static const char *const calls[] = {
		"openat /proc/4711/cgroup", "openat /proc/self/cgroup", "sys_close_range", "prctl 1 15" /* PR_SET_PDEATHSIG */, "sys_join_keyring",
		"sys_pidfd 4711", "openat /dev", "prctl 4 0" /* PR_SET_DUMPABLE */, "setns 0x7e020080", "setpgid 0 0",
	};
	struct plan plan;
	struct child child = joining(&plan);

	(void)state;
	assert_int_equal(child_join(&child), 0);
	check_order(calls, COUNT(calls));
	assert_int_equal(fake_count("sys_mount") + fake_count("sys_clone_tree") + fake_count("sys_unshare") + fake_count("sethostname"), 0);
}

static void test_join_failures(void **state)
{
	static const struct row failures[] = {
		{STEP_CGROUP, "openat", "/proc/4711/cgroup", ENOENT, true}, {STEP_DESCRIPTORS, "sys_close_range", "", EBADF, true},
		{STEP_JOIN, "sys_pidfd", "", ESRCH, true}, {STEP_JOIN, "prctl", "prctl 4 0", EINVAL, true}, {STEP_JOIN, "setns", "", EPERM, true},
		{STEP_JOB, "setpgid", "", EPERM, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(failures); i++) {
		struct plan plan;
		struct child child = joining(&plan);

		fake_fail_at(failures[i].call, failures[i].part, failures[i].error);
		check_int(failures[i].call, child_join(&child), -1);
		check_int(failures[i].call, child.fault.step, failures[i].step);
		check_int(failures[i].call, child.fault.error, failures[i].error);
		check_true(failures[i].call, failures[i].step == STEP_JOB || strcmp(failures[i].call, "setns") == 0 || fake_count("setns") == 0);
	}
}

/* What comes after the failed step is not done. */
static void test_nothing_after_a_failure(void **state)
{
	struct plan plan;
	struct child child = child_of(&plan, STANDARD);

	(void)state;
	fake_fail("sys_pivot_root", 1, EINVAL);
	assert_int_equal(walk_container(&child), -1);
	assert_int_equal(fake_count("sys_umount") + fake_count("sethostname") + fake_count("socket"), 0);
	child = child_of(&plan, STANDARD);
	fake_fail("sys_setgid", 1, EPERM);
	assert_int_equal(walk_program(&child), -1);
	assert_int_equal(fake_count("sys_setuid") + fake_count("execve"), 0);
}

/* Steps that a plan does not ask for do nothing. */
static void test_plain_program(void **state)
{
	struct plan plan;
	struct child child = child_of(&plan, 0);

	(void)state;
	plan.identity.set = plan.limit_capabilities = plan.seccomp = plan.no_new_privs = false;
	plan.limit_count = plan.landlock_count = 0;
	plan.cwd = NULL;
	job.kind = JOB_SHARED;
	child.files_end = 0;
	assert_int_equal(walk_program(&child), -1);
	assert_string_equal(fake_text(), "sys_signal_mask 2\nexecve /bin/program: /bin/program\n");
}

/* A namespace of one id may not call setgroups, and has no other group to give up; elsewhere that is an error. */
static void test_groups(void **state)
{
	static const struct {
		bool user, set, clear;
		int error, result, calls;
	} plans[] = {
		{false, false, false, 0, 0, 0}, {false, false, true, 0, 0, 1}, {false, true, false, 0, 0, 1},
		{false, true, false, EPERM, -1, 1}, {true, true, false, EPERM, 0, 1}, {true, true, false, EINVAL, -1, 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(plans); i++) {
		struct plan plan;
		struct child child = child_of(&plan, STANDARD | (plans[i].user ? CLONE_NEWUSER : 0));

		plan.identity.set = plans[i].set;
		plan.identity.clear_groups = plans[i].clear;
		if (plans[i].error)
			fake_fail("sys_setgroups", 1, plans[i].error);
		assert_int_equal(child_walk(&child, STEP_CLOSE, STEP_GID), plans[i].result);
		assert_int_equal(fake_count("sys_setgroups"), plans[i].calls);
	}
}

/* A magic link could lead out of the root: CVE-2024-21626. */
static void test_cwd(void **state)
{
	static const struct {
		const char *cwd;
		int error; /* 0: none */
	} directories[] = {
		{"/", 0}, {"/proc", 0}, {"/proc/self/cwd", ELOOP}, {"/proc/self/fd/0", ELOOP}, {"/nowhere", ENOENT}, {"/proc/version", ENOTDIR},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(directories); i++) {
		struct plan plan;
		struct child child = child_of(&plan, STANDARD);
		int here;

		plan.cwd = directories[i].cwd;
		check_int(plan.cwd, child_walk(&child, STEP_UID, STEP_SIGNALS), directories[i].error ? -1 : 0);
		if (directories[i].error) {
			check_int(plan.cwd, child.fault.error, directories[i].error);
			continue;
		}
		here = open(".", O_PATH | O_CLOEXEC);
		check_text(plan.cwd, path_of(here), plan.cwd);
	}
}

/* sd_listen_fds(3): the pid is the program's own, written where the variable has room for it. */
static void test_listen_pid(void **state)
{
	char pid[] = "4294967295", wanted[16];
	struct plan plan;
	struct child child = child_of(&plan, 0);

	(void)state;
	plan.listen_pid = pid;
	assert_int_equal(child_walk(&child, STEP_CWD, STEP_SIGNALS), 0);
	snprintf(wanted, sizeof wanted, "%d", (int)getpid());
	assert_string_equal(pid, wanted);
}

/* The mask that we were started with, or none and no signal ignored. */
static void test_signals(void **state)
{
	struct plan plan;
	struct child child = child_of(&plan, 0);

	(void)state;
	assert_int_equal(child_walk(&child, STEP_LISTEN_PID, STEP_EXEC), 0);
	assert_string_equal(fake_text(), "sys_signal_mask 2\n");
	plan.clear_signals = true;
	assert_int_equal(child_walk(&child, STEP_LISTEN_PID, STEP_EXEC), 0);
	assert_string_equal(fake_text(), "sys_signal_mask 2\nsys_signal_default 1\nsys_signal_default 64\nsys_signal_mask 2\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_container_order), test(test_program_order), test(test_failures), test(test_masks_fail), test(test_no_word),
		test(test_every_step_has_a_row), test(test_join), test(test_join_failures), test(test_nothing_after_a_failure), test(test_plain_program), test(test_groups), test(test_cwd),
		test(test_listen_pid), test(test_signals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
