/* SPDX-License-Identifier: MIT
 *
 * The relay between two terminals, in the launcher's loop. It waits only for what can be moved: a full side is asked for room and
 * the other is not read meanwhile. tests/run/test_tty.py counts the wake-ups.
 * Our descriptors are opened again for O_NONBLOCK, which set on those we got would be set for everybody who has them.
 */
#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "console.h"
#include "decimal.h"
#include "log.h"
#include "sys.h"

enum {
	/* The kernel holds up to 64 KiB in a pseudo-terminal, tty_buffer.c, and a line discipline's 4 KiB. */
	ENDING_READS = 2 * 64 * 1024 / RELAY_BUFFER,
};

/* ---- a stream ---- */

static bool is_empty(const struct stream *stream)
{
	return stream->begin == stream->end;
}

/* Reads what is there. The count, 0 at the end, or -1. */
static ssize_t fill(struct stream *stream)
{
	ssize_t n = read(stream->from, stream->data, sizeof stream->data);

	stream->begin = 0;
	stream->end = n > 0 ? (size_t)n : 0;
	return n;
}

/* Writes what fits. -1 if nothing ever will again. */
static int flush(struct stream *stream)
{
	ssize_t n;

	if (is_empty(stream))
		return 0;
	n = write(stream->to, stream->data + stream->begin, stream->end - stream->begin);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	stream->begin += (size_t)n;
	return 0;
}

/* ---- what is waited for ---- */

static void watch(struct relay *relay)
{
	bool running = relay->master >= 0;
	struct watch *watches = relay->watches;

	watches[RELAY_MASTER].fd = relay->master;
	watches[RELAY_MASTER].events = (short)((is_empty(&relay->out) && !relay->out.ended ? POLLIN : 0) | (is_empty(&relay->in) ? 0 : POLLOUT));
	watches[RELAY_INPUT].fd = relay->in.from;
	watches[RELAY_INPUT].events = running && is_empty(&relay->in) && !relay->in.ended && !relay->away ? POLLIN : 0;
	watches[RELAY_OUTPUT].fd = relay->out.to;
	watches[RELAY_OUTPUT].events = running && !is_empty(&relay->out) ? POLLOUT : 0;
}

/* Passes on all that the ended program has left. True if there is no more, false while our side is full. */
static bool drained(struct relay *relay)
{
	while (relay->master >= 0 && is_empty(&relay->out) && relay->left-- > 0) {
		if (fill(&relay->out) <= 0)
			return true;
		if (flush(&relay->out) < 0)
			relay_hang_up(relay);
	}
	return relay->master < 0 || is_empty(&relay->out);
}

static void master_ready(struct loop *loop, short events)
{
	struct relay *relay = loop->relay;

	if ((events & POLLOUT) && flush(&relay->in) < 0)
		relay->in.begin = relay->in.end;
	if ((events & (POLLIN | POLLHUP | POLLERR)) && is_empty(&relay->out)) {
		if (fill(&relay->out) <= 0)
			relay->out.ended = errno != EAGAIN;
		else if (flush(&relay->out) < 0)
			relay_hang_up(relay);
	}
	watch(relay);
}

static void output_ready(struct loop *loop, short events)
{
	struct relay *relay = loop->relay;

	(void)events;
	if (flush(&relay->out) < 0)
		relay_hang_up(relay);
	if (relay->ending)
		loop->ended = drained(relay);
	watch(relay);
}

/* A terminal has no end of its input but a character for it; in a line that is open the first one only ends the line. */
static void end_of_input(struct relay *relay)
{
	struct termios modes;
	char end = '\004';

	if (tcgetattr(relay->master, &modes) == 0)
		end = (char)modes.c_cc[VEOF];
	relay->in.begin = 0;
	relay->in.end = relay->line_open ? 2 : 1;
	relay->in.data[0] = relay->in.data[1] = end;
	relay->in.ended = true;
}

static void input_ended(struct relay *relay)
{
	if (relay->terminal < 0)
		end_of_input(relay);
	else if (!console_held(relay->terminal))
		relay_resume(relay);
	else
		relay_hang_up(relay);
}

static void input_ready(struct loop *loop, short events)
{
	struct relay *relay = loop->relay;
	ssize_t n = fill(&relay->in);

	(void)events;
	if (n > 0)
		relay->line_open = relay->in.data[n - 1] != '\n';
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		input_ended(relay);
	if (flush(&relay->in) < 0)
		relay->in.begin = relay->in.end;
	watch(relay);
}

