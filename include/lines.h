/* SPDX-License-Identifier: MIT
 *
 * A file of the kernel's, read a line at a time, and its words. proc(5).
 */
#ifndef LINES_H
#define LINES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct lines {
	int fd;
	bool lost; /* a line was left out, or could not be read */
	size_t start, end;
	char text[PATH_MAX];
};

int lines_open(struct lines *lines, int directory, const char *path);

/* The next whole line, NULL at the end. One that does not fit is left out. */
char *lines_next(struct lines *lines);

/* Cuts the next word off *text. Empty at the end. */
char *lines_word(char **text, char separator);

/* mountinfo writes blanks and backslashes of a path as \ooo. */
void lines_unescape(char *path);

/* What path has behind the directory root: empty, or from a slash on. NULL: it is not below it. */
const char *lines_below(const char *path, const char *root);

#endif
