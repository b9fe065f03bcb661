/* SPDX-License-Identifier: MIT
 *
 * Finds the cgroup hierarchies: mount points from /proc/self/mountinfo, our own place in each from
 * /proc/self/cgroup, proc(5). Nothing is guessed from a path, and what a mount point leads to is looked at.
 */
#include "hierarchy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "decimal.h"
#include "file.h"
#include "lines.h"

/* One mount of a hierarchy: the fields of mountinfo that matter, unescaped in place. */
struct mounted {
	const char *root, *point, *type, *options;
};

/* The controllers of the kinds, as each version calls them. */
static const char *const controllers[][CGROUP_KINDS] = {{"memory", "cpu", "pids", "blkio", "devices"}, {"memory", "cpu", "pids", "io"}};

/* "ID PARENT DEVICE ROOT POINT OPTIONS [FIELD…] - TYPE SOURCE OPTIONS" */
static void parse_mount(char *line, struct mounted *mounted)
{
	char *root, *point;

	for (int i = 0; i < 3; i++)
		lines_word(&line, ' ');
	root = lines_word(&line, ' ');
	point = lines_word(&line, ' ');
	while (*line && strcmp(lines_word(&line, ' '), "-") != 0)
		;
	mounted->type = lines_word(&line, ' ');
	lines_word(&line, ' ');
	mounted->options = line;
	lines_unescape(root);
	lines_unescape(point);
	mounted->root = root;
	mounted->point = point;
}

static bool lists(const char *list, char separator, const char *word)
{
	size_t length = strlen(word);

	for (;;) {
		const char *end = strchrnul(list, separator);

		if ((size_t)(end - list) == length && memcmp(list, word, length) == 0)
			return true;
		if (!*end)
			return false;
		list = end + 1;
	}
}

static unsigned kinds_in(const char *list, char separator, int version)
{
	unsigned kinds = 0;

	for (int kind = 0; kind < CGROUP_KINDS; kind++)
		if (controllers[version - 1][kind] && lists(list, separator, controllers[version - 1][kind]))
			kinds |= 1U << kind;
	return kinds;
}

/* Those of a v1 hierarchy. */
static unsigned kinds_of(const char *list)
{
	return kinds_in(list, ',', 1);
}

/*
 * Our own cgroup in the hierarchy that has one of these kinds, of v2 if there are none; "ID:CONTROLLERS:PATH". It lies in
 * lines. NULL: there is none. *bound becomes the kinds that v1 has.
 */
static const char *own_path(struct lines *lines, unsigned kinds, unsigned *bound)
{
	const char *path = NULL;
	char *line;

	*bound = 0;
	if (lines_open(lines, AT_FDCWD, "/proc/self/cgroup") < 0)
		return NULL;
	while (!path && (line = lines_next(lines))) {
		const char *id = lines_word(&line, ':'), *list = lines_word(&line, ':');
		bool unified = strcmp(id, "0") == 0;

		*bound |= kinds_of(list);
		if (kinds ? (kinds_of(list) & kinds) != 0 : unified)
			path = line;
	}
	close(lines->fd);
	return path;
}

/* The path of our cgroup below the mount point. NULL: the mount shows another part of the hierarchy. */
static const char *below(const char *path, const char *root)
{
	/* "/..": it is outside of our cgroup namespace, cgroup_namespaces(7). */
	return strncmp(path, "/..", 3) == 0 || strncmp(root, "/..", 3) == 0 ? NULL : lines_below(path, root);
}

/* Opens a directory, if it is a cgroup of that version: something else may have been mounted over it. */
static int open_directory(const char *path, int version)
{
	const unsigned long magic = version == 1 ? CGROUP_SUPER_MAGIC : CGROUP2_SUPER_MAGIC;
	struct statfs status;
	int fd = openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT) /* something else was mounted there */
		errno = ENODEV;
	if (fd < 0 || (fstatfs(fd, &status) == 0 && (unsigned long)status.f_type == magic))
		return fd;
	close(fd);
	errno = ENODEV;
	return -1;
}

/* The kinds that a file of a v2 cgroup lists. -1 with errno: it cannot be read. */
static int read_kinds(int directory, const char *name)
{
	char text[256];
	ssize_t length = file_read(directory, name, text, sizeof text);

	text[strcspn(text, "\n")] = '\0';
	return length < 0 ? -1 : (int)kinds_in(text, ' ', 2);
}

