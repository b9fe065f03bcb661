/* SPDX-License-Identifier: MIT
 *
 * Entering a running container, whose processes are not trusted. We stay in our own PID namespace, where they do not see
 * us; what they do see is the program's process, and that only shows them something after its exec.
 */
#include "join.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "decimal.h"
#include "sys.h"

static const struct {
	const char *name; /* in /proc/PID/ns, proc(5) */
	unsigned long bit;
} namespaces[] = {
	{"user", CLONE_NEWUSER}, {"mnt", CLONE_NEWNS}, {"pid", CLONE_NEWPID},       {"uts", CLONE_NEWUTS},
	{"ipc", CLONE_NEWIPC},   {"net", CLONE_NEWNET}, {"cgroup", CLONE_NEWCGROUP},
	{"time", CLONE_NEWTIME},
};

/* The namespace that a process is in, as an inode of the nsfs. 0, or -1. */
static int inode(const char *process, const char *name, ino_t *number)
{
	char path[64] = "/proc/";
	struct stat status;

	strcat(path, process);
	strcat(path, "/ns/");
	strcat(path, name);
	if (stat(path, &status) < 0)
		return -1;
	*number = status.st_ino;
	return 0;
}

unsigned long join_differing(pid_t pid)
{
	char process[24];
	unsigned long bits = 0;

	*decimal(process, (unsigned long)pid) = '\0';
	errno = 0;
	for (size_t i = 0; i < sizeof namespaces / sizeof namespaces[0]; i++) {
		ino_t theirs, ours;

		if (inode(process, namespaces[i].name, &theirs) < 0 || inode("self", namespaces[i].name, &ours) < 0)
			return 0;
		if (theirs != ours)
			bits |= namespaces[i].bit;
	}
	return bits;
}

int join_enter(struct child *child)
{
	const struct plan *plan = child->plan;
	int process;

	if (!plan->join)
		return 0;
	process = sys_pidfd(plan->join);
	/* For a terminal, and no path of the container's. */
	child->container->dev = openat(AT_FDCWD, "/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* Before anybody inside could see our memory, which the program's process shares until it execs: CVE-2016-9962. */
	if (process < 0 || prctl(PR_SET_DUMPABLE, 0) < 0 || setns(process, (int)plan->namespaces) < 0)
		return -1;
	return close(process);
}
