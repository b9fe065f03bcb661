/* SPDX-License-Identifier: MIT
 *
 * The cgroup of a container, from its limits to its removal. Its name is chosen and its monitor started before it is
 * made, so at no moment can a SIGKILL of the launcher leave it behind: tests/run/test_cgroup.py.
 */
#include "cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "decimal.h"
#include "file.h"
#include "ns.h"
#include "spawn.h"
#include "sys.h"

enum {
	QUOTA_US_A_HUNDREDTH = 1000,
	REMOVE_TRIES = 10,         /* with delays from 1 ms doubled: a second in all, for what the kernel is still ending */
	MONITOR_DELAY_MAX_MS = 1000,
};

/* Where the numbers of struct cgroup_usage stand. A file without a key is the number alone. */
static const struct {
	size_t field;
	const char *file, *key;
	int version;
	int divisor;
} counters[] = {
	{offsetof(struct cgroup_usage, peak_kib), "memory.peak", NULL, 2, 1024}, /* Linux 5.19 */
	{offsetof(struct cgroup_usage, peak_kib), "memory.max_usage_in_bytes", NULL, 1, 1024},
	{offsetof(struct cgroup_usage, oom_kills), "memory.events", "oom_kill", 2, 1},
	{offsetof(struct cgroup_usage, oom_kills), "memory.oom_control", "oom_kill", 1, 1},
	{offsetof(struct cgroup_usage, refused_forks), "pids.events", "max", 2, 1},
	{offsetof(struct cgroup_usage, refused_forks), "pids.events", "max", 1, 1},
	{offsetof(struct cgroup_usage, user_ms), "cpu.stat", "user_usec", 2, 1000},
	{offsetof(struct cgroup_usage, system_ms), "cpu.stat", "system_usec", 2, 1000},
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Swap counts as memory. */
static void read_plan(const struct plan *plan, struct controls *controls)
{
	memset(controls, 0, sizeof *controls);
	if (plan->memory_kib)
		controls->set |= 1U << CONTROL_MEMORY_MAX | 1U << CONTROL_SWAP_MAX;
	if (plan->cpu_hundredths)
		controls->set |= 1U << CONTROL_CPU_QUOTA;
	if (plan->pids)
		controls->set |= 1U << CONTROL_PIDS;
	controls->values[CONTROL_MEMORY_MAX] = plan->memory_kib;
	controls->values[CONTROL_CPU_QUOTA] = plan->cpu_hundredths * QUOTA_US_A_HUNDREDTH;
	controls->values[CONTROL_PIDS] = plan->pids;
}

static unsigned kinds_wanted(const struct plan *plan)
{
	struct controls controls;

	read_plan(plan, &controls);
	return place_kinds(controls.set);
}

bool cgroup_wanted(const struct plan *plan)
{
	return kinds_wanted(plan) != 0;
}

/* "nsinit-PID-RANDOM": two PID namespaces may share a hierarchy. The kernel gives each exec its random bytes, getauxval(3). */
void cgroup_choose_name(char *name)
{
	static const char prefix[] = "nsinit-", digits[] = "0123456789abcdef";
	const unsigned char *bytes = (const void *)(uintptr_t)getauxval(AT_RANDOM); // NOLINT(performance-no-int-to-ptr): that is its type
	char *end;

	strcpy(name, prefix);
	end = decimal(name + strlen(prefix), (unsigned long)getpid());
	*end++ = '-';
	for (int i = 0; bytes && i < 8; i++) {
		*end++ = digits[bytes[i] >> 4];
		*end++ = digits[bytes[i] & 15];
	}
	*end = '\0';
}

static int find(struct cgroup *cgroup, unsigned wanted, enum cgroup_kind *missing)
{
	struct hierarchy found[HIERARCHIES_MAX];

	cgroup->count = hierarchy_find(wanted, found, missing);
	for (int i = 0; i < cgroup->count; i++)
		cgroup->places[i] = (struct place){.in = found[i], .directory = -1, .procs = -1};
	return cgroup->count;
}

static void forget(struct cgroup *cgroup)
{
	for (int i = 0; i < cgroup->count; i++) {
		place_close(&cgroup->places[i]);
		close(cgroup->places[i].in.parent);
	}
}

/* Ends whoever is in a v2 cgroup: Linux 5.14. Elsewhere the end of the PID namespace has done that. */
static void kill_all(int parent, const char *name)
{
	int directory = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (directory < 0)
		return;
	file_write(directory, "cgroup.kill", "1", 1); /* if that fails, so does removing, and is tried again */
	close(directory);
}

/* 0, or -1 with errno; EBUSY: it may succeed later. */
static int remove_once(const struct cgroup *cgroup)
{
	int error = 0;

	for (int i = 0; i < cgroup->count; i++) {
		if (unlinkat(cgroup->places[i].in.parent, cgroup->name, AT_REMOVEDIR) == 0 || errno == ENOENT || errno == EROFS)
			continue;
		kill_all(cgroup->places[i].in.parent, cgroup->name);
		if (place_remove(cgroup->places[i].in.parent, cgroup->name) < 0)
			error = errno;
	}
	errno = error;
	return error ? -1 : 0;
}

/* The end of the pipe is the end of launcher and PID 1; the rest of the container is then dying, and no event tells when it is gone. */
static void monitor(const struct cgroup *cgroup, int pipe)
{
	int keep[HIERARCHIES_MAX + 1], delay_ms = 1;
	char byte;

	keep[cgroup->count] = pipe;
	for (int i = 0; i < cgroup->count; i++)
		keep[i] = cgroup->places[i].in.parent;
	setsid(); /* what is sent to the launcher's process group or session is not for us; as a group's leader we stay in the latter */
	if (chdir("/") < 0 || ns_close_except(keep, (size_t)cgroup->count + 1, 0) < 0)
		_exit(1);
	while (read(pipe, &byte, 1) > 0)
		;
	while (remove_once(cgroup) < 0 && errno == EBUSY) {
		poll(NULL, 0, delay_ms);
		delay_ms = delay_ms < MONITOR_DELAY_MAX_MS / 2 ? delay_ms * 2 : MONITOR_DELAY_MAX_MS;
	}
	_exit(0);
}

/* A copy and no thread: what ends the launcher, the OOM killer too, must not end it. */
static int start_monitor(struct cgroup *cgroup)
{
	int ends[2], error;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	cgroup->monitor = sys_fork(0);
	if (cgroup->monitor == 0) {
		close(ends[1]);
		monitor(cgroup, ends[0]);
	}
	error = errno;
	close(ends[0]);
	cgroup->alive = ends[1];
	if (cgroup->monitor > 0) {
		setpgid(cgroup->monitor, 0); /* as it does itself, but a KILL for our group may come before it runs */
		return 0;
	}
	close(ends[1]);
	errno = error;
	return -1;
}

/* The first kind that a hierarchy limits, for a message; of one that limits none, the first there is. */
static enum cgroup_kind first_kind(unsigned kinds)
{
	enum cgroup_kind kind = CGROUP_MEMORY;

	while (kinds && !(kinds & (1U << kind)))
		kind++;
	return kind;
}

static int make_places(const struct plan *plan, struct cgroup *cgroup, struct fault *fault)
{
	struct controls controls;

	read_plan(plan, &controls);
	for (int i = 0; i < cgroup->count; i++) {
		struct place *place = &cgroup->places[i];
		enum cgroup_kind kind = first_kind(place->in.kinds ? place->in.kinds : kinds_wanted(plan));

		fault->step = STEP_CGROUP_MAKE;
		if (place_make(place, cgroup->name) < 0 || (fault->step = STEP_CGROUP_LIMITS, place_fill(&controls, place, &kind) < 0)) {
			fault->error = errno;
			fault->index = kind;
			return -1;
		}
	}
	return 0;
}

int cgroup_make(const struct plan *plan, struct cgroup *cgroup, struct fault *fault)
{
	enum cgroup_kind missing;

	if (find(cgroup, kinds_wanted(plan), &missing) < 0) {
		*fault = (struct fault){.step = STEP_CGROUP_FIND, .error = errno, .index = missing};
		return -1;
	}
	child_time(plan, STEP_CGROUP_FIND);
	cgroup_choose_name(cgroup->name);
	if (start_monitor(cgroup) < 0) {
		*fault = (struct fault){.step = STEP_CGROUP_MONITOR, .error = errno};
		forget(cgroup);
		return -1;
	}
	child_time(plan, STEP_CGROUP_MONITOR);
	if (make_places(plan, cgroup, fault) == 0) {
		child_time(plan, STEP_CGROUP_LIMITS);
		return 0;
	}
	cgroup_remove(cgroup);
	return -1;
}

/* Before Linux 5.7, and behind the seccomp filters of some containers; then the child moves itself. */
static bool lacks_clone3(int error)
{
	return error == ENOSYS || error == E2BIG || error == EINVAL;
}

pid_t cgroup_fork(struct cgroup *cgroup, unsigned long namespaces)
{
	/* The kernel takes the caller's cgroup as the root of a namespace that clone makes, not the one cloned into. */
	unsigned long flags = namespaces & ~(unsigned long)CLONE_NEWCGROUP;

	for (int i = 0; i < cgroup->count; i++) {
		struct place *place = &cgroup->places[i];
		pid_t pid;

		if (place->in.version != 2)
			continue;
		pid = sys_fork_into(flags, place->directory);
		place->entered = pid == 0;
		if (pid >= 0 || !lacks_clone3(errno))
			return pid;
	}
	return sys_fork(flags);
}

pid_t cgroup_vfork(struct cgroup *cgroup, unsigned long flags, int (*run)(void *), char *stack, void *argument)
{
	for (int i = 0; i < cgroup->count; i++) {
		struct place *place = &cgroup->places[i];
		pid_t pid;

		if (place->in.version != 2)
			continue;
		place->entered = true; /* the child looks at our memory */
		pid = sys_vfork_into(flags, place->directory, run, stack, argument);
		if (pid >= 0 || !lacks_clone3(errno))
			return pid;
		place->entered = false;
	}
	return clone(run, stack, (int)flags | SIGCHLD, argument);
}

int cgroup_enter(struct child *child)
{
	const struct cgroup *cgroup = child->cgroup;
	const unsigned long only = child->plan->join_only;

	if (child->plan->join)
		return !only || (only & CLONE_NEWCGROUP) ? hierarchy_join(child->plan->join) : 0;
	if (!cgroup)
		return 0;
	for (int i = 0; i < cgroup->count; i++)
		if (!cgroup->places[i].entered && write(cgroup->places[i].procs, "0", 1) < 0) /* 0: the writer */
			return -1;
	return child->plan->namespaces & CLONE_NEWCGROUP ? sys_unshare(CLONE_NEWCGROUP) : 0;
}

void cgroup_read_usage(const struct cgroup *cgroup, struct cgroup_usage *usage)
{
	memset(usage, 0xff, sizeof *usage);
	for (size_t i = 0; i < COUNT(counters); i++) {
		long *field = (long *)(void *)((char *)usage + counters[i].field);

		for (int j = 0; j < cgroup->count; j++) {
			long number;

			if (*field >= 0 || counters[i].version != cgroup->places[j].in.version)
				continue;
			number = place_counter(cgroup->places[j].directory, counters[i].file, counters[i].key);
			*field = number < 0 ? number : number / counters[i].divisor;
		}
	}
}

int cgroup_remove(struct cgroup *cgroup)
{
	int result = remove_once(cgroup), error;

	for (int i = 0; result < 0 && errno == EBUSY && i < REMOVE_TRIES; i++) {
		poll(NULL, 0, 1 << i);
		result = remove_once(cgroup);
	}
	error = errno;
	if (result == 0 && waitpid(cgroup->monitor, NULL, WNOHANG) == 0) { /* else it has been ended, and its pid may be another's */
		kill(cgroup->monitor, SIGKILL);
		waitpid(cgroup->monitor, NULL, 0);
	}
	close(cgroup->alive);
	forget(cgroup);
	errno = error;
	return result;
}
