/* SPDX-License-Identifier: MIT
 *
 * Directories of services are removed. Who filled them is not to be trusted with how much that is: PID 1 needs no more memory for a deep tree
 * than for a flat one, and leaves what is large to a process of its own.
 */
#include "clean.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "decimal.h"
#include "file.h"
#include "ns.h"
#include "sys.h"

enum {
	AT_ONCE = 500, /* entries that PID 1 removes itself, which is some milliseconds */
	NAME_SIZE = sizeof ".nsinit-" + 20,
};

static struct {
	unsigned count; /* of what was looked at */
	bool endless;   /* there is nobody to leave it to */
} removing;

/* Gives an entry a name of ours in another directory. 0, or -1 with errno. */
static int move(int directory, const char *name, int to, char *moved)
{
	static unsigned long number;

	do
		*decimal(strchr(strcpy(moved, ".nsinit-"), '\0'), ++number) = '\0';
	while (sys_rename_new(directory, name, to, moved) < 0 && errno == EEXIST);
	return faccessat(to, moved, F_OK, AT_SYMLINK_NOFOLLOW);
}

/* 0: it is gone. */
static int remove_entry(int directory, const char *name)
{
	if (unlinkat(directory, name, 0) == 0)
		return 0;
	return errno == EISDIR ? unlinkat(directory, name, AT_REMOVEDIR) : -1;
}

/* Removes what is in the directory at fd. Directories in it that are not empty come up into top, where their turn comes. True if that changed anything. */
static bool sweep(int fd, int top)
{
	struct file_walk walk = {.fd = fd};
	const struct dirent *entry;
	bool changed = false;

	lseek(fd, 0, SEEK_SET);
	while ((removing.endless || removing.count++ < AT_ONCE) && (entry = file_next(&walk))) {
		char moved[NAME_SIZE];
		int inner;

		if (remove_entry(fd, entry->d_name) == 0) {
			changed = true;
		} else if (errno == ENOTEMPTY && fd != top) {
			changed |= move(fd, entry->d_name, top, moved) == 0;
		} else if (errno == ENOTEMPTY) {
			inner = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			changed |= inner >= 0 && sweep(inner, top);
			if (inner >= 0)
				close(inner);
		}
	}
	return changed;
}

static void remove_all(int parent, const char *name, int top)
{
	while (sweep(top, top))
		if (removing.count >= AT_ONCE && !removing.endless)
			return;
	unlinkat(parent, name, AT_REMOVEDIR);
}

/* A service that starts again may have a directory of that name soon. */
static void leave_to_helper(int parent, const char *name, int top)
{
	const int kept[] = {parent, top};
	char moved[NAME_SIZE];
	const bool is_moved = move(parent, name, parent, moved) == 0;
	pid_t pid = is_moved ? sys_fork(0) : -1;

	if (pid > 0)
		return;
	if (pid == 0)
		ns_close_except(kept, sizeof kept / sizeof kept[0], STDERR_FILENO + 1);
	removing.endless = true;
	remove_all(parent, is_moved ? moved : name, top);
	if (pid == 0)
		_exit(0);
}

void clean_directory(int parent, const char *name)
{
	int top = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (top < 0)
		return;
	removing.count = 0;
	removing.endless = false;
	remove_all(parent, name, top);
	if (removing.count >= AT_ONCE)
		leave_to_helper(parent, name, top);
	close(top);
}
