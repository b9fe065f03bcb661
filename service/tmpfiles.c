/* SPDX-License-Identifier: MIT
 *
 * The part of tmpfiles.d(5) that services cannot do without: lines of type d and D below /run. systemd brings one for /run/lock, which
 * apache2 and ntpsec need.
 */
#include "tmpfiles.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cold.h"
#include "file.h"
#include "log.h"
#include "syntax.h"
#include "user.h"
#include "value.h"

enum {
	FILE_SIZE = 16 * 1024,
	FIELDS = 5, /* type, path, mode, user, group; what follows is about cleaning up */
};

static const char run[] = "/run/", old_run[] = "/var/run/";

/* A user and a group; - is root. */
static int find_owner(const char *user, const char *group, struct identity *identity)
{
	char spec[256];
	const char *home;

	if (strlen(user) + strlen(group) + 2 > sizeof spec)
		return -1;
	strcpy(spec, *user == '-' ? "0" : user);
	strcat(strcat(spec, ":"), *group == '-' ? "0" : group);
	return user_resolve("/", spec, identity, &home);
}

static void make(char *const *fields)
{
	char *path = fields[1];
	struct identity owner;
	unsigned mode = 0755;

	if (strncmp(path, old_run, sizeof old_run - 1) == 0)
		path += strlen("/var");
	if (strncmp(path, run, sizeof run - 1) != 0 || strstr(path, "/..") || strchr(path, '%'))
		return;
	if ((*fields[2] != '-' && value_octal(fields[2], 07777, &mode) < 0) || find_owner(fields[3], fields[4], &owner) < 0)
		return;
	if (file_make_directory(path, mode, &owner) < 0)
		log_warning("tmpfiles.d, %s: %s; make it beforehand, or start as root with a place to write to", path, strerror(errno));
}

static void take_line(char *line)
{
	char dash[] = "-", *fields[FIELDS] = {dash, dash, dash, dash, dash}, *word = line;
	int count = *line == '#' ? 0 : syntax_words(line);

	for (int i = 0; i < count && i < FIELDS; i++, word = strchr(word, '\0') + 1)
		fields[i] = word;
	if ((fields[0][0] == 'd' || fields[0][0] == 'D') && count > 1)
		make(fields);
}

static void take_file(int directory, const char *name)
{
	COLD static char text[FILE_SIZE];
	char *rest = text, *line;

	file_read(directory, name, text, sizeof text);
	while ((line = file_line(&rest)))
		take_line(line);
}

void tmpfiles_apply(void)
{
	static const char *const places[] = {"/usr/lib/tmpfiles.d", "/etc/tmpfiles.d"};
	char lock[] = "/run/lock";

	file_make_directory(lock, 01777, NULL);
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		struct file_walk walk = {.fd = openat(AT_FDCWD, places[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
		const struct dirent *entry;

		while (walk.fd >= 0 && (entry = file_next(&walk)))
			take_file(walk.fd, entry->d_name);
		if (walk.fd >= 0)
			close(walk.fd);
	}
}
