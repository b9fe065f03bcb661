/* SPDX-License-Identifier: MIT
 *
 * stdio INPUT OUTPUT ERRORS, stdio ROWS COLUMNS: the guest's end of a program's three streams, which are virtio ports or the
 * terminal that it has, of that size. It execs the program whose words are in COMMAND, so that the program is init's child
 * and its status is its own; copies stay to relay.
 *
 * The program gets pipes: a port can be open only once, which would break >/dev/stderr, and has no end of file for those that
 * write. The words come in a file because a kernel command line has a length, and no way to write a quote.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COMMAND "/qemu-run/command"

enum {
	WORDS_MAX = 4096,
	PATIENCE = 10000, /* ms until a port that did not come counts as missing: a driver adds them after it was loaded */
};

static void die(const char *what)
{
	perror(what);
	_exit(125);
}

static int open_port(const char *path, int flags)
{
	const struct timespec moment = {.tv_nsec = 1000000};

	for (int waited = 0;; waited++) {
		int fd = open(path, flags | O_CLOEXEC);

		if (fd >= 0)
			return fd;
		/* ENXIO: the node is there before the driver itself knows the port. */
		if ((errno != ENOENT && errno != ENXIO) || waited == PATIENCE)
			die(path);
		nanosleep(&moment, NULL);
	}
}

/*
 * Passes on until there is an end on either side. A port takes a write before the host does, and a machine that ends then would
 * lose it; it is ready for more when the host has it.
 */
static void relay(int from, int to)
{
	struct pollfd ready = {.fd = to, .events = POLLOUT};
	static char buffer[16384];
	ssize_t got, put;

	while ((got = read(from, buffer, sizeof buffer)) > 0)
		for (ssize_t done = 0; done < got; done += put)
			if ((put = write(to, buffer + done, (size_t)(got - done))) <= 0)
				return;
	poll(&ready, 1, -1);
}

/*
 * Puts a stream of the program on a pipe, and a process of its own behind that: one that waits must not hold the others up.
 * Its parent ends at once, so it is nobody's child that the program would wait for.
 */
static void connect_stream(int stream, const char *path)
{
	int port = open_port(path, stream == 0 ? O_RDONLY : O_WRONLY), ends[2];

	if (pipe(ends) < 0)
		die("pipe");
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid == 0) {
		/*
		 * Before the second fork, because the program may have ended by the time that the copy first runs: its end is a HUP
		 * to its session, the machine's begins with a TERM to all, and its last words are still to be passed on then.
		 */
		setsid();
		if (stream != 0)
			signal(SIGTERM, SIG_IGN);
		if (fork() != 0)
			_exit(0);
		for (int i = 0; i < 3; i++)
			close(i); /* the program's ends of the streams before this one */
		close(ends[stream != 0]);
		relay(stream == 0 ? port : ends[0], stream == 0 ? ends[1] : port);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	close(port);
	close(ends[stream == 0]);
	dup2(ends[stream != 0], stream);
	close(ends[stream != 0]);
}

/* A serial line tells no size. */
static void set_size(const char *rows, const char *columns)
{
	const struct winsize size = {.ws_row = (unsigned short)atoi(rows), .ws_col = (unsigned short)atoi(columns)};

	ioctl(0, TIOCSWINSZ, &size);
}

static char **words(void)
{
	static char text[1 << 20], *list[WORDS_MAX];
	int fd = open(COMMAND, O_RDONLY | O_CLOEXEC), count = 0;
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

	if (length <= 0)
		die(COMMAND);
	close(fd);
	for (char *word = text; word < text + length && count < WORDS_MAX - 1; word += strlen(word) + 1)
		list[count++] = word;
	return list;
}

int main(int argc, char **argv)
{
	char **program = words();

	if (argc == 3)
		set_size(argv[1], argv[2]);
	else
		for (int stream = 0; stream < 3 && stream + 1 < argc; stream++)
			connect_stream(stream, argv[stream + 1]);
	execvp(program[0], program);
	fprintf(stderr, "qemu/run: %s: %s\n", program[0], strerror(errno));
	return errno == ENOENT ? 127 : 126;
}
