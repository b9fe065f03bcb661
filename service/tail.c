/* SPDX-License-Identifier: MIT
 *
 * Logs for people: all of one, its end, or what comes to it.
 */
#include "tail.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "logger.h"
#include "out.h"

enum {
	NAME_SIZE = 256,
	FOLLOW_MS = 200,     /* how often a file that grows is looked at */
	END_SIZE = 64 * 1024, /* in which the last lines are looked for */
};

/* A service's lines may hold what drives a terminal, and this one may be root's. */
static void make_plain(char *text, size_t length)
{
	static char before = ' '; /* a character may be in two pieces */

	for (; length > 0; text++, length--) {
		const char c = *text;

		if (out_is_control(before, c) && c != '\n' && c != '\t')
			*text = '?';
		before = c;
	}
}

/* Prints what there is from where the file was read to. False: it is another file by now. */
static bool print_rest(int fd, const char *path)
{
	const bool terminal = isatty(STDOUT_FILENO);
	struct stat ours, theirs;
	char text[1024];
	ssize_t length;

	while ((length = read(fd, text, sizeof text)) > 0) {
		if (terminal)
			make_plain(text, (size_t)length);
		if (write(STDOUT_FILENO, text, (size_t)length) < 0)
			return true;
	}
	return fstat(fd, &ours) < 0 || stat(path, &theirs) < 0 || ours.st_ino == theirs.st_ino;
}

static int open_log(const char *name, const char *suffix, char *path)
{
	size_t length = (size_t)(strrchr(name, '.') - name);

	strcat(strncat(strcpy(path, LOGGER_DIRECTORY), name, length < NAME_SIZE ? length : 0), suffix);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* Goes to where the last lines begin. */
static void seek_lines(int fd, unsigned long lines)
{
	static char text[END_SIZE];
	off_t size = lseek(fd, 0, SEEK_END), from = size > END_SIZE ? size - END_SIZE : 0;
	ssize_t at = pread(fd, text, sizeof text, from);

	for (at--; at > 0; at--) /* the NL at the end is the last line's */
		if (text[at - 1] == '\n' && --lines == 0)
			break;
	lseek(fd, from + (at > 0 ? at : 0), SEEK_SET);
}

bool tail_print(const char *name, unsigned long lines, const char *between)
{
	char path[sizeof LOGGER_DIRECTORY + NAME_SIZE + sizeof ".log.1"];
	int fd = open_log(name, ".log", path);

	if (fd < 0)
		return false;
	if (write(STDOUT_FILENO, between, strlen(between)) >= 0) {
		seek_lines(fd, lines);
		print_rest(fd, path);
	}
	close(fd);
	return true;
}

int tail_logs(const struct nsctl_verb *verb, const char *name)
{
	const struct timespec pause = {0, FOLLOW_MS * 1000000};
	char path[sizeof LOGGER_DIRECTORY + NAME_SIZE + sizeof ".log.1"];
	int fd = open_log(name, ".log.1", path);

	(void)verb;
	if (fd >= 0 && !nsctl_options.follow && !nsctl_options.lines)
		print_rest(fd, path);
	fd = open_log(name, ".log", path);
	if (fd < 0) {
		log_error("%s: %s; it has printed nothing yet, or is in a container, where lines go to the output of PID 1", path, strerror(errno));
		return 1;
	}
	if (nsctl_options.lines)
		seek_lines(fd, nsctl_options.lines);
	do {
		if (!print_rest(fd, path)) {
			close(fd);
			fd = open_log(name, ".log", path);
		}
	} while (nsctl_options.follow && nanosleep(&pause, NULL) == 0);
	return 0;
}
