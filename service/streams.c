/* SPDX-License-Identifier: MIT
 *
 * Standard input, output and error of a service, systemd.exec(5). Nothing that is opened for them may hold PID 1 up.
 */
#include "streams.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "file.h"
#include "log.h"
#include "logs.h"
#include "machine.h"
#include "sys.h"

static int null_fd = -1;

static const char *tty_of(const struct launch *launch)
{
	return launch->tty ? launch->tty : "/dev/console";
}

/* Whoever has it open loses it, and it is what a person expects. */
static void prepare_tty(const struct launch *launch)
{
	int fd = launch->reset_tty || launch->hang_up_tty ? openat(AT_FDCWD, tty_of(launch), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	if (launch->reset_tty)
		machine_make_sane(fd);
	if (launch->hang_up_tty)
		sys_ioctl(fd, TIOCVHANGUP, NULL);
	close(fd);
}

/* The descriptor of a stream of the service; -1: it keeps ours. -2 after a message. */
static int open_stream(const struct launch *launch, struct unit *unit, int number)
{
	static const int flags[] = {[STREAM_FILE] = 0, [STREAM_APPEND] = O_APPEND, [STREAM_TRUNCATE] = O_TRUNC};
	const struct stream *stream = &launch->streams[number];
	const char *path = stream->kind == STREAM_TTY ? tty_of(launch) : stream->path;
	int fd;

	if (null_fd < 0)
		null_fd = openat(AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC);
	if (stream->kind == STREAM_NULL || stream->kind == STREAM_SOCKET || (number == STDIN_FILENO && stream->kind <= STREAM_INHERIT))
		return null_fd;
	if (stream->kind < STREAM_FILE)
		return stream->kind == STREAM_INHERIT ? -1 : logs_pipe(unit);
	fd = file_open(path, (number == STDIN_FILENO ? O_RDONLY : stream->kind == STREAM_TTY ? O_WRONLY : O_WRONLY | O_CREAT | flags[stream->kind]) |
	            O_NOCTTY | O_NONBLOCK, 0644); /* nothing that is opened may hold us up */
	if (fd < 0) {
		log_error("%s: %s", path, file_open_error());
		return -2;
	}
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	return fd;
}

/* Where nothing is said, output goes to the connection that input comes from, and errors go where output goes. */
int streams_open(const struct launch *launch, struct unit *unit, int socket, int *files)
{
	const struct stream *streams = launch->streams;

	if (streams[STDIN_FILENO].kind == STREAM_TTY || streams[STDOUT_FILENO].kind == STREAM_TTY)
		prepare_tty(launch);
	for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++) {
		bool as_before = i > STDIN_FILENO && streams[i].kind <= STREAM_INHERIT && (i == STDERR_FILENO || streams[STDIN_FILENO].kind == STREAM_SOCKET);

		if (socket >= 0 && streams[i].kind == STREAM_SOCKET)
			files[i] = socket;
		else
			files[i] = as_before ? files[i - 1] : open_stream(launch, unit, i);
		if (files[i] < -1)
			return -1;
	}
	return 0;
}

void streams_close(const int *files, int socket)
{
	for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
		if (files[i] > STDERR_FILENO && files[i] != null_fd && files[i] != socket && (i < STDERR_FILENO || files[i] != files[STDOUT_FILENO]))
			close(files[i]);
}
