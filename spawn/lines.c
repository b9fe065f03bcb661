/* SPDX-License-Identifier: MIT
 *
 * The lines of the kernel's files, and what they are made of.
 */
#include "lines.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int lines_open(struct lines *lines, int directory, const char *path)
{
	lines->start = lines->end = 0;
	lines->lost = false;
	lines->fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
	return lines->fd < 0 ? -1 : 0;
}

char *lines_next(struct lines *lines)
{
	for (bool whole = true;;) {
		char *line = lines->text + lines->start;
		char *newline = memchr(line, '\n', lines->end - lines->start);
		ssize_t n;

		if (newline) {
			*newline = '\0';
			lines->start = (size_t)(newline + 1 - lines->text);
			if (whole)
				return line;
			whole = true;
			continue;
		}
		memmove(lines->text, line, lines->end - lines->start);
		lines->end -= lines->start;
		lines->start = 0;
		if (lines->end == sizeof lines->text) {
			whole = false;
			lines->lost = true;
			lines->end = 0;
		}
		n = read(lines->fd, lines->text + lines->end, sizeof lines->text - lines->end);
		lines->lost |= n < 0;
		if (n <= 0)
			return NULL;
		lines->end += (size_t)n;
	}
}

char *lines_word(char **text, char separator)
{
	char *word = *text, *end = strchrnul(word, separator);

	*text = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

void lines_unescape(char *path)
{
	char *to = path;

	for (; *path; path++) {
		if (path[0] == '\\' && path[1] >= '0' && path[1] <= '3' && path[2] && path[3]) {
			*to++ = (char)((path[1] - '0') << 6 | (path[2] - '0') << 3 | (path[3] - '0'));
			path += 3;
		} else {
			*to++ = *path;
		}
	}
	*to = '\0';
}

const char *lines_below(const char *path, const char *root)
{
	size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);

	if (strncmp(path, root, length) != 0)
		return NULL;
	return path[length] == '/' || path[length] == '\0' ? path + length : NULL;
}
