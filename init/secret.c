/* SPDX-License-Identifier: MIT
 *
 * --secret NAME=FILE.
 */
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cold.h"

enum {
	VARIABLE_MAX = 128 * 1024, /* MAX_ARG_STRLEN of execve(2) */
};

/* Reads up to size bytes. How many, or -1. */
static ssize_t read_whole(const char *path, char *text, size_t size)
{
	int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOCTTY), error;
	size_t length = 0;
	ssize_t n = -1;

	if (fd < 0)
		return -1;
	while (length < size && (n = read(fd, text + length, size - length)) > 0)
		length += (size_t)n;
	error = errno;
	close(fd);
	errno = error;
	return n < 0 ? -1 : (ssize_t)length;
}

const char *secret_read(const char *name_and_file, const char **variable)
{
	COLD static char text[VARIABLE_MAX];
	size_t name = (size_t)(strchr(name_and_file, '=') - name_and_file) + 1;
	ssize_t length;
	char *copy;

	if (name >= sizeof text)
		return "the name is too long for a variable; give a shorter one";
	length = read_whole(name_and_file + name, text + name, sizeof text - name);
	if (length < 0)
		return errno == ENOENT ? "the file is not there; mount it, or correct the path" :
		       errno == EACCES ? "the file may not be read by this user; change its mode" : "the file cannot be read; give a plain file";
	if (name + (size_t)length >= sizeof text)
		return "the file is too large for a variable, which holds 128 KiB with its name; give the program the file";
	if (memchr(text + name, '\0', (size_t)length))
		return "the file holds a NUL byte, which no variable can; give the program the file";
	memcpy(text, name_and_file, name);
	length += (ssize_t)name;
	while (text[length - 1] == '\n')
		length--;
	text[length] = '\0';
	copy = strndup(text, (size_t)length);
	memset(text, 0, sizeof text);
	*variable = copy;
	return copy ? NULL : "no memory for it; give the program the file";
}
