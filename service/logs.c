/* SPDX-License-Identifier: MIT
 *
 * What services print. The kernel keeps it: we look into a pipe with tee(2), and take out only lines that are complete and for which
 * there is room. So a service costs a descriptor and no buffer, and while nobody takes our lines those that print wait, and we do not.
 * epoll(7) tells of each pipe once for each write, so that a line without an end wakes nobody up.
 */
#include "logs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cold.h"
#include "decimal.h"
#include "devlog.h"
#include "log.h"
#include "logger.h"
#include "spawn.h"
#include "state.h"

enum {
	LINE_SIZE = 2048,      /* what is longer becomes several lines */
	AT_ONCE = 32,          /* pipes; signals have their turn as well */
	RESERVED = 64,         /* descriptors that PID 1 needs for other things */
	LAST_ROUNDS = 512,     /* more than the lines of a full pipe need */
	LAST_WAIT_MS = 1000,
};

enum { WATCH_PIPES, WATCH_SINK, WATCH_DEVLOG };

static struct logs {
	int pipes;      /* epoll(7) of all of them; -1: it is not open */
	int sink;
	bool is_socket;
	int peek[2];    /* what is looked at */
	int kept;       /* the reading end of the pipe to the logger: without one what is in it stays */
	int devlog;     /* its socket */
	pid_t logger;   /* 0: none */
	struct watch *watches;
	size_t length, written; /* of held: not empty while the sink is full */
} logs = {.pipes = -1, .sink = -1, .kept = -1, .devlog = -1};

static const struct state_row rows[] = {
	STATE_ROW("logs.sink", struct logs, sink, STATE_FD), STATE_ROW("logs.kept", struct logs, kept, STATE_FD),
	STATE_ROW("logs.devlog", struct logs, devlog, STATE_FD), STATE_ROW("logs.logger", struct logs, logger, STATE_NUMBER),
};
const struct state_part logs_state = {&logs, rows, sizeof rows / sizeof rows[0]};

COLD static char text[LINE_SIZE], held[PIPE_BUF]; /* a pipe takes so much as a whole, or nothing of it */

/* --- to the sink --- */

/* Opens once more what a descriptor is of. */
static int reopen(int fd, int flags)
{
	char path[32] = "/proc/self/fd/";

	*decimal(path + strlen(path), (unsigned long)fd) = '\0';
	return openat(AT_FDCWD, path, flags | O_CLOEXEC | O_NOCTTY);
}

/* Others write there too, so that O_NONBLOCK has to be of an open file of our own. A regular file would be another one, at its begin. */
static int open_sink(void)
{
	struct stat status;
	int fd = -1;

	if (fstat(STDOUT_FILENO, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)))
		fd = reopen(STDOUT_FILENO, O_WRONLY | O_NONBLOCK);
	return fd >= 0 ? fd : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
}

/* The sink is a pipe to the logger. */
static int open_logger(void)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	fcntl(ends[1], F_SETFL, O_NONBLOCK); /* of this end only */
	logs.kept = ends[0];
	logs.logger = logger_start(ends[0]);
	return ends[1];
}

pid_t logs_logger(void)
{
	return logs.logger;
}

bool logs_reaped(pid_t pid)
{
	if (pid != logs.logger)
		return false;
	log_warning("the logger has ended; there is another");
	logs.logger = logger_start(logs.kept);
	return true;
}

/* True if the sink takes something within the time. */
static bool is_ready(int ms)
{
	struct pollfd sink = {.fd = logs.sink, .events = POLLOUT};

	return poll(&sink, 1, ms) != 0;
}

static ssize_t put(const char *from, size_t length)
{
	if (!is_ready(0)) {
		errno = EAGAIN;
		return -1;
	}
	return logs.is_socket ? send(logs.sink, from, length, MSG_DONTWAIT | MSG_NOSIGNAL) : write(logs.sink, from, length);
}

