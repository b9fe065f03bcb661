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
	PERIOD_US = 100000,        /* over which processor time is dealt out: the kernel's default */
	QUOTA_US_A_HUNDREDTH = PERIOD_US / 100,
	REMOVE_TRIES = 10,         /* with delays from 1 ms doubled: a second in all, for what the kernel is still ending */
	MONITOR_DELAY_MAX_MS = 1000,
	DEPTH_MAX = 16,            /* of cgroups that were made inside ours */
};

static char *memory_limit(const struct plan *plan, char *end)
{
	end = decimal(end, plan->memory_kib);
	*end++ = 'K';
	return end;
}

static char *no_swap(const struct plan *plan, char *end)
{
	(void)plan;
	return decimal(end, 0);
}

static char *quota(const struct plan *plan, char *end)
{
	return decimal(end, plan->cpu_hundredths * QUOTA_US_A_HUNDREDTH);
}

static char *period(const struct plan *plan, char *end)
{
	(void)plan;
	return decimal(end, PERIOD_US);
}

static char *quota_and_period(const struct plan *plan, char *end)
{
	end = quota(plan, end);
	*end++ = ' ';
	return period(plan, end);
}

static char *pids_limit(const struct plan *plan, char *end)
{
	return decimal(end, plan->pids);
}

/* The limits, in the order in which they are written. Swap counts as memory: in v1 the second file is the sum of both. */
static const struct {
	int version;
	enum cgroup_kind kind;
	const char *file;
	char *(*value)(const struct plan *plan, char *end);
	bool optional; /* a kernel without the file has no swap to limit */
} limits[] = {
	{2, CGROUP_MEMORY, "memory.max", memory_limit, false},
	{2, CGROUP_MEMORY, "memory.swap.max", no_swap, true},
	{2, CGROUP_CPU, "cpu.max", quota_and_period, false},
	{2, CGROUP_PIDS, "pids.max", pids_limit, false},
	{1, CGROUP_MEMORY, "memory.limit_in_bytes", memory_limit, false},
	{1, CGROUP_MEMORY, "memory.memsw.limit_in_bytes", memory_limit, true},
	{1, CGROUP_CPU, "cpu.cfs_period_us", period, false},
	{1, CGROUP_CPU, "cpu.cfs_quota_us", quota, false},
	{1, CGROUP_PIDS, "pids.max", pids_limit, false},
};

