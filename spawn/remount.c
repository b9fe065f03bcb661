/* SPDX-License-Identifier: MIT
 *
 * Linux before 5.12 changes one attached mount at a time, by its path.
 */
#include "remount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "decimal.h"
#include "lines.h"
#include "root.h"
#include "sys.h"

/* The four that we use have the same bits in mount(2) and in mount_setattr(2). */
_Static_assert(MS_RDONLY == MOUNT_ATTR_RDONLY && MS_NOSUID == MOUNT_ATTR_NOSUID && MS_NODEV == MOUNT_ATTR_NODEV &&
               MS_NOEXEC == MOUNT_ATTR_NOEXEC, "mount attributes are mount flags");

/*
 * A remount replaces the flags, so those that are there, which a user namespace may not take away, are given again. The bits
 * of statfs(2) are those of mount(2).
 */
int remount_one(int fd, uint64_t attributes)
{
	enum { KEPT = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME };
	char path[32] = ".";
	struct statfs status;

	if (fstatfs(fd, &status) < 0)
		return -1;
	if (fchdir(fd) < 0) { /* a file, which has no other name by which mount(2) could be told of it */
		strcpy(path, "/proc/self/fd/");
		*decimal(path + strlen(path), (unsigned long)fd) = '\0';
	}
	return sys_mount(NULL, path, NULL,
	                 MS_REMOUNT | MS_BIND | ((unsigned long)status.f_flags & KEPT) | (unsigned long)attributes, NULL);
}

/* What is seen at point. Where no mount begins, because another one hides it or a directory was renamed, it is refused: EINVAL. */
static int remount_at(int root, const char *point, uint64_t attributes)
{
	int fd = sys_open_in_root(root, point, O_PATH, 0), result;

	if (fd < 0)
		return -1;
	result = remount_one(fd, attributes);
	close(fd);
	return result;
}

/* Every mount that mountinfo has at path or below. True if there was one, and none that is not restricted now. */
static bool remount_below(struct lines *lines, int root, const char *path, uint64_t attributes)
{
	bool found = false;
	char *line, *point;

	while ((line = lines_next(lines))) {
		for (int i = 0; i < 4; i++) /* ID PARENT DEVICE ROOT POINT */
			lines_word(&line, ' ');
		point = lines_word(&line, ' ');
		lines_unescape(point);
		if (!lines_below(point, path))
			continue;
		if (remount_at(root, point, attributes) < 0)
			return false;
		found = true;
	}
	return found && !lines->lost;
}

/* Not inlined: PID 1 keeps the pages of its frame. */
__attribute__((noinline)) int remount_tree(int root, int tree, uint64_t attributes)
{
	int proc = root_mounted(root, "proc", PROC_SUPER_MAGIC);
	char path[PATH_MAX], name[32] = "self/fd/";
	struct lines lines = {.fd = -1};
	ssize_t length;
	bool whole;

	*decimal(name + strlen(name), (unsigned long)tree) = '\0';
	length = readlinkat(proc, name, path, sizeof path - 1);
	path[length < 0 ? 0 : length] = '\0';
	whole = length > 0 && lines_open(&lines, proc, "self/mountinfo") == 0 && remount_below(&lines, root, path, attributes);
	close(lines.fd);
	close(proc);
	errno = EBUSY;
	return whole ? 0 : -1;
}
