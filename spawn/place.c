/* SPDX-License-Identifier: MIT
 *
 * A cgroup in one hierarchy. What can be set of it is a table, for both versions.
 */
#include "place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "decimal.h"
#include "file.h"

enum {
	PERIOD_US = 100000, /* over which processor time is dealt out: the kernel's default */
	SHARES = 1024, WEIGHT = 100, /* the usual shares of v1, and the usual weight of v2 */
	DEPTH_MAX = 16,     /* of cgroups that were made inside one */
	KILL_PASSES = 2,    /* one may miss who has just come */
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static char *number(unsigned long value, char *end)
{
	return value == CONTROL_UNLIMITED ? stpcpy(end, "max") : decimal(end, value);
}

static char *write_plain(const struct controls *controls, enum control control, char *end)
{
	return number(controls->values[control], end);
}

static char *write_memory(const struct controls *controls, enum control control, char *end)
{
	end = number(controls->values[control], end);
	*end = 'K';
	return end + (controls->values[control] != CONTROL_UNLIMITED);
}

static char *write_memory_v1(const struct controls *controls, enum control control, char *end)
{
	return controls->values[control] == CONTROL_UNLIMITED ? stpcpy(end, "-1") : write_memory(controls, control, end);
}

/* v1 limits the sum of both. */
static char *write_both(const struct controls *controls, enum control control, char *end)
{
	struct controls both = *controls;
	const unsigned long memory = controls->values[CONTROL_MEMORY_MAX];
	const bool limited = controls->set & 1U << CONTROL_MEMORY_MAX && memory != CONTROL_UNLIMITED && both.values[control] != CONTROL_UNLIMITED;

	both.values[control] = limited ? both.values[control] + memory : CONTROL_UNLIMITED;
	return write_memory_v1(&both, control, end);
}

/* Everything: what is allowed all the same follows. */
static char *write_all(const struct controls *controls, enum control control, char *end)
{
	(void)controls;
	(void)control;
	return stpcpy(end, "a");
}

static char *write_period(const struct controls *controls, enum control control, char *end)
{
	(void)controls;
	(void)control;
	return decimal(end, PERIOD_US);
}

static char *write_quota(const struct controls *controls, enum control control, char *end)
{
	return controls->values[control] == CONTROL_UNLIMITED ? stpcpy(end, "-1") : decimal(end, controls->values[control]);
}

static char *write_quota_and_period(const struct controls *controls, enum control control, char *end)
{
	end = number(controls->values[control], end);
	*end++ = ' ';
	return decimal(end, PERIOD_US);
}

static char *write_shares(const struct controls *controls, enum control control, char *end)
{
	return decimal(end, controls->values[control] * SHARES / WEIGHT);
}

/* Both have 1 to 1000, of which v2 has 100 and the others 500 for the usual. */
static char *write_io(const struct controls *controls, enum control control, char *end)
{
	const unsigned long weight = controls->values[control];

	return decimal(end, weight < 1000 ? weight : 1000);
}

/* What can be set, in the order in which it is written. */
static const struct row {
	uint8_t control, kind, version;
	bool optional; /* a kernel need not have the file: without swap, or without the scheduler of disks that has weights */
	const char *file;
	char *(*write)(const struct controls *controls, enum control control, char *end);
} rows[] = {
	{CONTROL_MEMORY_MIN, CGROUP_MEMORY, 2, false, "memory.min", write_memory},
	{CONTROL_MEMORY_LOW, CGROUP_MEMORY, 2, false, "memory.low", write_memory},
	{CONTROL_MEMORY_HIGH, CGROUP_MEMORY, 2, false, "memory.high", write_memory},
	{CONTROL_MEMORY_MAX, CGROUP_MEMORY, 2, false, "memory.max", write_memory},
	{CONTROL_SWAP_MAX, CGROUP_MEMORY, 2, true, "memory.swap.max", write_memory},
	{CONTROL_OOM_GROUP, CGROUP_MEMORY, 2, false, "memory.oom.group", write_plain},
	{CONTROL_CPU_QUOTA, CGROUP_CPU, 2, false, "cpu.max", write_quota_and_period},
	{CONTROL_CPU_WEIGHT, CGROUP_CPU, 2, false, "cpu.weight", write_plain},
	{CONTROL_PIDS, CGROUP_PIDS, 2, false, "pids.max", write_plain},
	{CONTROL_IO_WEIGHT, CGROUP_IO, 2, true, "io.weight", write_plain},
	{CONTROL_IO_WEIGHT, CGROUP_IO, 2, true, "io.bfq.weight", write_io},
	{CONTROL_MEMORY_MAX, CGROUP_MEMORY, 1, false, "memory.limit_in_bytes", write_memory_v1},
	{CONTROL_SWAP_MAX, CGROUP_MEMORY, 1, true, "memory.memsw.limit_in_bytes", write_both},
	{CONTROL_CPU_QUOTA, CGROUP_CPU, 1, false, "cpu.cfs_period_us", write_period},
	{CONTROL_CPU_QUOTA, CGROUP_CPU, 1, false, "cpu.cfs_quota_us", write_quota},
	{CONTROL_CPU_WEIGHT, CGROUP_CPU, 1, false, "cpu.shares", write_shares},
	{CONTROL_PIDS, CGROUP_PIDS, 1, false, "pids.max", write_plain},
	{CONTROL_IO_WEIGHT, CGROUP_IO, 1, true, "blkio.bfq.weight", write_io},
	{CONTROL_DEVICES, CGROUP_DEVICES, 1, false, "devices.deny", write_all}, /* v2: devices.c */
};

static bool is_for(const struct row *row, unsigned set, const struct hierarchy *hierarchy)
{
	return set & 1U << row->control && row->version == hierarchy->version && hierarchy->kinds & 1U << row->kind;
}

unsigned place_kinds(unsigned set)
{
	unsigned kinds = 0;

	for (size_t i = 0; i < COUNT(rows); i++)
		kinds |= set & 1U << rows[i].control ? 1U << rows[i].kind : 0;
	return kinds;
}

bool place_takes(const struct hierarchy *hierarchy, int directory, enum control control)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		if (is_for(&rows[i], 1U << control, hierarchy) && faccessat(directory, rows[i].file, W_OK, 0) == 0)
			return true;
	return false;
}

