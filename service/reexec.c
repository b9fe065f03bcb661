/* SPDX-License-Identifier: MIT
 *
 * What can fail is tried before, by a child: it is the same file with the same words and our state, goes as far as a start goes, and
 * says by its exit status that it would go on. Only then comes the exec. All signals are blocked, and stay pending; who has ended waits to be reaped.
 */
#include "reexec.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "decimal.h"
#include "launch.h"
#include "log.h"
#include "plan.h"
#include "state.h"
#include "supervisor.h"
#include "sys.h"

enum {
	CHECK_MS = 20 * 1000, /* more than a start takes, with ten thousand units on a slow machine */
};

static struct {
	int program;   /* the file, open; 0: none */
	pid_t check;   /* who tries it; 0: nobody */
	int64_t until_ms;
	bool good;
	void (*done)(const char *wrong);
} reexec;

/* The file that we are, or what has taken its place. */
static int open_own(bool newer)
{
	static const char deleted[] = " (deleted)";
	char path[PATH_MAX];
	ssize_t length = newer ? readlink("/proc/self/exe", path, sizeof path - 1) : 0;

	if (length <= 0 || path[0] != '/')
		return open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	path[length] = '\0';
	if ((size_t)length >= sizeof deleted && strcmp(path + length - (sizeof deleted - 1), deleted) == 0)
		path[(size_t)length - (sizeof deleted - 1)] = '\0';
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

/* An ELF file: what else the kernel runs would be a program's words, and lose ours. NULL, or what is wrong. */
static const char *look_at(int fd)
{
	struct stat status;
	char magic[4];

	if (fd < 0 || fstat(fd, &status) < 0)
		return strerror(errno);
	if (!S_ISREG(status.st_mode) || !(status.st_mode & 0111))
		return "no file that can be executed";
	if (pread(fd, magic, sizeof magic, 0) != sizeof magic || memcmp(magic, "\177ELF", sizeof magic) != 0)
		return "no program, or one that another has to read; give the file of an nsinit";
	return NULL;
}

/* Environ with one more variable, which is the first. */
static char **with_variable(char *variable)
{
	static char *envp[PLAN_ENVIRONMENT_MAX + 2];
	size_t count = 0;

	envp[0] = variable;
	for (; environ[count]; count++) {
		if (count == PLAN_ENVIRONMENT_MAX)
			return NULL;
		envp[count + 1] = environ[count];
	}
	envp[count + 1] = NULL;
	return envp;
}

static const char *busy(const struct loop *loop)
{
	if (reexec.program > 0)
		return "it is under way already";
	if (supervisor_moves())
		return "everything starts, or ends; wait until that is done";
	if (loop->ended || loop->held > 0 || loop->deadline_ms >= 0)
		return "a signal for the program, or its time to end, is waited for";
	return NULL;
}

static void give_up(const char *wrong)
{
	if (reexec.program > 0)
		close(reexec.program);
	reexec.program = 0;
	reexec.check = 0;
	reexec.good = false;
	log_error("PID 1 stays as it is: %s", wrong);
	reexec.done(wrong);
}

const char *reexec_begin(const struct loop *loop, const char *path, void (*done)(const char *wrong))
{
	static char variable[] = STATE_VARIABLE "check";
	const bool is_container = strcmp(loop->plan->role, "run") == 0;
	const char *wrong = busy(loop);
	char **envp = with_variable(variable);
	int state;

	if (wrong)
		return wrong;
	if ((loop->plan->hook_count > 0 || loop->plan->restart) && !loop->plan->machine)
		return "the programs of --on and --restart would not be who they are";
	/* Who is in a container that we made must not choose a program for us, who may do more. */
	if (strchr(path, '/') && is_container)
		return "PID 1 of this container only runs the file that it was started with";
	reexec.program = strchr(path, '/') ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : open_own(!*path && !is_container);
	wrong = look_at(reexec.program);
	if (!wrong && !envp)
		wrong = "too many variables";
	state = wrong ? -1 : state_write(loop, loop->plan->role);
	if (!wrong && state < 0)
		wrong = strerror(errno);
	if (!wrong) {
		reexec.check = launch_check(reexec.program, state, loop->plan->words, envp);
		if (reexec.check < 0)
			wrong = strerror(errno);
	}
	if (state >= 0)
		close(state);
	if (wrong) {
		if (reexec.program > 0)
			close(reexec.program);
		reexec.program = 0;
		reexec.check = 0;
		return wrong;
	}
	reexec.done = done;
	reexec.until_ms = loop_now_ms() + CHECK_MS;
	return NULL;
}

bool reexec_reaped(pid_t pid, int status)
{
	if (pid != reexec.check)
		return false;
	reexec.check = 0;
	reexec.good = WIFEXITED(status) && WEXITSTATUS(status) == STATE_GOOD;
	if (!reexec.good)
		give_up("the file does not take over what there is; give that of an nsinit that knows this form of state");
	return true;
}

/* Comes back if the exec fails, and then nothing has changed. */
static void replace(const struct loop *loop)
{
	static char variable[sizeof STATE_VARIABLE + 20] = STATE_VARIABLE;
	char **envp = with_variable(variable);
	int state = state_write(loop, loop->plan->role), error;

	if (state >= 0 && envp) {
		*decimal(variable + strlen(STATE_VARIABLE), (unsigned long)state) = '\0';
		state_pass(loop, true);
		fcntl(state, F_SETFD, 0);
		sys_exec_descriptor(reexec.program, loop->plan->words, envp);
	}
	error = errno;
	state_pass(loop, false);
	if (state >= 0)
		close(state);
	give_up(strerror(error));
}

void reexec_settle(struct loop *loop)
{
	const char *wrong;

	if (reexec.check > 0 && reexec.until_ms > 0 && loop_now_ms() >= reexec.until_ms) {
		kill(reexec.check, SIGKILL);
		reexec.until_ms = 0; /* it is reaped, and that is the end of it */
	}
	if (reexec.check > 0 && reexec.until_ms > 0 && (loop->wake_ms == 0 || reexec.until_ms < loop->wake_ms))
		loop->wake_ms = reexec.until_ms;
	if (!reexec.good)
		return;
	if (loop->ended || supervisor_moves() || loop->held > 0 || loop->deadline_ms >= 0) {
		wrong = "something has begun to end meanwhile";
		give_up(wrong);
		return;
	}
	replace(loop);
}