/* Where the numbers of struct cgroup_usage stand. A file without a key is the number alone. */
static const struct {
	size_t field;
	const char *file, *key;
	int version;
	unsigned divisor;
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

static unsigned kinds_wanted(const struct plan *plan)
{
	return (plan->memory_kib ? 1U << CGROUP_MEMORY : 0) | (plan->cpu_hundredths ? 1U << CGROUP_CPU : 0) |
	       (plan->pids ? 1U << CGROUP_PIDS : 0);
}

bool cgroup_wanted(const struct plan *plan)
{
	return kinds_wanted(plan) != 0;
}

static void close_if(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* "nsinit-PID-RANDOM": two PID namespaces may share a hierarchy. The kernel gives each exec its random bytes, getauxval(3). */
static void choose_name(struct cgroup *cgroup)
{
	static const char prefix[] = "nsinit-", digits[] = "0123456789abcdef";
	const unsigned char *bytes = (const void *)(uintptr_t)getauxval(AT_RANDOM); // NOLINT(performance-no-int-to-ptr): that is its type
	char *end;

	strcpy(cgroup->name, prefix);
	end = decimal(cgroup->name + strlen(prefix), (unsigned long)getpid());
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
		cgroup->places[i] = (struct cgroup_place){.in = found[i], .directory = -1, .procs = -1};
	return cgroup->count;
}

static void forget(struct cgroup *cgroup)
{
	for (int i = 0; i < cgroup->count; i++) {
		close_if(cgroup->places[i].directory);
		close_if(cgroup->places[i].procs);
		close(cgroup->places[i].in.parent);
	}
}

static int remove_below(int parent, const char *name, int depth);

/* Removes the cgroups in the directory that fd reads. */
static void remove_entries(int fd, int depth)
{
	struct file_walk walk = {.fd = fd};
	const struct dirent *entry;

	while ((entry = file_next(&walk)))
		if (entry->d_type == DT_DIR)
			remove_below(fd, entry->d_name, depth - 1);
}

/* Removes a cgroup, and those that were made in it, which keep it: EBUSY. What is not there, or never could be, is removed. */
static int remove_below(int parent, const char *name, int depth)
{
	int fd;

	if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT || errno == EROFS)
		return 0;
	if (errno != EBUSY || depth == 0)
		return -1;
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	remove_entries(fd, depth);
	close(fd);
	return unlinkat(parent, name, AT_REMOVEDIR);
}

/* Ends whoever is in a v2 cgroup: Linux 5.14. Elsewhere the end of the PID namespace has done that. */
static void kill_all(int parent, const char *name)
{
	int directory = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (directory >= 0)
		file_write(directory, "cgroup.kill", "1", 1); /* if that fails, so does removing, and is tried again */
	close_if(directory);
}

/* 0, or -1 with errno; EBUSY: it may succeed later. */
static int remove_once(const struct cgroup *cgroup)
{
	int error = 0;

	for (int i = 0; i < cgroup->count; i++) {
		if (remove_below(cgroup->places[i].in.parent, cgroup->name, 0) == 0)
			continue;
		kill_all(cgroup->places[i].in.parent, cgroup->name);
		if (remove_below(cgroup->places[i].in.parent, cgroup->name, DEPTH_MAX) < 0)
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

static int make_place(struct cgroup_place *place, const char *name)
{
	if (mkdirat(place->in.parent, name, 0755) < 0)
		return -1;
	place->directory = openat(place->in.parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	place->procs = place->directory < 0 ? -1 : openat(place->directory, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	return place->procs < 0 ? -1 : 0;
}

/* Writes the limits of one hierarchy. *kind is the one at work. */
static int fill_place(const struct plan *plan, const struct cgroup_place *place, enum cgroup_kind *kind)
{
	for (size_t i = 0; i < COUNT(limits); i++) {
		char text[64];

		*kind = limits[i].kind;
		if (limits[i].version != place->in.version || !(place->in.kinds & (1U << *kind)))
			continue;
		if (file_write(place->directory, limits[i].file, text, (size_t)(limits[i].value(plan, text) - text)) == 0)
			continue;
		if (!limits[i].optional || errno != ENOENT)
			return -1;
	}
	return 0;
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
	for (int i = 0; i < cgroup->count; i++) {
		struct cgroup_place *place = &cgroup->places[i];
		enum cgroup_kind kind = first_kind(place->in.kinds ? place->in.kinds : kinds_wanted(plan));

		fault->step = STEP_CGROUP_MAKE;
		if (make_place(place, cgroup->name) < 0 || (fault->step = STEP_CGROUP_LIMITS, fill_place(plan, place, &kind) < 0)) {
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
	choose_name(cgroup);
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

pid_t cgroup_fork(struct cgroup *cgroup, unsigned long namespaces)
{
	/* The kernel takes the caller's cgroup as the root of a namespace that clone makes, not the one cloned into. */
	unsigned long flags = namespaces & ~(unsigned long)CLONE_NEWCGROUP;

	for (int i = 0; i < cgroup->count; i++) {
		struct cgroup_place *place = &cgroup->places[i];
		pid_t pid;

		if (place->in.version != 2)
			continue;
		pid = sys_fork_into(flags, place->directory);
		place->entered = pid == 0;
		/* Before Linux 5.7, and behind the seccomp filters of some containers; then PID 1 moves itself. */
		if (pid >= 0 || (errno != ENOSYS && errno != E2BIG && errno != EINVAL))
			return pid;
	}
	return sys_fork(flags);
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

/* The number behind "KEY " at the start of a line, or at the start of the text. -1: there is none. */
static long read_counter(const char *text, const char *key, unsigned divisor)
{
	size_t length = key ? strlen(key) : 0;
	uint64_t number = 0;

	while (key && (strncmp(text, key, length) != 0 || text[length] != ' ')) {
		text = strchrnul(text, '\n');
		if (!*text++)
			return -1;
	}
	text += key ? length + 1 : 0;
	if (*text < '0' || *text > '9')
		return -1;
	for (; *text >= '0' && *text <= '9'; text++)
		number = number * 10 + (uint64_t)(*text - '0');
	return (long)(number / divisor);
}

void cgroup_read_usage(const struct cgroup *cgroup, struct cgroup_usage *usage)
{
	*usage = (struct cgroup_usage){-1, -1, -1, -1, -1};
	for (size_t i = 0; i < COUNT(counters); i++) {
		long *field = (long *)(void *)((char *)usage + counters[i].field);

		for (int j = 0; j < cgroup->count; j++) {
			char text[1024];
			int fd = counters[i].version == cgroup->places[j].in.version
			         ? openat(cgroup->places[j].directory, counters[i].file, O_RDONLY | O_CLOEXEC) : -1;
			ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);

			close_if(fd);
			text[n > 0 ? n : 0] = '\0';
			if (*field < 0)
				*field = read_counter(text, counters[i].key, counters[i].divisor);
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