/* What the sink cannot take at all, as a full disk or a reader that is gone, is lost: no service stops for it. */
static void flush(void)
{
	while (logs.written < logs.length) {
		ssize_t n = put(held + logs.written, logs.length - logs.written);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		logs.written = n < 0 ? logs.length : logs.written + (size_t)n;
	}
	if (logs.written == logs.length)
		logs.written = logs.length = 0;
	logs.watches[WATCH_PIPES].events = logs.watches[WATCH_DEVLOG].events = logs.length ? 0 : POLLIN;
	logs.watches[WATCH_SINK].events = logs.length ? POLLOUT : 0;
}

static void on_sink(struct loop *loop, short events)
{
	(void)loop;
	(void)events;
	flush();
}

/* --- from the pipes --- */

/* False: it does not fit. */
static bool hold_line(const char *before, size_t name, const char *line, size_t length)
{
	char *at = held + logs.length;

	if (name + 2 + length + 1 > sizeof held - logs.length)
		return false;
	memcpy(at, before, name);
	memcpy(at + name, ": ", 2);
	memcpy(at + name + 2, line, length);
	at[name + 2 + length] = '\n';
	logs.length += name + 2 + length + 1;
	return true;
}

static size_t stem_length(const char *unit)
{
	return (size_t)(strrchr(unit, '.') - unit);
}

/* A line of the unit's without its level, systemd.exec(5) SyslogLevelPrefix. Files have the unit's own name, by which they are found. */
static bool hold_line_of(const struct unit *unit, const char *line, size_t length)
{
	const struct rules *rules = &unit->rules;
	const bool is_named = rules->identifier && !logs.logger;
	const bool has_level = !rules->keep_level && length >= 3 && line[0] == '<' && line[1] >= '0' && line[1] <= '7' && line[2] == '>';
	const size_t prefix = has_level ? 3 : 0;

	if ((has_level ? line[1] - '0' : rules->level) > rules->level_max)
		return true;
	return hold_line(is_named ? rules->identifier : unit->name, is_named ? strlen(rules->identifier) : stem_length(unit->name), line + prefix,
	                 length - prefix);
}

bool logs_has_room(void)
{
	return logs.length == 0;
}

void logs_line(const char *name, const char *line)
{
	if (hold_line(name, stem_length(name), line, strlen(line)))
		flush();
}

/* What is in the pipe, and stays there. */
static size_t look(const struct unit *unit)
{
	ssize_t length = tee(unit->output, logs.peek[1], sizeof text, SPLICE_F_NONBLOCK);

	if (length > 0)
		length = read(logs.peek[0], text, (size_t)length);
	return length > 0 ? (size_t)length : 0;
}

/* Takes lines until there is no room for more. The last one may have no end if the pipe has one. True if there may be more. */
static bool take_lines(const struct unit *unit, bool at_end)
{
	size_t length = look(unit), used = 0;
	bool is_part = length == sizeof text, is_full = false;

	while (used < length && !is_full) {
		const char *end = memchr(text + used, '\n', length - used);
		size_t line = end ? (size_t)(end - text) - used : length - used;

		if (!end && !(is_part ? used == 0 : at_end))
			break;
		is_full = !hold_line_of(unit, text + used, line);
		if (!is_full)
			used += line + (end != NULL);
	}
	if (used > 0 && read(unit->output, text, used) > 0)
		flush();
	return is_part || is_full;
}

static void watch_pipe(struct unit *unit, int operation)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = unit};

	epoll_ctl(logs.pipes, operation, unit->output, &event);
}

static void on_pipes(struct loop *loop, short events)
{
	struct epoll_event event;

	(void)loop;
	(void)events;
	for (int i = 0; i < AT_ONCE && logs.length == 0 && epoll_wait(logs.pipes, &event, 1, 0) == 1; i++)
		if (take_lines(event.data.ptr, event.events & EPOLLHUP))
			watch_pipe(event.data.ptr, EPOLL_CTL_MOD); /* tells of it again, after the others */
}

