/* SPDX-License-Identifier: MIT
 *
 * The small files and the directories in which the kernel shows itself.
 */
#ifndef FILE_H
#define FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "plan.h"

/* Writes all of text into a file that is there, in one write(2). 0, or -1 with errno; EIO: it took only a part. */
int file_write(int directory, const char *path, const char *text, size_t length);

/* Reads a file from its begin, as much as fits in text with a NUL behind it. The length, or -1 with errno and text empty. */
ssize_t file_read(int directory, const char *path, char *text, size_t size);

/* The same of what has been opened, which it closes; -1: that failed, with its errno. */
ssize_t file_read_open(int fd, char *text, size_t size);

/* Cuts the next line, or the next word between blanks, off a text. NULL at its end. */
char *file_line(char **rest);
char *file_word(char **rest);

/*
 * open(2) with a link followed only where root and we alone can have put it: else the owner of a directory could lead us to what is not
 * theirs. ELOOP: there is one. path is absolute.
 */
int file_open(const char *path, int flags, mode_t mode);

/* What a failure of file_open() is, from errno. */
const char *file_open_error(void);

/*
 * Makes a directory, unless it is there, and those above it. It gets the mode, and the owner unless that is NULL or not set. 0, or -1 with
 * errno. path is written to, and then as it was.
 */
int file_make_directory(char *path, mode_t mode, const struct identity *owner);

/* A walk through the directory that is open at fd. */
struct file_walk {
	int fd;
	long length, at;
	char buffer[2048] __attribute__((aligned(8)));
};

/* The next entry but "." and "..", until the following call; NULL at the end. getdents64(2): opendir(3) would allocate. */
const struct dirent *file_next(struct file_walk *walk);

#endif
