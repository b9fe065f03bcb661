/* SPDX-License-Identifier: MIT
 *
 * The id maps of a user namespace. Whoever made one may map one id inside, their own, without help. The
 * ids are those from before the clone: once inside, and not mapped yet, everybody is the overflow user.
 */
#include "idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "decimal.h"

bool idmap_is_single(const struct plan *plan)
{
	return plan->namespaces & CLONE_NEWUSER;
}

static int write_file(const char *path, const char *text, size_t length)
{
	int fd = openat(AT_FDCWD, path, O_WRONLY | O_CLOEXEC), error;
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, text, length);
	error = errno;
	close(fd);
	errno = error;
	return n == (ssize_t)length ? 0 : -1;
}

static int write_map(const char *path, unsigned inside, unsigned outside)
{
	char line[64], *end = decimal(line, inside);

	*end++ = ' ';
	end = decimal(end, outside);
	*end++ = ' ';
	*end++ = '1';
	*end++ = '\n';
	return write_file(path, line, (size_t)(end - line));
}

int idmap_apply(struct child *child)
{
	const struct identity *identity = &child->plan->identity;

	if (!idmap_is_single(child->plan))
		return 0;
	/* Without this an ordinary user could leave a group that a file mode shuts out: CVE-2014-8989. */
	if (write_file("/proc/self/setgroups", "deny", 4) < 0)
		return -1;
	if (write_map("/proc/self/uid_map", identity->uid, identity->outer_uid) < 0)
		return -1;
	return write_map("/proc/self/gid_map", identity->gid, identity->outer_gid);
}
