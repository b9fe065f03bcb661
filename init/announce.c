/* SPDX-License-Identifier: MIT
 *
 * What others learn of a start and an end. A line a message, written at once; a reader that is gone or slow costs
 * it the message, never us the time.
 */
#include "announce.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cold.h"
#include "decimal.h"
#include "log.h"
#include "out.h"
#include "personality.h"
#include "sys.h"
#include "trace.h"

/* What is open between prepare and the end. */
static struct {
	int pid_file; /* until it has its name, -1 then */
	int caller; /* --detach: the pipe to the process that waits */
	bool ready; /* which is said once: after that the descriptor may be somebody else's */
} announce = {.pid_file = -1, .caller = -1};

COLD static char pid_file_new[PATH_MAX]; /* written, then renamed: nobody sees half a number */

static int check_descriptor(const char *option, int fd)
{
	if (fd < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
		return 0;
	log_error("--%s %d: %s; open it in the caller, as in %d>file", option, fd, strerror(errno), fd);
	return -1;
}

static int open_pid_file(const struct plan *plan)
{
	static const char suffix[] = ".new";
	size_t length = strlen(plan->pid_file);
	struct stat status;

	errno = stat(plan->pid_file, &status) == 0 && S_ISDIR(status.st_mode) ? EISDIR : ENAMETOOLONG;
	if (errno != EISDIR && length + sizeof suffix <= sizeof pid_file_new) {
		memcpy(pid_file_new, plan->pid_file, length);
		memcpy(pid_file_new + length, suffix, sizeof suffix);
		announce.pid_file = openat(AT_FDCWD, pid_file_new, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	}
	if (announce.pid_file >= 0)
		return 0;
	log_error("--pid-file %s: %s; give a file in a directory that can be written", plan->pid_file, strerror(errno));
	return -1;
}

/* The caller's process: ends with the status that the start gets. */
static void wait_for_start(const struct plan *plan, int pipe)
{
	unsigned char status;

	if (read(pipe, &status, 1) != 1)
		status = (unsigned char)plan->personality->failed;
	_exit(status);
}

/* What can be known before a file is made. */
static int check_detach(const struct plan *plan)
{
	if (plan->detach && getpid() == 1)
		log_error("--detach: all would end with PID 1; leave it out");
	else if (plan->detach && plan->parent_death)
		log_error("--detach: our parent ends once the program runs; leave --parent-death and --die-with-parent out");
	else
		return 0;
	return -1;
}

static int detach(const struct plan *plan)
{
	int ends[2], null;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0 || (pid = sys_fork(0)) < 0) {
		log_error("--detach: %s", strerror(errno));
		return -1;
	}
	if (pid > 0) {
		close(ends[1]);
		wait_for_start(plan, ends[0]);
	}
	close(ends[0]);
	announce.caller = ends[1];
	setsid();
	if (isatty(STDIN_FILENO)) { /* it is not ours any more */
		null = open("/dev/null", O_RDONLY | O_CLOEXEC);
		if (null >= 0) {
			dup2(null, STDIN_FILENO);
			close(null);
		}
	}
	return 0;
}

int announce_prepare(const struct plan *plan)
{
	if (check_detach(plan) < 0 || check_descriptor("ready-fd", plan->ready_fd) < 0 || check_descriptor("status-fd", plan->status_fd) < 0)
		return -1;
	if (trace_prepare(plan) < 0)
		return -1;
	if (plan->pid_file && open_pid_file(plan) < 0)
		return -1;
	return plan->detach ? detach(plan) : 0;
}

/* Flushes a line that is for fd, if it can be written at once. */
static void say(struct out *out)
{
	if (out->fd >= 0 && out_takes(out->fd))
		out_flush(out);
}

/* The number in a namespace's link, as "pid:[4026531836]"; empty if it cannot be read. */
static void read_namespace(pid_t pid, const char *link_name, char *number, size_t size)
{
	char path[64] = "/proc/", *end = decimal(path + strlen(path), (unsigned long)pid);
	char link[64];
	ssize_t length;
	const char *open;

	memcpy(end, "/ns/", 5);
	strcat(path, link_name);
	length = readlink(path, link, sizeof link - 1);
	link[length > 0 ? length : 0] = '\0';
	open = strchr(link, '[');
	length = open ? (ssize_t)strcspn(open + 1, "]") : 0;
	if ((size_t)length >= size)
		length = 0;
	memcpy(number, open ? open + 1 : "", (size_t)length);
	number[length] = '\0';
}

static void print_namespaces(struct out *out, pid_t pid)
{
	/* Of two kinds a process that changes to another one has it for its children only: namespaces(7). */
	static const struct { const char *name, *link; } kinds[] = {
		{"cgroup", "cgroup"}, {"ipc", "ipc"}, {"mnt", "mnt"}, {"net", "net"}, {"pid", "pid_for_children"},
		{"time", "time_for_children"}, {"user", "user"}, {"uts", "uts"},
	};
	const char *separator = "";

	out_print(out, "\"namespaces\":{");
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		char number[24];

		read_namespace(pid, kinds[i].link, number, sizeof number);
		if (!number[0])
			continue;
		out_print(out, "%s\"%s\":%s", separator, kinds[i].name, number);
		separator = ",";
	}
	out_print(out, "}");
}

void announce_made(const struct plan *plan, pid_t pid)
{
	struct out out = OUT(announce.pid_file);

	if (announce.pid_file < 0)
		return;
	out_print(&out, "%d\n", (int)pid);
	out_flush(&out);
	close(announce.pid_file);
	if (rename(pid_file_new, plan->pid_file) == 0)
		announce.pid_file = -1;
	else
		log_warning("--pid-file %s: %s", plan->pid_file, strerror(errno));
}

void announce_started(const struct plan *plan, pid_t pid)
{
	struct out out = OUT(plan->status_fd);

	if (plan->status_fd < 0)
		return;
	out_print(&out, "{\"event\":\"started\",\"pid\":%d,", (int)pid);
	print_namespaces(&out, pid);
	out_print(&out, "}\n");
	say(&out);
}

void announce_ready(const struct plan *plan)
{
	struct out status = OUT(plan->status_fd), ready = OUT(plan->ready_fd);
	const unsigned char success = 0;

	if (announce.ready)
		return;
	announce.ready = true;
	trace_write(plan);
	out_print(&status, "{\"event\":\"ready\"}\n");
	say(&status);
	out_char(&ready, '\n');
	say(&ready);
	if (plan->ready_fd >= 0)
		close(plan->ready_fd);
	if (announce.caller >= 0 && write(announce.caller, &success, 1) == 1) {
		close(announce.caller);
		announce.caller = -1;
	}
}

void announce_stopped(const struct plan *plan, int status)
{
	struct out out = OUT(plan->status_fd);
	const unsigned char code = (unsigned char)status;

	out_print(&out, "{\"event\":\"stopped\",\"status\":%d}\n", status);
	say(&out);
	if (plan->pid_file)
		unlink(announce.pid_file < 0 ? plan->pid_file : pid_file_new);
	if (announce.caller >= 0 && write(announce.caller, &code, 1) < 0)
		log_debug("--detach: nobody waits");
}