/* Asks for each of kinds with the sign before it. */
static int request_kinds(int directory, unsigned kinds, const char *sign)
{
	char request[64] = "";

	for (int kind = 0; kind < CGROUP_KINDS; kind++)
		if (kinds & 1U << kind)
			strcat(strcat(request, sign), controllers[1][kind]);
	return *request ? file_write(directory, "cgroup.subtree_control", request, strlen(request)) : 0;
}

void hierarchy_disable(int directory)
{
	int enabled = read_kinds(directory, "cgroup.subtree_control");

	request_kinds(directory, enabled < 0 ? 0 : (unsigned)enabled, " -");
}

/* True if there are processes in the cgroup, unless it is the root, which may have them. */
static bool holds_processes(int directory)
{
	char first[4];

	return faccessat(directory, "cgroup.type", F_OK, 0) == 0 && file_read(directory, "cgroup.procs", first, sizeof first) > 0;
}

int hierarchy_enable(int directory, unsigned kinds)
{
	int enabled = read_kinds(directory, "cgroup.subtree_control");

	if (enabled < 0)
		return -1;
	/* The kernel refuses memory and IO. The others it takes, and then no process can enter a cgroup in it: cgroups(7), "Threaded cgroups" */
	if (kinds & ~(unsigned)enabled && holds_processes(directory)) {
		errno = EBUSY;
		return -1;
	}
	if (request_kinds(directory, kinds & ~(unsigned)enabled, " +") == 0)
		return 0;
	if (errno == ENOENT) /* no cgroup above hands it down to this one */
		errno = ENODEV;
	return -1;
}

/*
 * True if cgroups can be made in the directory, filled and entered: moving a process takes the right to write to
 * cgroup.procs of the common ancestor, which this one is. cgroups(7), "Delegation containment"
 */
static bool is_usable(int directory, unsigned kinds)
{
	if (faccessat(directory, ".", W_OK, 0) < 0 || faccessat(directory, "cgroup.procs", W_OK, 0) < 0)
		return false;
	return hierarchy_enable(directory, kinds) == 0;
}

/*
 * The no internal processes rule: a cgroup that holds processes, ours does, cannot enable controllers unless it is the
 * root. So upwards from it until one can. path is the directory of our own, cut at the mount point's length.
 */
static int find_usable(char *path, size_t point, unsigned kinds)
{
	int error = ENODEV;

	for (;;) {
		int fd = open_directory(path, 2);
		char *slash = strrchr(path, '/');

		if (fd >= 0 && is_usable(fd, kinds))
			return fd;
		if (error == ENODEV)
			error = errno;
		if (fd >= 0)
			close(fd);
		if (!slash || (size_t)(slash - path) < point) {
			errno = error;
			return -1;
		}
		*slash = '\0';
	}
}

/* The directory of a cgroup, by its path in /proc/PID/cgroup, where the hierarchy is mounted. -1, ENODEV: the mount does not show it. */
static int find_directory(const struct mounted *mounted, const char *path, char *directory)
{
	const char *rest = path ? below(path, mounted->root) : NULL;

	if (!rest || strlen(mounted->point) + strlen(rest) >= PATH_MAX) {
		errno = ENODEV;
		return -1;
	}
	strcpy(stpcpy(directory, mounted->point), strcmp(rest, "/") == 0 ? "" : rest);
	return 0;
}

/* Opens the parent for cgroups in a mounted hierarchy; with here, it is our own and no other. */
static int open_parent(const struct mounted *mounted, int version, unsigned kinds, bool here)
{
	struct lines lines;
	unsigned bound;
	const char *own = own_path(&lines, version == 1 ? kinds : 0, &bound);
	char path[PATH_MAX];

	if (find_directory(mounted, own, path) < 0)
		return -1;
	return here || version == 1 ? open_directory(path, version) : find_usable(path, strlen(mounted->point), kinds);
}

/* What is still wanted of a mount: the version, and the kinds. False: nothing. */
static bool is_wanted(const struct mounted *mounted, unsigned wanted1, unsigned wanted2, bool unified, struct hierarchy *hierarchy)
{
	if (strcmp(mounted->type, "cgroup2") == 0 && !unified) {
		*hierarchy = (struct hierarchy){.version = 2, .kinds = wanted2};
		return true;
	}
	if (strcmp(mounted->type, "cgroup") != 0)
		return false;
	*hierarchy = (struct hierarchy){.version = 1, .kinds = kinds_of(mounted->options) & wanted1};
	return hierarchy->kinds != 0;
}

