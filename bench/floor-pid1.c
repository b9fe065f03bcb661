/* SPDX-License-Identifier: MIT
 *
 * The floor of an entrypoint: the fewest system calls that start a program, forward signals to it, reap and exit with
 * its status. No options, no messages, no terminal, no process group of its own, no second thought.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static int exit_code(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	sigset_t all, before;
	pid_t program, ended;
	int status;

	if (argc < 2)
		return 125;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	program = vfork();
	if (program == 0) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		execv(argv[1], argv + 1);
		_exit(127);
	}
	for (;;) {
		int signal = sigwaitinfo(&all, NULL);

		if (signal > 0 && signal != SIGCHLD)
			kill(program, signal);
		while (signal == SIGCHLD && (ended = waitpid(-1, &status, WNOHANG)) > 0)
			if (ended == program)
				return exit_code(status);
	}
}
