/* SPDX-License-Identifier: MIT
 *
 * Mounts. A target is always a descriptor that root_target() opened inside the root: a directory is entered
 * and mounted on as ".", anything else is reached by move_mount(2) from descriptor to descriptor. mount(2) is
 * used where it does, because it costs the kernel less than fsopen(2) and its sequel.
 */
#include "mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "dev.h"
#include "idmap.h"
#include "net.h"
#include "remount.h"
#include "root.h"
#include "sys.h"

static int mount_plain(struct child *child, const struct mount_row *row);
static int mount_proc(struct child *child, const struct mount_row *row);
static int mount_sys(struct child *child, const struct mount_row *row);
static int mount_cgroup(struct child *child, const struct mount_row *row);
static int mount_pts(struct child *child, const struct mount_row *row);

enum {
	GUARDED = MS_NOSUID | MS_NODEV | MS_NOEXEC,
};

const struct mount_row mount_rows[] = {
	{"proc", "proc", GUARDED, NULL, CLONE_NEWPID, 0, mount_proc},
	{"sys", "sysfs", GUARDED | MS_RDONLY, NULL, CLONE_NEWNET, 0, mount_sys},
	{"sys/fs/cgroup", "cgroup2", GUARDED | MS_RDONLY, NULL, CLONE_NEWCGROUP, MOUNT_ROOTFS | MOUNT_OPTIONAL, mount_cgroup},
	{"dev", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=755", 0, MOUNT_ROOTFS, dev_mount},
	{"dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620,gid=5", 0, MOUNT_ROOTFS | MOUNT_IN_DEV, mount_pts},
	{"dev/shm", "tmpfs", GUARDED, "mode=1777", 0, MOUNT_ROOTFS | MOUNT_IN_DEV, mount_plain},
	{"dev/mqueue", "mqueue", GUARDED, NULL, CLONE_NEWIPC, MOUNT_IN_DEV | MOUNT_OPTIONAL, mount_plain},
	{"run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755", 0, MOUNT_ROOTFS, mount_plain},
	{"tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777", 0, MOUNT_ROOTFS, mount_plain},
};
const size_t mount_row_count = sizeof mount_rows / sizeof mount_rows[0];

static const struct {
	const char *name; /* in /proc */
	bool directory;
} masked[] = {
	{"kcore", false}, {"keys", false}, {"latency_stats", false}, {"timer_list", false}, {"timer_stats", false},
	{"sched_debug", false}, {"scsi", true}, {"acpi", true},
};
static const char *const guarded[] = {"bus", "fs", "irq", "sys", "sysrq-trigger"};

bool mount_row_wanted(const struct plan *plan, const struct mount_row *row)
{
	if (plan->rootfs) /* sysfs is bound where the network namespace is not ours */
		return row->namespace == 0 || (plan->namespaces & row->namespace) || row->mount == mount_sys;
	if (row->mount == mount_sys && net_joins(plan)) /* in a user namespace it could not be mounted */
		return !(plan->namespaces & CLONE_NEWUSER);
	return !(row->policy & MOUNT_ROOTFS) && (plan->namespaces & row->namespace);
}

int mount_propagation(struct child *child)
{
	(void)child;
	return sys_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

static bool borrows_sys(const struct plan *plan)
{
	return plan->rootfs && plan->borrows && !(plan->namespaces & CLONE_NEWNET);
}

/*
 * A user namespace may mount a new proc or sysfs only while it can see an old one that hides nothing,
 * mount_namespaces(7), and the host's are gone before the new root is touched. sysfs shows the network namespace of who
 * mounts it, so without one of our own it is the host's, read-only.
 */
static int prepare_pseudo(struct child *child)
{
	struct container *container = child->container;

	if (!child->plan->rootfs || !child->plan->borrows)
		return 0;
	child->fault.index = FAULT_PROC;
	container->proc = sys_detached_mount("proc", NULL, NULL, GUARDED);
	if (container->proc < 0)
		return -1;
	child->fault.index = FAULT_SYS;
	container->sys = borrows_sys(child->plan) ? sys_clone_tree(AT_FDCWD, "/sys", true)
	                                          : sys_detached_mount("sysfs", NULL, NULL, GUARDED | MS_RDONLY);
	return container->sys < 0 ? -1 : 0;
}

int mount_sources(struct child *child)
{
	child->fault.index = FAULT_HOST_NODES;
	if (dev_sources(child) < 0)
		return -1;
	if (prepare_pseudo(child) < 0)
		return -1;
	for (size_t i = 0; i < child->plan->mount_count; i++) {
		const struct mount_entry *entry = &child->plan->mounts[i];

		if (entry->kind != MOUNT_BIND)
			continue;
		child->fault.index = (int)i;
		child->container->sources[i] = entry->attributes & MOUNT_ATTR_IDMAP ? idmap_receive(child)
		                             : sys_clone_tree(AT_FDCWD, entry->source, entry->recursive);
		if (child->container->sources[i] < 0)
			return -1;
	}
	return 0;
}

int mount_on(int fd, const char *type, unsigned long flags, const char *data)
{
	if (fd < 0)
		return -1;
	if (fchdir(fd) < 0 || sys_mount(type, ".", type, flags, data) < 0) {
		int error = errno;

		close(fd);
		errno = error;
		return -1;
	}
	return close(fd);
}

/* Mounts a file system on a directory inside the root. */
static int mount_directory(struct child *child, const char *target, const char *type, unsigned long flags, const char *data)
{
	return mount_on(root_target(child->container->root, target, true, child->plan->rootfs != NULL), type, flags, data);
}

int mount_restrict(int fd, uint64_t attributes, bool recursive)
{
	if (sys_mount_attributes(fd, attributes, recursive) == 0)
		return 0;
	return errno == ENOSYS ? remount_one(fd, attributes) : -1;
}

int mount_attach(int root, int tree, int target, uint64_t attributes, bool recursive)
{
	bool late = false;
	int result = target < 0 ? -1 : 0, error;

	if (result == 0 && attributes && sys_mount_attributes(tree, attributes, recursive) < 0) {
		late = errno == ENOSYS;
		result = late ? 0 : -1;
	}
	if (result == 0)
		result = sys_attach(tree, target, "");
	if (result == 0 && late)
		result = recursive ? remount_tree(root, tree, attributes) : remount_one(tree, attributes);
	error = errno;
	close(target);
	close(tree);
	errno = error;
	return result;
}

static int mount_row(struct child *child, const struct mount_row *row, const char *data)
{
	if (!(row->policy & MOUNT_IN_DEV) || !child->plan->rootfs)
		return mount_directory(child, row->target, row->type, row->flags, data);
	if (fchdir(child->container->dev) < 0)
		return -1;
	return sys_mount(row->type, row->target + strlen("dev/"), row->type, row->flags, data);
}

/*
 * mount(2) refuses with EBUSY what is mounted there already, even if it was the host's and only came along with
 * a tree: sysfs, cgroup2. The new mount API does not.
 */
static int mount_plain(struct child *child, const struct mount_row *row)
{
	const int root = child->container->root;
	int tree;

	if (mount_row(child, row, row->data) == 0)
		return 0;
	if (errno != EBUSY || row->data)
		return -1;
	tree = sys_detached_mount(row->type, NULL, NULL, row->flags);
	return tree < 0 ? -1 : mount_attach(root, tree, root_target(root, row->target, true, false), 0, false);
}

/* Attaches what was prepared; a borrowed tree gets the row's flags now. */
static int attach_row(struct child *child, const struct mount_row *row, int tree, bool borrowed)
{
	const int root = child->container->root;

	return mount_attach(root, tree, root_target(root, row->target, true, true), borrowed ? row->flags : 0, borrowed);
}

static int mount_proc(struct child *child, const struct mount_row *row)
{
	return child->container->proc > 0 ? attach_row(child, row, child->container->proc, false) : mount_plain(child, row);
}

static int mount_sys(struct child *child, const struct mount_row *row)
{
	return child->container->sys > 0 ? attach_row(child, row, child->container->sys, borrows_sys(child->plan)) : mount_plain(child, row);
}

/* A namespace's view of its cgroups. That of the host, which a borrowed /sys brought along, must not stay in sight. */
static int mount_cgroup(struct child *child, const struct mount_row *row)
{
	if (mount_plain(child, row) == 0)
		return 0;
	return borrows_sys(child->plan) ? mount_directory(child, row->target, "tmpfs", row->flags, NULL) : -1;
}

/* True if the maps of our user namespace leave the group out. */
static bool lacks_group(const struct plan *plan, unsigned group)
{
	bool lacks = plan->gid_map.count > 0;

	for (size_t i = 0; i < plan->gid_map.count; i++)
		lacks &= group - plan->gid_map.ranges[i].inside >= plan->gid_map.ranges[i].count;
	return lacks || idmap_is_single(plan);
}

/* Group 5 is tty's, and in a user namespace of few ids it does not exist. */
static int mount_pts(struct child *child, const struct mount_row *row)
{
	static const char plain[] = "newinstance,ptmxmode=0666,mode=620";

	if (lacks_group(child->plan, 5))
		return mount_row(child, row, plain);
	if (mount_row(child, row, row->data) == 0)
		return 0;
	/* In a user namespace that was made outside it may not exist either. */
	return errno == EINVAL && child->plan->borrows && child->plan->gid_map.count == 0 ? mount_row(child, row, plain) : -1;
}

int mount_rows_apply(struct child *child)
{
	for (size_t i = 0; i < mount_row_count; i++) {
		const struct mount_row *row = &mount_rows[i];

		child->fault.index = (int)i;
		if (!mount_row_wanted(child->plan, row) || row->mount(child, row) == 0)
			continue;
		if (!(row->policy & MOUNT_OPTIONAL) || (errno != ENODEV && errno != ENOENT))
			return -1;
	}
	return 0;
}

static int apply_bind(struct child *child, const struct mount_entry *entry, int tree)
{
	const int root = child->container->root;
	struct stat status;

	if (fstat(tree, &status) < 0)
		return -1;
	return mount_attach(root, tree, root_target(root, entry->target, S_ISDIR(status.st_mode), child->plan->rootfs != NULL),
	              entry->attributes & ~(uint64_t)MOUNT_ATTR_IDMAP, entry->recursive);
}

int mount_entries_apply(struct child *child)
{
	for (size_t i = 0; i < child->plan->mount_count; i++) {
		const struct mount_entry *entry = &child->plan->mounts[i];
		int result;

		child->fault.index = (int)i;
		if (entry->kind == MOUNT_BIND)
			result = apply_bind(child, entry, child->container->sources[i]);
		else
			result = mount_directory(child, entry->target, "tmpfs", MS_NOSUID | MS_NODEV, entry->data);
		if (result < 0)
			return -1;
	}
	return 0;
}

/*
 * Names in our own new proc are the kernel's, so they need no resolving. What is not there is looked for first:
 * closing a tree that was never attached makes the kernel wait for an RCU grace period, 27 µs.
 */
static int is_there(int proc, const char *name)
{
	if (faccessat(proc, name, F_OK, 0) == 0)
		return true;
	return errno == ENOENT ? false : -1;
}

/* Covers /proc/name with our own /dev/null. */
static int mask_file(int proc, int dev, const char *name)
{
	int tree = sys_clone_tree(dev, "null", false);

	return tree < 0 || sys_attach(tree, proc, name) < 0 ? -1 : close(tree);
}

/* Covers /proc/name, where we are in /proc, with an empty tmpfs. */
static int mask_directory(const char *name)
{
	return sys_mount("tmpfs", name, "tmpfs", GUARDED | MS_RDONLY, "size=0,nr_inodes=1");
}

/* Covers /proc/name, where we are in /proc, with a read-only view of itself. */
static int guard(const char *name)
{
	if (sys_mount(name, name, NULL, MS_BIND, NULL) < 0)
		return errno == ENOENT ? 0 : -1;
	return sys_mount(NULL, name, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | GUARDED, NULL);
}

/* Hides what one of the names in masked is, if it is there at all. */
static int mask(int proc, int dev, const char *name, bool directory)
{
	int there = is_there(proc, name);

	if (there <= 0)
		return there;
	return directory ? mask_directory(name) : mask_file(proc, dev, name);
}

static int mask_firmware(int root)
{
	int sys = root_mounted(root, "sys", SYSFS_MAGIC), result;

	if (sys < 0 || fchdir(sys) < 0)
		return -1;
	result = is_there(sys, "firmware");
	close(sys);
	return result > 0 ? mask_directory("firmware") : result;
}

int mount_masks(struct child *child)
{
	int proc, dev = child->container->dev;

	if (!child->plan->rootfs || child->plan->privileged)
		return 0;
	if (mask_firmware(child->container->root) < 0)
		return -1;
	if (!child->plan->masks)
		return 0;
	proc = root_mounted(child->container->root, "proc", PROC_SUPER_MAGIC);
	if (proc < 0 || fchdir(proc) < 0)
		return -1;
	for (size_t i = 0; i < sizeof masked / sizeof masked[0]; i++)
		if (mask(proc, dev, masked[i].name, masked[i].directory) < 0)
			return -1;
	for (size_t i = 0; i < sizeof guarded / sizeof guarded[0]; i++)
		if (guard(guarded[i]) < 0)
			return -1;
	return close(proc);
}