/* Walks the mounts until nothing more is wanted. Returns how many were found, *wanted is what was not. */
static int walk(struct lines *lines, unsigned *wanted, unsigned bound, bool here, struct hierarchy *found)
{
	int count = 0, error = ENODEV;
	bool unified = false;
	char *line;

	while (((*wanted & bound) || !unified) && (line = lines_next(lines))) {
		struct mounted mounted;
		struct hierarchy hierarchy;

		parse_mount(line, &mounted);
		if (!is_wanted(&mounted, *wanted & bound, *wanted & ~bound, unified, &hierarchy))
			continue;
		hierarchy.parent = open_parent(&mounted, hierarchy.version, hierarchy.kinds, here);
		if (hierarchy.parent < 0) {
			error = hierarchy.kinds ? errno : error;
			continue;
		}
		if (here && hierarchy.version == 2)
			hierarchy.kinds = (unsigned)read_kinds(hierarchy.parent, "cgroup.controllers") & hierarchy.kinds;
		*wanted &= ~hierarchy.kinds;
		unified |= hierarchy.version == 2;
		found[count++] = hierarchy;
	}
	errno = error;
	return count;
}

int hierarchy_find(unsigned wanted, struct hierarchy *found, enum cgroup_kind *missing)
{
	struct lines lines;
	unsigned bound;
	int count, error;

	*missing = wanted & 1U << CGROUP_MEMORY ? CGROUP_MEMORY : wanted & 1U << CGROUP_CPU ? CGROUP_CPU : CGROUP_PIDS;
	own_path(&lines, 1U << CGROUP_KINDS, &bound); /* a kind that does not exist: every line is read */
	if (lines_open(&lines, AT_FDCWD, "/proc/self/mountinfo") < 0)
		return -1;
	count = walk(&lines, &wanted, bound, false, found);
	error = errno;
	close(lines.fd);
	if (wanted == 0)
		return count;
	while (count > 0)
		close(found[--count].parent);
	while (!(wanted & (1U << *missing)))
		++*missing;
	errno = error;
	return -1;
}

int hierarchy_here(struct hierarchy *found)
{
	unsigned bound, wanted = (1U << CGROUP_KINDS) - 1;
	struct lines lines;
	int count;

	own_path(&lines, 1U << CGROUP_KINDS, &bound);
	if (lines_open(&lines, AT_FDCWD, "/proc/self/mountinfo") < 0)
		return 0;
	count = walk(&lines, &wanted, bound, true, found);
	close(lines.fd);
	return count;
}

/* Opens the directory of "ID:CONTROLLERS:PATH". */
static int open_cgroup(char *line)
{
	struct lines lines;
	struct mounted mounted;
	char directory[PATH_MAX], *mount, *list, *name;
	int fd = -1;

	lines_word(&line, ':');
	list = lines_word(&line, ':');
	name = lines_word(&list, ','); /* one is enough to know it by; cgroup2 has none */
	lines_open(&lines, AT_FDCWD, "/proc/self/mountinfo");
	errno = ENODEV;
	while (fd < 0 && (mount = lines_next(&lines))) {
		parse_mount(mount, &mounted);
		if ((*name ? strcmp(mounted.type, "cgroup") == 0 && lists(mounted.options, ',', name) : strcmp(mounted.type, "cgroup2") == 0) &&
		    find_directory(&mounted, line, directory) == 0)
			fd = open_directory(directory, *name ? 1 : 2);
	}
	close(lines.fd);
	return fd;
}

static bool lacks_rights(int error)
{
	return error == EACCES || error == EPERM || error == EROFS || error == ENODEV;
}

int hierarchy_join(pid_t pid)
{
	char path[40] = "/proc/", *line, *own;
	struct lines theirs, ours;
	int fd;

	strcpy(decimal(path + strlen(path), (unsigned long)pid), "/cgroup");
	if (lines_open(&theirs, AT_FDCWD, path) < 0 || lines_open(&ours, AT_FDCWD, "/proc/self/cgroup") < 0)
		return -1;
	/* The same hierarchies in the same order. What is entered already is left alone: each move is slow. */
	while ((line = lines_next(&theirs)) && (own = lines_next(&ours))) {
		if (strcmp(line, own) == 0)
			continue;
		fd = open_cgroup(line);
		if ((fd < 0 || file_write(fd, "cgroup.procs", "0", 1) < 0) && !lacks_rights(errno))
			return -1;
		if (fd >= 0)
			close(fd);
	}
	close(theirs.fd);
	close(ours.fd);
	return 0;
}
