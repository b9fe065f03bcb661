/* SPDX-License-Identifier: MIT
 *
 * The program that the inits under test start: it holds still, makes orphans or catches signals. Orders come as
 * bytes on standard input, news goes to standard output, because those are what every init passes on.
 */
#include "inside.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void tell(int signal)
{
	struct news news = {.at_ns = now_ns(), .signal = signal};

	if (write(STDOUT_FILENO, &news, sizeof news) != sizeof news)
		_exit(1);
}

static int hold(const char *unused)
{
	(void)unused;
	tell(0);
	while (pause() < 0)
		;
	return 1;
}

/*
 * Makes one orphan and waits until PID 1 has reaped it, so that every init gets its orphans one by one: a slow one
 * would otherwise find several at each wake-up and look cheaper for it.
 */
static int make_orphan(void)
{
	pid_t parent, orphan;
	int ends[2];

	if (pipe(ends) < 0)
		return -1;
	parent = fork();
	if (parent < 0)
		return -1;
	if (parent == 0) {
		orphan = fork();
		if (orphan == 0)
			_exit(0);
		_exit(write(ends[1], &orphan, sizeof orphan) == sizeof orphan ? 0 : 1);
	}
	if (read(ends[0], &orphan, sizeof orphan) != sizeof orphan || orphan < 0)
		return -1;
	close(ends[0]);
	close(ends[1]);
	if (waitpid(parent, NULL, 0) < 0)
		return -1;
	while (kill(orphan, 0) == 0)
		sched_yield();
	return errno == ESRCH ? 0 : -1;
}

static int orphans(const char *count)
{
	char order;

	tell(0);
	while (read(STDIN_FILENO, &order, 1) == 1) {
		for (int i = atoi(count); i > 0; i--)
			if (make_orphan() < 0)
				return 1;
		tell(0);
	}
	return 0;
}

static int catch(const char *unused)
{
	sigset_t wanted;
	int signal;

	(void)unused;
	sigemptyset(&wanted);
	sigaddset(&wanted, SIGUSR1);
	sigaddset(&wanted, SIGUSR2);
	sigprocmask(SIG_BLOCK, &wanted, NULL);
	tell(0);
	while (sigwait(&wanted, &signal) == 0)
		tell(signal);
	return 1;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(const char *argument);
	} modes[] = {{"hold", hold}, {"orphans", orphans}, {"catch", catch}};

	for (size_t i = 0; argc > 1 && i < sizeof modes / sizeof modes[0]; i++)
		if (strcmp(argv[1], modes[i].name) == 0)
			return modes[i].run(argc > 2 ? argv[2] : "");
	return 2;
}
