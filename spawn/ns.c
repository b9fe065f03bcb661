/* SPDX-License-Identifier: MIT
 *
 * The short steps of a container's PID 1.
 */
#include "ns.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cgroup.h"
#include "child.h"
#include "decimal.h"
#include "file.h"
#include "sys.h"

/* The lowest descriptor of keep that is at least fd; -1 if there is none. */
static int next_kept(const int *keep, size_t count, int fd)
{
	int next = -1;

	for (size_t i = 0; i < count; i++)
		if (keep[i] >= fd && (next < 0 || keep[i] < next))
			next = keep[i];
	return next;
}

int ns_close_except(const int *keep, size_t count, int first)
{
	for (;;) {
		int next = next_kept(keep, count, first);

		if (next < 0)
			return sys_close_range((unsigned)first, ~0U);
		if (next > first && sys_close_range((unsigned)first, (unsigned)next - 1) < 0)
			return -1;
		first = next + 1;
	}
}

int ns_descriptors(struct child *child)
{
	/* With a new terminal the log goes to the launcher: what we were given for it may be the old one. */
	const int keep[] = {child->container->report, child->container->words, child->job->console,
	                    child->plan->pty ? -1 : child->plan->log_fd, child->cgroup ? child->cgroup->alive : -1};

	return ns_close_except(keep, sizeof keep / sizeof keep[0], STDERR_FILENO + 1);
}

int ns_parent_death(struct child *child)
{
	struct pollfd pipe = {.fd = child->container->report};

	if (!child->plan->parent_death)
		return 0;
	if (prctl(PR_SET_PDEATHSIG, child->plan->parent_death) < 0)
		return -1;
	/* A launcher that died before has left a pipe without a reader. */
	if (poll(&pipe, 1, 0) == 0)
		return 0;
	errno = ESRCH;
	return -1;
}

/*
 * A keyring has no namespace: without a new one the caller's keys are in reach. And /proc/1 leads to our binary, memory
 * and descriptors, which are the host's where the user namespace is (CVE-2019-5736); PR_SET_DUMPABLE 0 closes it
 * to all but CAP_SYS_PTRACE. In a user namespace it would only hide PID 1 from its own user.
 */
int ns_secrets(struct child *child)
{
	if (sys_join_keyring() < 0 && errno != ENOSYS && errno != EDQUOT && errno != EPERM)
		return -1;
	return child->plan->namespaces & CLONE_NEWUSER ? 0 : prctl(PR_SET_DUMPABLE, 0);
}

/* "NAME SECONDS 0\n" for each clock that has an offset. Returns the end. */
static char *offsets(char *end, const struct clock_offset *clocks)
{
	static const char *const names[CLOCKS] = {[CLOCKS_MONOTONIC] = "monotonic ", [CLOCKS_BOOTTIME] = "boottime "};

	for (int i = 0; i < CLOCKS; i++) {
		if (!clocks[i].set)
			continue;
		end = stpcpy(end, names[i]);
		if (clocks[i].seconds < 0)
			*end++ = '-';
		end = decimal(end, (unsigned long)abs(clocks[i].seconds));
		end = stpcpy(end, " 0\n");
	}
	return end;
}

static int set_clocks(const struct clock_offset *clocks)
{
	char text[CLOCKS * 32], *end = offsets(text, clocks);

	return end == text ? 0 : file_write(AT_FDCWD, "/proc/self/timens_offsets", text, (size_t)(end - text));
}

/*
 * A new time namespace is for the children of who makes it, and clone3(2) would fix its clocks before we could set them. We go in
 * too: before Linux 6.0 a process that is not may not vfork(2).
 */
int ns_time(struct child *child)
{
	int fd, result, error;

	if (!(child->plan->namespaces & CLONE_NEWTIME))
		return 0;
	if (sys_unshare(CLONE_NEWTIME) < 0 || set_clocks(child->plan->clocks) < 0)
		return -1;
	fd = openat(AT_FDCWD, "/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	result = setns(fd, CLONE_NEWTIME);
	error = errno;
	close(fd);
	errno = error;
	return result;
}

int ns_hostname(struct child *child)
{
	const char *name = child->plan->hostname;

	return name ? sethostname(name, strlen(name)) : 0;
}

int ns_domainname(struct child *child)
{
	const char *name = child->plan->domainname;

	return name ? setdomainname(name, strlen(name)) : 0;
}
