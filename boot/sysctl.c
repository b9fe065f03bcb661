/* SPDX-License-Identifier: MIT
 *
 * /etc/sysctl.d. sysctl.d(5): KEY = VALUE; a key with - before it need not be there; # and ; begin a comment.
 */
#include "setup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "cold.h"
#include "file.h"
#include "log.h"

enum {
	FILES_MAX = 64,
	NAME_SIZE = 64,
	TEXT_SIZE = 16 * 1024,
};

#define DIRECTORY "/etc/sysctl.d"

/* Dots become slashes, and slashes dots, unless a slash is first: then it is a path already. */
static void key_to_path(char *key)
{
	char *first = strpbrk(key, "./");

	for (; first && *first != '/' && *key; key++)
		*key = (char)(*key == '.' ? '/' : *key == '/' ? '.' : *key);
}

static char *trimmed(char *text)
{
	text += strspn(text, " \t");
	for (size_t end = strlen(text); end > 0 && strchr(" \t\r", text[end - 1]);)
		text[--end] = '\0';
	return text;
}

static int apply_line(const char *file, char *line)
{
	char path[256] = "/proc/sys/", *key = trimmed(line), *value = strchr(line, '=');
	bool optional = *key == '-';

	if (!*key || *key == '#' || *key == ';')
		return 0;
	if (value)
		*value++ = '\0';
	key = trimmed(key + optional);
	if (!value || strlen(path) + strlen(key) >= sizeof path) {
		log_warning(DIRECTORY "/%s: %s: not a setting; give KEY = VALUE", file, key);
		return -1;
	}
	key_to_path(key);
	strcat(path, key);
	value = trimmed(value);
	if (file_write(AT_FDCWD, path, value, strlen(value)) == 0 || (optional && errno == ENOENT))
		return 0;
	log_warning(DIRECTORY "/%s: %s = %s: %s", file, path, value, strerror(errno));
	return -1;
}

static int apply_file(int directory, const char *name)
{
	COLD static char text[TEXT_SIZE];
	char *rest = text, *line;
	int result = 0;

	if (file_read(directory, name, text, sizeof text) < 0) {
		log_warning(DIRECTORY "/%s: %s", name, strerror(errno));
		return -1;
	}
	while ((line = file_line(&rest)))
		result |= apply_line(name, line);
	return result;
}

/* Puts the name in its place among count others. */
static void insert(char names[][NAME_SIZE], size_t count, const char *name)
{
	size_t at = count;

	for (; at > 0 && strcmp(names[at - 1], name) > 0; at--)
		strcpy(names[at], names[at - 1]);
	strcpy(names[at], name);
}

int setup_sysctl(struct boot *boot)
{
	COLD static char names[FILES_MAX][NAME_SIZE];
	struct file_walk walk = {.fd = openat(AT_FDCWD, DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
	const struct dirent *entry;
	size_t count = 0;
	int result = 0;

	(void)boot;
	if (walk.fd < 0)
		return 0;
	while (count < FILES_MAX && (entry = file_next(&walk))) {
		size_t length = strlen(entry->d_name);

		if (length > 5 && length < NAME_SIZE && strcmp(entry->d_name + length - 5, ".conf") == 0)
			insert(names, count++, entry->d_name);
	}
	for (size_t i = 0; i < count; i++)
		result |= apply_file(walk.fd, names[i]);
	close(walk.fd);
	return result;
}
