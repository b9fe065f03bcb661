/* SPDX-License-Identifier: MIT
 *
 * The floor of a supervisor: starts one program so many times, and each that ends again. No files, no order, no output.
 *
 *   floor-services COUNT PROGRAM [ARG]...
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static sigset_t all, before;

static void start(char **argv)
{
	if (vfork() == 0) {
		setsid();
		sigprocmask(SIG_SETMASK, &before, NULL);
		execv(argv[0], argv);
		_exit(127);
	}
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 125;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	for (int i = atoi(argv[1]); i > 0; i--)
		start(argv + 2);
	for (;;) {
		if (sigwaitinfo(&all, NULL) == SIGTERM)
			return 0;
		while (waitpid(-1, NULL, WNOHANG) > 0)
			start(argv + 2);
	}
}
