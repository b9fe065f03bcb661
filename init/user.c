/* SPDX-License-Identifier: MIT
 *
 * Users and groups by name. The files belong to the container, which may be hostile: they are opened inside
 * its root, a line that is not exactly as the manual says counts as absent, and libc's parser with its
 * network look-ups stays out.
 */
#include "user.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cold.h"
#include "log.h"
#include "sys.h"
#include "value.h"

enum {
	FILE_MAX = 4 * 1024 * 1024,
	LINE_SIZE = 4096, /* a longer line, a group of some 400 members, counts as absent */
	FIELDS_MAX = 7,
};
static const unsigned long ID_MAX = 0xfffffffe; /* (uid_t)-1 means none */

/* A colon file, read a line at a time. */
struct table {
	int fd;
	size_t start, end; /* what is read and not used */
	size_t left;       /* what may still be read */
	bool tail;         /* what comes is the rest of a line that was too long */
	char text[LINE_SIZE];
	char *fields[FIELDS_MAX];
};

static int table_open(struct table *table, const char *root, const char *path)
{
	int directory = openat(AT_FDCWD, root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat status;

	table->start = table->end = 0;
	table->tail = false;
	table->left = FILE_MAX;
	table->fd = directory < 0 ? -1 : sys_open_in_root(directory, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	if (directory >= 0)
		close(directory);
	if (table->fd < 0)
		return -1;
	if (fstat(table->fd, &status) == 0 && S_ISREG(status.st_mode))
		return 0;
	close(table->fd); /* a device or a pipe has no end */
	return -1;
}

/* The next line without its newline, NULL at the end. One that is too long is passed over. */
static char *next_line(struct table *table)
{
	for (;;) {
		char *line = table->text + table->start;
		char *newline = memchr(line, '\n', table->end - table->start);
		ssize_t n;

		if (newline) {
			*newline = '\0';
			table->start = (size_t)(newline + 1 - table->text);
			if (!table->tail)
				return line;
			table->tail = false;
			continue;
		}
		memmove(table->text, line, table->end - table->start);
		table->end -= table->start;
		table->start = 0;
		if (table->end == sizeof table->text) {
			table->end = 0;
			table->tail = true;
		}
		n = read(table->fd, table->text + table->end, sizeof table->text - table->end);
		if (n < 0 || (n == 0 && table->end == 0) || (size_t)n > table->left)
			return NULL;
		if (n == 0) { /* a last line that is not ended */
			table->text[table->end] = '\n';
			n = 1;
		}
		table->left -= (size_t)n;
		table->end += (size_t)n;
	}
}

/* The next line with exactly count fields, split. 0 at the end. */
static int table_next(struct table *table, size_t count)
{
	char *line;

	while ((line = next_line(table))) {
		size_t n = 0;

		for (char *field = line; field && n <= count; n++) {
			char *colon = strchr(field, ':');

			if (colon)
				*colon++ = '\0';
			if (n < count)
				table->fields[n] = field;
			field = colon;
		}
		if (n == count)
			return 1;
	}
	return 0;
}

struct user {
	unsigned long uid, gid;
	char name[256], home[1024];
};

/* What does not fit is no name at all. */
static void copy(char *to, size_t size, const char *from)
{
	size_t length = strlen(from);

	memcpy(to, from, length < size ? length + 1 : 0);
	to[length < size ? length : 0] = '\0';
}

/* Finds a user by name, or by number if name is NULL. 0, or -1. */
static int find_user(const char *root, const char *name, unsigned long uid, struct user *user)
{
	struct table table;
	int found = -1;

	if (table_open(&table, root, "etc/passwd") < 0)
		return -1;
	while (found < 0 && table_next(&table, 7)) {
		if (value_number(table.fields[2], ID_MAX, &user->uid) < 0 || value_number(table.fields[3], ID_MAX, &user->gid) < 0)
			continue;
		if (name ? strcmp(table.fields[0], name) != 0 : user->uid != uid)
			continue;
		copy(user->name, sizeof user->name, table.fields[0]);
		copy(user->home, sizeof user->home, table.fields[5]);
		found = 0;
	}
	close(table.fd);
	return found;
}

static int find_group(const char *root, const char *name, unsigned long *gid)
{
	struct table table;
	int found = -1;

	if (table_open(&table, root, "etc/group") < 0)
		return -1;
	while (found < 0 && table_next(&table, 4))
		if (strcmp(table.fields[0], name) == 0)
			found = value_number(table.fields[2], ID_MAX, gid);
	close(table.fd);
	return found;
}

static bool is_member(const char *list, const char *name)
{
	char member[256];

	while (list) {
		list = value_item(list, ',', member, sizeof member);
		if (*member && strcmp(member, name) == 0)
			return true;
	}
	return false;
}

/* Adds the groups that list the user, as initgroups(3). */
static void add_groups(const char *root, const char *name, struct identity *identity)
{
	struct table table;
	unsigned long gid;

	if (table_open(&table, root, "etc/group") < 0)
		return;
	while (table_next(&table, 4)) {
		if (!is_member(table.fields[3], name) || value_number(table.fields[2], ID_MAX, &gid) < 0)
			continue;
		if (identity->group_count < PLAN_GROUPS_MAX)
			identity->groups[identity->group_count++] = (gid_t)gid;
		else
			log_warning("--user %s: in more than %d groups; group %s is left out", name, PLAN_GROUPS_MAX, table.fields[0]);
	}
	close(table.fd);
}

bool user_exists(const char *root, const char *name)
{
	struct user user;
	unsigned long id;

	return value_number(name, ID_MAX, &id) == 0 || find_user(root, name, 0, &user) == 0;
}

int user_automatic_map(const char *path, unsigned id, struct id_map *map)
{
	struct user user = {0};
	struct table table;
	unsigned long named, start, count;
	bool known = find_user("/", NULL, getuid(), &user) == 0;

	map->count = 1;
	map->ranges[0] = (struct id_range){0, id, 1};
	if (table_open(&table, "/", path) == 0) {
		while (map->count == 1 && table_next(&table, 3)) {
			bool ours = (known && strcmp(table.fields[0], user.name) == 0) ||
			            (value_number(table.fields[0], ID_MAX, &named) == 0 && named == getuid());

			if (ours && value_number(table.fields[1], ID_MAX, &start) == 0 && value_number(table.fields[2], ID_MAX, &count) == 0 && count > 0 &&
			    start + count <= ID_MAX)
				map->ranges[map->count++] = (struct id_range){1, (unsigned)start, (unsigned)count};
		}
		close(table.fd);
	}
	if (map->count == 2)
		return 0;
	log_error("--map-uid, --map-gid auto: /%s has no range for user %u; add one with usermod --add-subuids and --add-subgids",
	          path, (unsigned)getuid());
	return -1;
}

/* Not there, or not to be read: errno says which, 0 and ENOENT are the first. */
static void say_unknown(const char *root, const char *spec, const char *what, const char *file)
{
	const char *prefix = strcmp(root, "/") == 0 ? "" : root;

	if (errno == 0 || errno == ENOENT)
		log_error("--user %s: no such %s in %s/etc/%s; give a number, up to 4294967294", spec, what, prefix, file);
	else
		log_error("--user %s: %s/etc/%s: %s; give numbers for user and group", spec, prefix, file, strerror(errno));
}

int user_resolve(const char *root, const char *spec, struct identity *identity, const char **home)
{
	char name[256];
	const char *group = value_item(spec, ':', name, sizeof name);
	COLD static struct user user; /* its home stays */
	unsigned long gid;
	bool numeric = value_number(name, ID_MAX, &user.uid) == 0, known;

	errno = 0;
	known = *name && find_user(root, numeric ? NULL : name, user.uid, &user) == 0;
	if (!known && !numeric) {
		say_unknown(root, spec, "user", "passwd");
		return -1;
	}
	if (!known) {
		value_number(name, ID_MAX, &user.uid); /* find_user wrote over it */
		user.gid = 0;
	}
	gid = user.gid;
	errno = 0;
	if (group && value_number(group, ID_MAX, &gid) < 0 && find_group(root, group, &gid) < 0) {
		say_unknown(root, spec, "group", "group");
		return -1;
	}
	identity->set = true;
	identity->uid = (uid_t)user.uid;
	identity->gid = (gid_t)gid;
	identity->groups[0] = identity->gid; /* as initgroups(3): a group that is only effective can be left, CVE-2022-36109 */
	identity->group_count = 1;
	if (known && !group)
		add_groups(root, user.name, identity);
	*home = known && user.home[0] == '/' ? user.home : NULL;
	return 0;
}

int user_add_group(const char *root, const char *name, struct identity *identity)
{
	unsigned long gid;

	errno = 0;
	if ((value_number(name, ID_MAX, &gid) < 0 && find_group(root, name, &gid) < 0) || identity->group_count == PLAN_GROUPS_MAX) {
		say_unknown(root, name, "group", "group");
		return -1;
	}
	identity->groups[identity->group_count++] = (gid_t)gid;
	return 0;
}
