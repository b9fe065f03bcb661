/* SPDX-License-Identifier: MIT
 *
 * Landlock rules. With the first of them everything that this kernel can deny is denied, but what a rule allows. A right that
 * only a newer kernel knows is left out, a rule that this kernel cannot keep is an error.
 */
#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "sys.h"

/* Of linux/landlock.h, which may be older than the kernel. */
enum {
	FS_TRUNCATE = 1 << 14,
	FS_IOCTL_DEV = 1 << 15,
	NET_BIND_TCP = 1 << 0,
	NET_CONNECT_TCP = 1 << 1,
	SCOPE_ABSTRACT_UNIX_SOCKET = 1 << 0,
	SCOPE_SIGNAL = 1 << 1,

	FS_FIRST = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1, /* all that there were at first */
	FS_READ = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
	FS_ALL = FS_FIRST | LANDLOCK_ACCESS_FS_REFER | FS_TRUNCATE | FS_IOCTL_DEV,
	/* The others are rights to a directory, and refused for a file. */
	FS_OF_FILE = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV,
};

const struct landlock_row landlock_rows[LANDLOCK_KINDS] = {
	[LANDLOCK_RO] = {"ro", LANDLOCK_FILES, FS_READ},
	[LANDLOCK_RW] = {"rw", LANDLOCK_FILES, FS_ALL},
	[LANDLOCK_CONNECT] = {"connect", LANDLOCK_PORTS, NET_CONNECT_TCP},
	[LANDLOCK_BIND] = {"bind", LANDLOCK_PORTS, NET_BIND_TCP},
	[LANDLOCK_SIGNAL] = {"signal", LANDLOCK_SCOPES, SCOPE_SIGNAL},
	[LANDLOCK_ABSTRACT] = {"abstract", LANDLOCK_SCOPES, SCOPE_ABSTRACT_UNIX_SOCKET},
};

/* What each version brought, from 1 on. */
static const struct {
	enum landlock_class class;
	unsigned rights;
} versions[] = {
	{LANDLOCK_FILES, FS_FIRST}, {LANDLOCK_FILES, LANDLOCK_ACCESS_FS_REFER}, {LANDLOCK_FILES, FS_TRUNCATE},
	{LANDLOCK_PORTS, NET_BIND_TCP | NET_CONNECT_TCP}, {LANDLOCK_FILES, FS_IOCTL_DEV},
	{LANDLOCK_SCOPES, SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL},
};

/* What is denied: all that the kernel can, but what a rule leaves alone. 0, or -1: no Landlock, or too old for one of the rules. */
static int choose(struct child *child, uint64_t *denied)
{
	const int version = sys_landlock_create(NULL);

	if (version < 0)
		return -1;
	for (int i = 0; i < version && i < (int)(sizeof versions / sizeof versions[0]); i++)
		denied[versions[i].class] |= versions[i].rights;
	for (size_t i = 0; i < child->plan->landlock_count; i++) {
		const struct landlock_rule *rule = &child->plan->landlock[i];
		const struct landlock_row *row = &landlock_rows[rule->kind];

		if (rule->any) {
			denied[row->class] &= ~(uint64_t)row->rights;
		} else if (row->class == LANDLOCK_PORTS && version < LANDLOCK_VERSION_PORTS) {
			child->fault.index = (int)i;
			errno = EPROTONOSUPPORT;
			return -1;
		}
	}
	return 0;
}

static int allow_path(int ruleset, const char *path, uint64_t rights)
{
	struct stat status;
	int fd = sys_open_plain(path, O_PATH), result, error;

	if (fd < 0)
		return -1;
	result = fstat(fd, &status);
	if (result == 0)
		result = sys_landlock_path(ruleset, S_ISDIR(status.st_mode) ? rights : rights & FS_OF_FILE, fd);
	error = errno;
	close(fd);
	errno = error;
	return result;
}

static int allow(int ruleset, const struct landlock_rule *rule, const uint64_t *denied)
{
	const struct landlock_row *row = &landlock_rows[rule->kind];
	const uint64_t rights = row->rights & denied[row->class];

	if (rights == 0) /* nothing that would be denied */
		return 0;
	return row->class == LANDLOCK_FILES ? allow_path(ruleset, rule->object, rights) : sys_landlock_port(ruleset, rights, rule->port);
}

int landlock_apply(struct child *child)
{
	const struct plan *plan = child->plan;
	uint64_t denied[LANDLOCK_CLASSES] = {0};
	int ruleset;

	child->fault.index = -1;
	if (choose(child, denied) < 0)
		return -1;
	ruleset = sys_landlock_create(denied);
	if (ruleset < 0)
		return -1;
	for (size_t i = 0; i < plan->landlock_count; i++) {
		child->fault.index = (int)i;
		if (allow(ruleset, &plan->landlock[i], denied) < 0)
			return -1;
	}
	child->fault.index = -1;
	return sys_landlock_restrict(ruleset) < 0 ? -1 : close(ruleset);
}