/* ---- our side ---- */

/*
 * A file description of our own for what may make us wait. A file never does, and opened again it would begin at its start;
 * a socket cannot be opened, but takes RELAY_BUFFER when it takes anything.
 */
static int reopen(int fd, int flags)
{
	char path[32] = "/proc/self/fd/";
	struct stat status;
	int again = -1;

	*decimal(path + strlen(path), (unsigned long)fd) = '\0';
	if (fstat(fd, &status) == 0 && (S_ISFIFO(status.st_mode) || isatty(fd)))
		again = openat(AT_FDCWD, path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return again >= 0 ? again : fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
}

/* After su(1) a terminal may be somebody else's and not be opened again, but /dev/tty always is. */
static bool is_same(int console, int fd)
{
	unsigned ours, other;

	return console >= 0 && sys_terminal_number(console, TIOCGDEV, &ours) == 0 && sys_terminal_number(fd, TIOCGDEV, &other) == 0 &&
	       ours == other;
}

static int open_terminal(int console)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (isatty(fd))
			return is_same(console, fd) ? console : reopen(fd, O_RDWR);
	return -1;
}

void relay_open(struct relay *relay, int console)
{
	int terminal = open_terminal(console);

	*relay = (struct relay){
		.terminal = terminal,
		.master = -1,
		.slave = -1,
		.left = ENDING_READS,
		.in.from = terminal >= 0 ? terminal : reopen(STDIN_FILENO, O_RDONLY),
		.out.to = terminal >= 0 ? terminal : reopen(STDOUT_FILENO, O_WRONLY),
		.watches = {
			[RELAY_MASTER].ready = master_ready,
			[RELAY_INPUT].ready = input_ready,
			[RELAY_OUTPUT].ready = output_ready,
		},
	};
	watch(relay);
}

/* The modes from before are those of the last time that we were not in raw mode: a shell that stopped us by STOP knows none. */
static void enter_raw(struct relay *relay)
{
	struct termios modes;

	if (tcgetattr(relay->terminal, &modes) < 0)
		return;
	if (!relay->raw)
		relay->modes = modes;
	cfmakeraw(&modes);
	relay->raw = tcsetattr(relay->terminal, TCSANOW, &modes) == 0;
	log_raw(relay->raw);
}

static void leave_raw(struct relay *relay)
{
	if (!relay->raw)
		return;
	if (console_held(relay->terminal))
		tcsetattr(relay->terminal, TCSANOW, &relay->modes);
	relay->raw = false;
	log_raw(false);
}

void relay_resize(struct relay *relay)
{
	struct winsize size;

	if (relay->master >= 0 && relay->terminal >= 0 && ioctl(relay->terminal, TIOCGWINSZ, &size) == 0)
		ioctl(relay->master, TIOCSWINSZ, &size);
}

void relay_resume(struct relay *relay)
{
	if (relay->terminal < 0 || relay->master < 0)
		return;
	while (!console_held(relay->terminal) && console_stop(SIGTTIN))
		;
	relay->away = !console_held(relay->terminal);
	if (!relay->away)
		enter_raw(relay);
	relay_resize(relay);
	watch(relay);
}

void relay_suspend(struct relay *relay, int signal)
{
	leave_raw(relay);
	console_stop(signal);
	relay_resume(relay);
}

/* ---- its life ---- */

static void close_if_open(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void relay_start(struct relay *relay, int master)
{
	if (relay->master >= 0 || relay->gone) {
		close(master);
		return;
	}
	relay->master = relay->in.to = relay->out.from = master;
	relay->slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	relay_resume(relay);
	watch(relay);
}

/* With its master a pseudo-terminal goes, and the kernel tells its session. */
void relay_hang_up(struct relay *relay)
{
	relay->gone = true;
	close_if_open(&relay->slave);
	close_if_open(&relay->master);
	relay->in.begin = relay->in.end;
	relay->out.begin = relay->out.end;
	watch(relay);
}

void relay_drain(struct loop *loop)
{
	struct relay *relay = loop->relay;

	close_if_open(&relay->slave);
	relay->ending = relay->in.ended = relay->out.ended = true;
	relay->in.begin = relay->in.end;
	loop->mode = SIGNALS_DRAIN;
	loop->child = 0;
	loop->ended = drained(relay);
	watch(relay);
	loop_run(loop);
}

void relay_close(struct relay *relay)
{
	leave_raw(relay);
	relay_hang_up(relay);
}