int place_open(struct place *place, const char *name)
{
	place->directory = openat(place->in.parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	place->procs = place->directory < 0 ? -1 : openat(place->directory, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	return place->procs < 0 ? -1 : 0;
}

int place_make(struct place *place, const char *name)
{
	return mkdirat(place->in.parent, name, 0755) < 0 ? -1 : place_open(place, name);
}

void place_close(struct place *place)
{
	if (place->directory >= 0)
		close(place->directory);
	if (place->procs >= 0)
		close(place->procs);
	place->directory = place->procs = -1;
}

int place_fill(const struct controls *controls, const struct place *place, enum cgroup_kind *kind)
{
	int error = 0;

	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[64];
		const char *end;

		if (!is_for(&rows[i], controls->set, &place->in))
			continue;
		end = rows[i].write(controls, rows[i].control, text);
		if (file_write(place->directory, rows[i].file, text, (size_t)(end - text)) == 0 || (rows[i].optional && errno == ENOENT) || error)
			continue;
		error = errno;
		*kind = rows[i].kind;
	}
	errno = error;
	return error ? -1 : 0;
}

long place_counter(int directory, const char *file, const char *key)
{
	char buffer[1024];
	const char *text = buffer;
	size_t length = key ? strlen(key) : 0;
	uint64_t number = 0;

	file_read(directory, file, buffer, sizeof buffer);
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
	return (long)number;
}

static void visit_processes(int directory, int depth, void (*visit)(pid_t pid, void *argument), void *argument)
{
	struct file_walk walk = {.fd = depth > 0 ? openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1};
	int procs = openat(directory, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	const struct dirent *entry;
	char text[256];
	pid_t pid = 0; /* as it stays for a process of another PID namespace */
	ssize_t length;

	while (procs >= 0 && (length = read(procs, text, sizeof text)) > 0)
		for (ssize_t i = 0; i < length; i++) {
			if (text[i] >= '0' && text[i] <= '9') {
				pid = pid * 10 + (text[i] - '0');
				continue;
			}
			if (pid > 0)
				visit(pid, argument);
			pid = 0;
		}
	if (procs >= 0)
		close(procs);
	while (walk.fd >= 0 && (entry = file_next(&walk))) {
		int below = entry->d_type == DT_DIR ? openat(walk.fd, entry->d_name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;

		if (below < 0)
			continue;
		visit_processes(below, depth - 1, visit, argument);
		close(below);
	}
	if (walk.fd >= 0)
		close(walk.fd);
}

void place_processes(int directory, void (*visit)(pid_t pid, void *argument), void *argument)
{
	visit_processes(directory, DEPTH_MAX, visit, argument);
}

static void count_one(pid_t pid, void *argument)
{
	(void)pid;
	++*(unsigned *)argument;
}

bool place_is_empty(int directory)
{
	char events[256];
	unsigned count = 0;

	if (file_read(directory, "cgroup.events", events, sizeof events) > 0)
		return strstr(events, "populated 0");
	place_processes(directory, count_one, &count);
	return count == 0;
}

static void kill_one(pid_t pid, void *argument)
{
	(void)argument;
	kill(pid, SIGKILL);
}

void place_kill(int directory)
{
	/* What keeps them from forking meanwhile: in v2 a frozen process can be killed, in v1 there may be a limit. */
	static const struct { const char *file, *value; } holds[] = {{"cgroup.freeze", "1"}, {"pids.max", "0"}};
	char before[32];
	size_t hold = 0;

	if (file_write(directory, "cgroup.kill", "1", 1) == 0) /* Linux 5.14 */
		return;
	while (hold < COUNT(holds) && (file_read(directory, holds[hold].file, before, sizeof before) <= 0 ||
	                               file_write(directory, holds[hold].file, holds[hold].value, 1) < 0))
		hold++;
	for (int pass = 0; pass < KILL_PASSES; pass++)
		place_processes(directory, kill_one, NULL);
	if (hold < COUNT(holds))
		file_write(directory, holds[hold].file, before, strlen(before));
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

/* A cgroup is kept by those that were made in it: EBUSY. What is not there, or never could be, is removed. */
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

int place_remove(int parent, const char *name)
{
	return remove_below(parent, name, DEPTH_MAX);
}
