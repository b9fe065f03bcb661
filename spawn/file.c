/* SPDX-License-Identifier: MIT
 *
 * Files of the kernel: one write is one request, and a directory is read without memory of its own.
 */
#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int file_write(int directory, const char *path, const char *text, size_t length)
{
	int fd = openat(directory, path, O_WRONLY | O_CLOEXEC), error;
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, text, length);
	error = n < 0 ? errno : EIO;
	close(fd);
	errno = error;
	return n == (ssize_t)length ? 0 : -1;
}

ssize_t file_read(int directory, const char *path, char *text, size_t size)
{
	/* a pipe without a writer is empty, not a wait */
	return file_read_open(openat(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), text, size);
}

ssize_t file_read_open(int fd, char *text, size_t size)
{
	size_t length = 0;
	int error;
	ssize_t n = fd < 0 ? -1 : 1;

	while (n > 0 && length < size - 1) {
		n = read(fd, text + length, size - 1 - length);
		length += n > 0 ? (size_t)n : 0;
	}
	text[n < 0 ? 0 : length] = '\0';
	error = errno;
	if (fd >= 0)
		close(fd);
	errno = error;
	return n < 0 ? -1 : (ssize_t)length;
}

/* What is before the first of separators; *rest is behind it. */
static char *cut(char **rest, const char *separators)
{
	char *piece = *rest;

	if (!*piece)
		return NULL;
	*rest += strcspn(piece, separators);
	if (**rest)
		*(*rest)++ = '\0';
	return piece;
}

char *file_line(char **rest)
{
	return cut(rest, "\n");
}

char *file_word(char **rest)
{
	*rest += strspn(*rest, " \t");
	return cut(rest, " \t");
}

const struct dirent *file_next(struct file_walk *walk)
{
	const struct dirent *entry;

	do {
		if (walk->at >= walk->length) {
			walk->length = syscall(SYS_getdents64, walk->fd, walk->buffer, sizeof walk->buffer);
			walk->at = 0;
			if (walk->length <= 0)
				return NULL;
		}
		entry = (const void *)(walk->buffer + walk->at); /* musl's and the kernel's are the same on 64 bit offsets */
		walk->at += entry->d_reclen;
	} while (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0);
	return entry;
}

/* True if nobody but us and root can have put anything into it. */
static bool is_ours(int directory)
{
	struct stat status;

	return fstat(directory, &status) == 0 && (status.st_uid == 0 || status.st_uid == geteuid()) && !(status.st_mode & 022);
}

int file_open(const char *path, int flags, mode_t mode)
{
	int parent = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (;;) {
		char name[NAME_MAX + 1] = "", letter;
		size_t length = strcspn(path += strspn(path, "/"), "/"), rest = length + strspn(path + length, "/");
		int how = path[rest] ? O_PATH | O_DIRECTORY : flags, fd = -1, error = ENAMETOOLONG;

		memcpy(name, path, length <= NAME_MAX ? length : 0);
		if (parent >= 0 && *name) {
			fd = openat(parent, name, how | O_CLOEXEC | (is_ours(parent) ? 0 : O_NOFOLLOW), mode);
			error = errno;
			if (fd < 0 && error == ENOTDIR && readlinkat(parent, name, &letter, sizeof letter) > 0)
				error = ELOOP;
		}
		close(parent);
		errno = error;
		if (fd < 0 || !path[rest])
			return fd;
		path += rest;
		parent = fd;
	}
}

const char *file_open_error(void)
{
	return errno == ELOOP ? "a link in a directory that others than root can write to; name what it leads to" : strerror(errno);
}

/* Makes a directory in the one that is open at parent, which it closes, unless it is there; and opens it. -1 with errno. */
static int enter_directory(int parent, const char *name, mode_t mode, int flags)
{
	int fd = -1, error;

	if (parent >= 0 && (mkdirat(parent, name, mode) == 0 || errno == EEXIST))
		fd = openat(parent, name, O_DIRECTORY | O_CLOEXEC | flags | (is_ours(parent) ? 0 : O_NOFOLLOW));
	error = errno;
	close(parent);
	errno = error;
	return fd;
}

/* The owner of a directory may have put a link where the next one was: it must not lead us to what is not theirs. */
int file_make_directory(char *path, mode_t mode, const struct identity *owner)
{
	int fd = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC), result;
	char *name = path + 1;

	for (char *slash; (slash = strchr(name, '/')); name = slash + 1) {
		*slash = '\0';
		fd = *name ? enter_directory(fd, name, 0755, O_PATH) : fd;
		*slash = '/';
	}
	fd = enter_directory(fd, *name ? name : ".", mode, O_RDONLY); /* a slash may be its end */
	result = fd < 0 || (owner && owner->set && fchown(fd, owner->uid, owner->gid) < 0) || fchmod(fd, mode) < 0 ? -1 : 0;
	if (fd >= 0)
		close(fd);
	return result;
}
