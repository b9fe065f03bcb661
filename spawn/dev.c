/* SPDX-License-Identifier: MIT
 *
 * /dev of a container. Nothing in it comes from the rootfs.
 */
#include "dev.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "child.h"
#include "mount.h"
#include "root.h"
#include "sys.h"

/* Linux allocated devices, Documentation/admin-guide/devices.txt. */
static const struct node {
	const char *name, *host;
	unsigned major, minor;
} nodes[CHILD_DEVICES] = {
	{"null", "/dev/null", 1, 3},     {"zero", "/dev/zero", 1, 5},       {"full", "/dev/full", 1, 7},
	{"random", "/dev/random", 1, 8}, {"urandom", "/dev/urandom", 1, 9}, {"tty", "/dev/tty", 5, 0},
};

static const struct {
	const char *name, *target;
} links[] = {
	{"fd", "/proc/self/fd"},       {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"},
	{"stderr", "/proc/self/fd/2"}, {"ptmx", "pts/ptmx"},
};

/* Mount points of later rows, made here for less than root_target() would take. */
static const char *const directories[] = {"pts", "shm", "mqueue"};

static bool borrows_nodes(const struct child *child)
{
	return child->plan->rootfs && child->plan->borrows;
}

int dev_sources(struct child *child)
{
	for (int i = 0; borrows_nodes(child) && i < CHILD_DEVICES; i++) {
		struct stat status;
		int fd = sys_clone_tree(AT_FDCWD, nodes[i].host, false);

		if (fd < 0 || fstat(fd, &status) < 0)
			return -1;
		if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(nodes[i].major, nodes[i].minor)) {
			errno = ENODEV;
			return -1;
		}
		child->container->devices[i] = fd;
	}
	return 0;
}

static int make_entries(int dev)
{
	for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
		if (symlinkat(links[i].target, dev, links[i].name) < 0 && errno != EEXIST)
			return -1;
	for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++)
		if (mkdirat(dev, directories[i], 0755) < 0 && errno != EEXIST)
			return -1;
	return 0;
}

static int make_nodes(int dev)
{
	for (int i = 0; i < CHILD_DEVICES; i++)
		if (mknodat(dev, nodes[i].name, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)) < 0 && errno != EEXIST)
			return -1;
	return 0;
}

int dev_fill(int dev)
{
	if (make_entries(dev) < 0)
		return -1;
	if (faccessat(dev, "console", F_OK, 0) == 0 && faccessat(dev, "full", F_OK, 0) == 0) /* the kernel's own: an initramfs seldom has this one */
		return 0;
	if (make_nodes(dev) < 0)
		return -1;
	return mknodat(dev, "console", S_IFCHR | 0600, makedev(5, 1)) == 0 || errno == EEXIST ? 0 : -1;
}

/* A node of the host goes onto an empty file; the tmpfs must be attached by then, move_mount(2). */
static int bind_nodes(const struct child *child, int dev)
{
	for (int i = 0; i < CHILD_DEVICES; i++)
		if (mknodat(dev, nodes[i].name, S_IFREG | 0644, 0) < 0 || sys_attach(child->container->devices[i], dev, nodes[i].name) < 0 ||
		    close(child->container->devices[i]) < 0)
			return -1;
	return 0;
}

int dev_mount(struct child *child, const struct mount_row *row)
{
	int dev = sys_detached_mount(row->type, "mode", "755", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	int target;

	child->container->dev = dev;
	if (dev < 0 || make_entries(dev) < 0 || (!borrows_nodes(child) && make_nodes(dev) < 0))
		return -1;
	target = root_target(child->container->root, row->target, true, true);
	if (target < 0 || sys_attach(dev, target, "") < 0 || close(target) < 0)
		return -1;
	return borrows_nodes(child) ? bind_nodes(child, dev) : 0;
}
