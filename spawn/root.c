/* SPDX-License-Identifier: MIT
 *
 * The root switch and path resolution inside it. Why pivot_root and nothing else: ARCHITECTURE.md.
 */
#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "child.h"
#include "image.h"
#include "mount.h"
#include "sys.h"

enum {
	LINKS_MAX = 8, /* dangling links followed to make their target */
};

/* A directory is taken with the mounts below it; a file is an image. */
int root_tree(const char *rootfs)
{
	struct stat status;

	if (stat(rootfs, &status) < 0)
		return -1;
	return S_ISREG(status.st_mode) ? image_open(rootfs) : sys_clone_tree(AT_FDCWD, rootfs, true);
}

int root_open(struct child *child)
{
	struct container *container = child->container;
	struct stat status;

	container->umask = umask(0);
	if (!child->plan->rootfs) {
		container->root = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		container->directory = openat(AT_FDCWD, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
		return container->root < 0 || container->directory < 0 ? -1 : 0;
	}
	container->root = root_tree(child->plan->rootfs);
	if (container->root < 0 || fstat(container->root, &status) < 0)
		return -1;
	if (!S_ISDIR(status.st_mode)) {
		errno = ENOTDIR;
		return -1;
	}
	/* On "/" it is in nobody's way: paths start at the root we have, below it. An overlay needs it attached. */
	return sys_attach(container->root, AT_FDCWD, "/");
}

/*
 * A device node in an image is the host's device to whoever may open it. Those of our /dev come later and are not touched.
 * Before Linux 5.12 what is mounted below keeps its nodes.
 */
int root_no_devices(struct child *child)
{
	const struct plan *plan = child->plan;

	return plan->rootfs && !plan->privileged ? mount_restrict(child->container->root, MOUNT_ATTR_NODEV, true) : 0;
}

int root_pivot(struct child *child)
{
	int root = child->container->root;

	if (!child->plan->rootfs)
		return 0;
	return fchdir(root) < 0 || sys_pivot_root(".", ".") < 0 ? -1 : 0;
}

int root_read_only(struct child *child)
{
	return child->plan->read_only ? mount_restrict(child->container->root, MOUNT_ATTR_RDONLY, false) : 0;
}

int root_detach(struct child *child)
{
	if (!child->plan->rootfs)
		return 0;
	for (int left = child->container->stacked; left >= 0; left--) /* the topmost goes first, the host's root last */
		if (sys_umount(".", MNT_DETACH) < 0)
			return -1;
	return 0;
}

int root_leave(struct child *child)
{
	struct container *container = child->container;

	umask(container->umask);
	if (!child->plan->rootfs)
		return fchdir(container->directory) < 0 || close(container->directory) < 0 ? -1 : close(container->root);
	return chdir("/") < 0 || close(container->dev) < 0 ? -1 : close(container->root);
}

/* Puts where the link path[name..end) of parent leads in its place: what is made is what the link points at. */
static int splice_link(int parent, char *path, size_t name, size_t end)
{
	char link[PATH_MAX];
	ssize_t length;
	size_t rest = strlen(path + end) + 1, from;
	char saved = path[end];

	path[end] = '\0';
	length = readlinkat(parent, path + name, link, sizeof link);
	path[end] = saved;
	if (length < 0)
		return -1;
	from = link[0] == '/' ? 0 : name; /* absolute links start at the root, which is ours */
	if (from + (size_t)length + rest > PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memmove(path + from + length, path + end, rest);
	memcpy(path + from, link, (size_t)length);
	return 0;
}

static int make_entry(int parent, const char *name, bool directory)
{
	int fd;

	if (directory)
		return mkdirat(parent, name, 0755);
	fd = openat(parent, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0644);
	return fd < 0 ? -1 : close(fd);
}

/*
 * Opens the part of path that ends at end, in parent, and makes it if it is missing. On a dangling link path is changed to
 * where it leads, and *again is set.
 */
static int open_part(int root, int parent, char *path, size_t name, size_t end, bool directory, bool *again)
{
	int flags = O_PATH | (directory ? O_DIRECTORY : 0), fd;
	char saved = path[end];

	path[end] = '\0';
	fd = sys_open_in_root(root, path, flags, 0);
	if (fd < 0 && errno == ENOENT && (make_entry(parent, path + name, directory) == 0 || errno == EEXIST)) {
		fd = sys_open_in_root(root, path, flags, 0);
		*again = fd < 0 && errno == ENOENT;
	}
	path[end] = saved;
	return *again ? splice_link(parent, path, name, end) : fd;
}

/* Walks path from the root on, making what is missing. The descriptor of its end, or -1; *again as above. */
static int make_parts(int root, char *path, bool directory, bool *again)
{
	int parent = sys_open_in_root(root, ".", O_PATH | O_DIRECTORY, 0);
	size_t end = 0;

	while (parent >= 0 && !*again) {
		size_t name = end + strspn(path + end, "/");
		int fd, error;

		if (!path[name])
			break;
		end = name + strcspn(path + name, "/");
		fd = open_part(root, parent, path, name, end, directory || path[end], again);
		error = errno;
		close(parent);
		errno = error;
		parent = fd;
	}
	return parent;
}

int root_target(int root, const char *path, bool directory, bool create)
{
	char changed[PATH_MAX];
	int fd = sys_open_in_root(root, path, O_PATH | (directory ? O_DIRECTORY : 0), 0);

	if (fd >= 0 || errno != ENOENT || !create)
		return fd;
	if (strlen(path) >= sizeof changed) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(changed, path);
	for (int links = 0; links < LINKS_MAX; links++) {
		bool again = false;

		fd = make_parts(root, changed, directory, &again);
		if (!again || fd < 0)
			return fd;
	}
	errno = ELOOP;
	return -1;
}

int root_mounted(int root, const char *path, unsigned long magic)
{
	struct statfs status;
	int fd = sys_open_in_root(root, path, O_PATH | O_DIRECTORY, 0);

	if (fd >= 0 && fstatfs(fd, &status) == 0 && (unsigned long)status.f_type == magic)
		return fd;
	if (fd >= 0)
		errno = EXDEV;
	return -1;
}
