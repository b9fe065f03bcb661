/* SPDX-License-Identifier: MIT
 *
 * The logger. Every signal stays blocked, so only a KILL ends it before the pipe does; PID 1 then starts another, which finds all
 * lines in the pipe: they are taken out when they are in their file. A line that cannot be written goes to the console instead.
 */
#include "logger.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "ns.h"
#include "stamp.h"
#include "sys.h"

enum {
	FILE_MAX = 1024 * 1024, /* then it becomes NAME.log.1, and the one before is gone */
};

/* The file that was written to last. */
static struct {
	char name[NAME_MAX + 1];
	int fd;
	off_t size;
} file = {.fd = -1};

static int open_file(const char *path)
{
	char directory[] = LOGGER_DIRECTORY;
	int fd;

	for (int i = 0; i < 2; i++) {
		fd = openat(AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0640);
		if (fd >= 0 || errno != ENOENT)
			return fd;
		file_make_directory(directory, 0755, NULL);
	}
	return fd;
}

/* Makes file the one of this service, with room for more bytes. 0, or -1. */
static int choose(const char *name, size_t length, size_t more)
{
	char path[sizeof LOGGER_DIRECTORY + NAME_MAX + sizeof ".log"] = LOGGER_DIRECTORY, old[sizeof path + 2];
	bool is_same = file.fd >= 0 && strlen(file.name) == length && memcmp(file.name, name, length) == 0;
	struct stat status;

	if (is_same && file.size + (off_t)more <= FILE_MAX)
		return 0;
	strcat(strncat(path, name, length), ".log");
	strcat(strcpy(old, path), ".1");
	if (file.fd >= 0)
		close(file.fd);
	if (is_same)
		rename(path, old);
	file.fd = open_file(path);
	if (file.fd < 0 || fstat(file.fd, &status) < 0)
		return -1;
	memcpy(file.name, name, length);
	file.name[length] = '\0';
	file.size = status.st_size;
	return !is_same && file.size + (off_t)more > FILE_MAX ? choose(name, length, more) : 0;
}

static void write_line(const char *line, size_t length)
{
	char stamped[STAMP_SIZE + 1 + PIPE_BUF];
	struct timespec now;
	const char *space = memchr(line, ' ', length);
	size_t name = space > line ? (size_t)(space - line) - 1 : 0, size; /* there is none in a name, and a colon behind it */

	if (name == 0 || name > NAME_MAX || name + 2 > length)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	stamp_print(stamped, &now);
	strcat(stamped, " ");
	size = strlen(stamped) + length - name - 2;
	memcpy(stamped + strlen(stamped), line + name + 2, length - name - 2);
	if (choose(line, name, size) < 0 || write(file.fd, stamped, size) != (ssize_t)size) {
		if (write(STDOUT_FILENO, line, length) < 0)
			return; /* there is no other place */
	} else {
		file.size += (off_t)size;
	}
}

/* The lines in the text. How much of it they are. */
static size_t write_lines(const char *text, size_t length)
{
	size_t used = 0;
	const char *end;

	while ((end = memchr(text + used, '\n', length - used))) {
		size_t line = (size_t)(end + 1 - text) - used;

		write_line(text + used, line);
		used += line;
	}
	return used;
}

static _Noreturn void run(int pipe)
{
	char text[PIPE_BUF]; /* PID 1 writes whole lines, and not more at once */
	int peek[2];
	ssize_t length;

	prctl(PR_SET_NAME, "logger");
	ns_close_except(&pipe, 1, STDERR_FILENO + 1);
	if (pipe2(peek, O_CLOEXEC) < 0)
		_exit(1);
	while ((length = tee(pipe, peek[1], sizeof text, 0)) != 0) {
		if (length < 0 || (length = read(peek[0], text, (size_t)length)) <= 0)
			continue;
		length = (ssize_t)write_lines(text, (size_t)length);
		if (read(pipe, text, (size_t)length) != length)
			break;
	}
	_exit(0);
}

pid_t logger_start(int pipe)
{
	pid_t pid = sys_fork(0);

	if (pid == 0)
		run(pipe);
	return pid;
}