/* What stays open is out of the way of what is copied at each start, spawn.h. */
static int move_up(int fd)
{
	int high = fcntl(fd, F_DUPFD_CLOEXEC, SPAWN_FILES_COPIED);

	return high < 0 || close(fd) < 0 ? fd : high;
}

/* A writing end for a start; the reading one is as old as the service, and has what those before have left. */
static int new_pipe(struct unit *unit)
{
	struct rlimit limit;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	ends[0] = move_up(ends[0]);
	if (prlimit(0, RLIMIT_NOFILE, NULL, &limit) == 0 && (rlim_t)(ends[0] > ends[1] ? ends[0] : ends[1]) + RESERVED > limit.rlim_cur) {
		close(ends[0]);
		close(ends[1]);
		errno = EMFILE;
		return -1;
	}
	fchmod(ends[1], 0622); /* for services of others that open /dev/stdout */
	unit->output = ends[0];
	watch_pipe(unit, EPOLL_CTL_ADD);
	return ends[1];
}

int logs_pipe(struct unit *unit)
{
	int fd = -1;

	if (logs.pipes < 0)
		return -1;
	fd = unit->output ? reopen(unit->output, O_WRONLY) : new_pipe(unit);
	if (fd < 0)
		log_warning("no pipe for its output: %s; it goes where that of nsinit goes", strerror(errno));
	return fd;
}

/* --- open and close --- */

void logs_open(struct watch *watches, bool to_files)
{
	int type;
	socklen_t size = sizeof type;

	watches[WATCH_PIPES] = watches[WATCH_SINK] = watches[WATCH_DEVLOG] = (struct watch){.fd = -1};
	logs.watches = watches;
	if (logs.sink < 0) /* it is open if we go on after an exec */
		logs.sink = to_files ? open_logger() : open_sink();
	if (logs.sink < 0 || pipe2(logs.peek, O_CLOEXEC) < 0)
		return;
	logs.pipes = epoll_create1(EPOLL_CLOEXEC);
	logs.is_socket = getsockopt(logs.sink, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
	watches[WATCH_PIPES] = (struct watch){.fd = logs.pipes, .events = POLLIN, .ready = on_pipes};
	watches[WATCH_SINK] = (struct watch){.fd = logs.sink, .ready = on_sink};
	if (getpid() == 1) /* a subreaper's /dev is somebody else's */
		logs.devlog = devlog_open(logs.devlog);
	watches[WATCH_DEVLOG] = (struct watch){.fd = logs.devlog, .events = POLLIN, .ready = devlog_read};
	for (struct unit *unit = units_first(); unit; unit = unit->next)
		if (unit->output > 0)
			watch_pipe(unit, EPOLL_CTL_ADD);
	flush();
}

size_t logs_held(const char **from)
{
	*from = held + logs.written;
	return logs.length - logs.written;
}

void logs_hold(const char *from, size_t length)
{
	logs.length = length < sizeof held ? length : sizeof held;
	memcpy(held, from, logs.length);
}

/* False: the sink takes no more. */
static bool take_last(struct unit *unit)
{
	bool more = true;

	for (int i = 0; i < LAST_ROUNDS && more; i++) {
		while (logs.length > 0 && is_ready(LAST_WAIT_MS))
			flush();
		if (logs.length > 0)
			return false;
		more = take_lines(unit, true);
	}
	return true;
}

void logs_close(void)
{
	bool takes = true;

	if (logs.pipes < 0)
		return;
	devlog_read(NULL, 0);
	devlog_close();
	for (struct unit *unit = units_first(); unit; unit = unit->next) {
		if (!unit->output)
			continue;
		takes = takes && take_last(unit);
		close(unit->output);
		unit->output = 0;
	}
	while (takes && logs.length > 0 && is_ready(LAST_WAIT_MS))
		flush();
	close(logs.pipes);
	logs.pipes = -1;
	close(logs.sink); /* the logger ends when it has read everything */
	if (logs.logger)
		close(logs.kept);
	logs.logger = 0;
}
