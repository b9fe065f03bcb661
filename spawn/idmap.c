/* SPDX-License-Identifier: MIT
 *
 * The id maps of a user namespace. Whoever made one may map one id inside, their own, without help, and does that
 * from inside. Ranges are written from outside, by whoever is privileged there.
 */
#include "idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "decimal.h"
#include "exec.h"
#include "file.h"
#include "sys.h"

enum {
	NUMBER_SIZE = 12, /* 2^32 has 10 digits */
};

bool idmap_is_foreign(const struct plan *plan)
{
	return plan->uid_map.count > 0 || plan->gid_map.count > 0;
}

bool idmap_is_single(const struct plan *plan)
{
	return (plan->namespaces & CLONE_NEWUSER) && !idmap_is_foreign(plan);
}

static char *append_range(char *end, const struct id_range *range)
{
	end = decimal(end, range->inside);
	*end++ = ' ';
	end = decimal(end, range->outside);
	*end++ = ' ';
	end = decimal(end, range->count);
	*end++ = '\n';
	return end;
}

static int write_ranges(const char *path, const struct id_range *ranges, size_t count)
{
	char text[PLAN_MAPS_MAX * 3 * NUMBER_SIZE], *end = text;

	for (size_t i = 0; i < count; i++)
		end = append_range(end, &ranges[i]);
	return file_write(AT_FDCWD, path, text, (size_t)(end - text));
}

/* Waits for the launcher to write them. */
static int wait_for_maps(struct child *child)
{
	if (child_await(child, WORD_MAPS) < 0)
		return -1;
	/* Ids of ours that the maps do not have would own whatever we make here. */
	return sys_setgid(0) < 0 || sys_setuid(0) < 0 ? -1 : 0;
}

int idmap_apply(struct child *child)
{
	const struct identity *identity = &child->plan->identity;
	const struct id_range uid = {identity->uid, identity->outer_uid, 1}, gid = {identity->gid, identity->outer_gid, 1};

	if (!(child->plan->namespaces & CLONE_NEWUSER))
		return 0;
	if (idmap_is_foreign(child->plan))
		return wait_for_maps(child);
	/* Without this an ordinary user could leave a group that a file mode shuts out: CVE-2014-8989. */
	if (file_write(AT_FDCWD, "/proc/self/setgroups", "deny", 4) < 0)
		return -1;
	if (write_ranges("/proc/self/uid_map", &uid, 1) < 0)
		return -1;
	return write_ranges("/proc/self/gid_map", &gid, 1);
}

/* Runs newuidmap or newgidmap: PROGRAM PID [INSIDE OUTSIDE COUNT]... */
static int run_helper(char *program, pid_t pid, const struct id_map *map)
{
	static char *const environment[] = {"PATH=/usr/bin:/bin", NULL};
	char numbers[1 + 3 * PLAN_MAPS_MAX][NUMBER_SIZE], *words[3 + 3 * PLAN_MAPS_MAX + 1] = {NULL, program, numbers[0]};
	int status;
	pid_t helper;

	*decimal(numbers[0], (unsigned long)pid) = '\0';
	for (size_t i = 0; i < 3 * map->count; i++) {
		const struct id_range *range = &map->ranges[i / 3];
		const unsigned values[] = {range->inside, range->outside, range->count};

		*decimal(numbers[i + 1], values[i % 3]) = '\0';
		words[i + 3] = numbers[i + 1];
	}
	helper = sys_fork(0);
	if (helper == 0) {
		/* What it says of a refusal we say too, in our one line. */
		dup2(openat(AT_FDCWD, "/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
		exec_program(words + 1, (char **)environment);
		_exit(127);
	}
	if (helper < 0 || waitpid(helper, &status, 0) < 0)
		return -1;
	errno = WIFEXITED(status) && WEXITSTATUS(status) == 127 ? ENOENT : EPERM;
	return status == 0 ? 0 : -1;
}

static int write_map(pid_t pid, const char *file, char *helper, const struct id_map *map, bool privileged)
{
	char path[40] = "/proc/";

	if (!privileged)
		return run_helper(helper, pid, map);
	strcpy(decimal(path + strlen(path), (unsigned long)pid), file);
	return write_ranges(path, map->ranges, map->count);
}

int idmap_write(const struct plan *plan, pid_t pid)
{
	bool privileged = sys_has_capability(CAP_SETUID) && sys_has_capability(CAP_SETGID);

	if (write_map(pid, "/uid_map", "newuidmap", &plan->uid_map, privileged) < 0)
		return -1;
	return write_map(pid, "/gid_map", "newgidmap", &plan->gid_map, privileged);
}

pid_t idmap_hold(const struct plan *plan)
{
	pid_t pid = sys_fork(CLONE_NEWUSER);

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		for (;;)
			pause();
	}
	if (pid > 0 && idmap_write(plan, pid) < 0) {
		idmap_release(pid);
		pid = -1;
	}
	return pid;
}

void idmap_release(pid_t pid)
{
	const int error = errno;

	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	errno = error;
}

/* Opens a bind's source with the ids of the user namespace. A mount that somebody has used already cannot be mapped: it is detached. */
static int map_source(const struct mount_entry *entry, int user_namespace)
{
	int tree = sys_clone_tree(AT_FDCWD, entry->source, entry->recursive);

	return tree < 0 || sys_map_mount(tree, user_namespace, entry->recursive) < 0 ? -1 : tree;
}

int idmap_mounts(const struct plan *plan, pid_t pid, int words, int *index)
{
	const enum word word = WORD_SOURCE;
	char path[40] = "/proc/";
	int user_namespace;

	strcpy(decimal(path + strlen(path), (unsigned long)pid), "/ns/user");
	user_namespace = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	for (size_t i = 0; i < plan->mount_count; i++) {
		int tree;

		if (!(plan->mounts[i].attributes & MOUNT_ATTR_IDMAP))
			continue;
		*index = (int)i;
		tree = user_namespace < 0 ? -1 : map_source(&plan->mounts[i], user_namespace);
		if (tree < 0 || sys_send(words, &word, sizeof word, tree) < 0)
			return -1;
		close(tree);
	}
	return close(user_namespace);
}

int idmap_receive(struct child *child)
{
	enum word said;
	int tree;

	if (sys_receive(child->container->words, &said, sizeof said, &tree) == sizeof said && said == WORD_SOURCE)
		return tree;
	errno = ECANCELED;
	return -1;
}
