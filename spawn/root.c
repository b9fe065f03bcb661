/* SPDX-License-Identifier: MIT
 *
 * The root switch and path resolution inside it. See DESIGN of the ladder in ARCHITECTURE.md.
 */
#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "image.h"
#include "mount.h"
#include "sys.h"

enum {
	LINKS_MAX = 8, /* dangling links followed to make their target */
};

/* A directory is taken with the mounts below it; a file is an image. */
static int open_tree(const char *rootfs)
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
	container->root = open_tree(child->plan->rootfs);
	if (container->root < 0 || fstat(container->root, &status) < 0)
		return -1;
	if (!S_ISDIR(status.st_mode)) {
		errno = ENOTDIR;
		return -1;
	}
	/* On "/" it is in nobody's way: paths start at the root we have, below it. An overlay needs it attached. */
	return sys_attach(container->root, AT_FDCWD, "/");
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
	return child->plan->read_only ? mount_restrict(child->container->root, MOUNT_ATTR_RDONLY) : 0;
}

int root_detach(struct child *child)
{
	struct container *container = child->container;

	umask(container->umask);
	if (!child->plan->rootfs)
		return fchdir(container->directory) < 0 || close(container->directory) < 0 ? -1 : close(container->root);
	if (fchdir(container->root) < 0)
		return -1;
	for (int left = container->stacked; left >= 0; left--) /* the topmost goes first, the host's root last */
		if (sys_umount(".", MNT_DETACH) < 0)
			return -1;
	if (chdir("/") < 0)
		return -1;
	return close(container->dev) < 0 ? -1 : close(container->root);
}

static int make_directory(int root, const char *path, int links);

/* Opens the directory that holds path's last part, making it if it is missing; *name becomes that part. */
static int open_parent(int root, const char *path, const char **name, int links)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : 0;
	int fd;

	*name = slash ? slash + 1 : path;
	if (length >= sizeof parent) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(parent, length ? path : ".", length ? length : 1);
	parent[length ? length : 1] = '\0';
	fd = sys_open_in_root(root, parent, O_PATH | O_DIRECTORY, 0);
	return fd < 0 && errno == ENOENT ? make_directory(root, parent, links) : fd;
}

/* Where the dangling link name in parent leads, as a path inside the root; -1 if it is no link. */
static int link_target(int parent, const char *path, const char *name, char *target, size_t size)
{
	size_t prefix = (size_t)(name - path);
	ssize_t length;

	if (prefix + 1 >= size) {
		errno = ENAMETOOLONG;
		return -1;
	}
	length = readlinkat(parent, name, target + prefix, size - prefix - 1);
	if (length < 0)
		return -1;
	target[prefix + (size_t)length] = '\0';
	if (target[prefix] == '/')
		memmove(target, target + prefix, (size_t)length + 1);
	else
		memcpy(target, path, prefix);
	return 0;
}

/* Makes what is missing at path by make, in the parent it opens, and opens it. Links are followed inside the root. */
static int make_missing(int root, const char *path, int links, int flags, int (*make)(int parent, const char *name))
{
	char target[PATH_MAX];
	const char *name;
	int parent, fd, error;

	parent = open_parent(root, path, &name, links);
	if (parent < 0)
		return -1;
	if (links < LINKS_MAX && link_target(parent, path, name, target, sizeof target) == 0) {
		close(parent);
		return make_missing(root, target, links + 1, flags, make);
	}
	fd = make(parent, name) < 0 && errno != EEXIST ? -1 : sys_open_in_root(root, path, flags, 0);
	error = errno;
	close(parent);
	errno = error;
	return fd;
}

static int make_directory_in(int parent, const char *name)
{
	return mkdirat(parent, name, 0755);
}

static int make_file_in(int parent, const char *name)
{
	int fd = openat(parent, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0644);

	return fd < 0 ? -1 : close(fd);
}

static int make_directory(int root, const char *path, int links)
{
	return make_missing(root, path, links, O_PATH | O_DIRECTORY, make_directory_in);
}

int root_target(int root, const char *path, bool directory, bool create)
{
	int flags = O_PATH | (directory ? O_DIRECTORY : 0);
	int fd = sys_open_in_root(root, path, flags, 0);

	if (fd >= 0 || errno != ENOENT || !create)
		return fd;
	return directory ? make_directory(root, path, 0) : make_missing(root, path, 0, flags, make_file_in);
}
