/* SPDX-License-Identifier: MIT
 *
 * Conditions and asserts, systemd.unit(5). They are looked at when the unit is about to start, and nobody waits for them.
 */
#include "condition.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "directive.h"
#include "file.h"
#include "reader.h"
#include "sys.h"
#include "value.h"

static bool path_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/* The directory that a path is in, open; -1. *name is what the path calls it there. */
static int open_parent(const char *path, const char **name)
{
	char parent[PATH_MAX];
	size_t length;

	*name = strrchr(path, '/');
	if (!*name || strlen(path) >= sizeof parent)
		return -1;
	length = (size_t)(++*name - path);
	memcpy(parent, path, length);
	parent[length] = '\0';
	return openat(AT_FDCWD, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* libc's would bring 10 kB of letters of all languages. */
bool condition_matches(const char *pattern, const char *name)
{
	const char *star = NULL, *from = NULL;

	if (*name == '.' && *pattern != '.')
		return false;
	while (*name) {
		if (*pattern == '*') {
			star = pattern++;
			from = name;
		} else if (*pattern == '?' || *pattern == *name) {
			pattern++;
			name++;
		} else if (star) {
			pattern = star + 1;
			name = ++from;
		} else {
			return false;
		}
	}
	return pattern[strspn(pattern, "*")] == '\0';
}

/* Patterns in the last part of the path. */
static bool path_exists_glob(const char *pattern)
{
	const char *name;
	struct file_walk walk = {.fd = open_parent(pattern, &name)};
	const struct dirent *entry;
	bool found = false;

	while (walk.fd >= 0 && !found && (entry = file_next(&walk)))
		found = condition_matches(name, entry->d_name);
	if (walk.fd >= 0)
		close(walk.fd);
	return found;
}

static bool path_is_directory(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool path_is_link(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0 && S_ISLNK(status.st_mode);
}

static bool path_is_mount_point(const char *path)
{
	struct stat status, above;
	const char *name;
	int parent = open_parent(path, &name);
	bool is = parent >= 0 && fstat(parent, &above) == 0 && stat(path, &status) == 0 &&
	          (status.st_dev != above.st_dev || status.st_ino == above.st_ino);

	if (parent >= 0)
		close(parent);
	return is;
}

static bool path_is_read_write(const char *path)
{
	return access(path, W_OK) == 0 || (errno != EROFS && errno != ENOENT && errno != ENOTDIR);
}

static bool directory_not_empty(const char *path)
{
	struct file_walk walk = {.fd = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
	bool has = walk.fd >= 0 && file_next(&walk);

	if (walk.fd >= 0)
		close(walk.fd);
	return has;
}

static bool file_not_empty(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0;
}

static bool file_is_executable(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & 0111);
}

/* Whoever is PID 1 in a PID namespace that is not the first: its inode is PROC_PID_INIT_INO of the kernel's proc_ns.h. */
static bool in_container(void)
{
	const ino_t first = 0xEFFFFFFC;
	struct stat status;

	return getenv("container") || (stat("/proc/self/ns/pid", &status) == 0 && status.st_ino != first);
}

static bool in_machine(void)
{
	char text[4096];

	file_read(AT_FDCWD, "/proc/cpuinfo", text, sizeof text);
	return strstr(text, " hypervisor");
}

/* Which program made the container or the machine is not known: a name holds if it is that of the container, in $container. */
static bool virtualization(const char *kind)
{
	const char *name = getenv("container");
	bool truth;

	if (reader_truth(kind, &truth) == 0)
		return truth == (in_container() || in_machine());
	if (strcmp(kind, "container") == 0)
		return in_container();
	if (strcmp(kind, "vm") == 0)
		return !in_container() && in_machine();
	return name && strcmp(kind, name) == 0;
}

/* A word of /proc/cmdline, or the word before an =. */
static bool kernel_command_line(const char *word)
{
	char text[4096], item[256];
	const char *rest = text;
	size_t length = strlen(word);

	file_read(AT_FDCWD, "/proc/cmdline", text, sizeof text);
	text[strcspn(text, "\n")] = '\0';
	while (rest) {
		rest = value_item(rest, ' ', item, sizeof item);
		if (strncmp(item, word, length) == 0 && (!item[length] || (item[length] == '=' && !strchr(word, '='))))
			return true;
	}
	return false;
}

/* Some supply is on, or there is none that could be off. */
static bool on_ac_power(void)
{
	struct file_walk walk = {.fd = openat(AT_FDCWD, "/sys/class/power_supply", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
	const struct dirent *entry;
	bool on = false, any = false;

	while (walk.fd >= 0 && (entry = file_next(&walk))) {
		char path[sizeof "/sys/class/power_supply//online" + sizeof entry->d_name], text[8];

		strcat(strcat(strcpy(path, "/sys/class/power_supply/"), entry->d_name), "/online");
		file_read(AT_FDCWD, path, text, sizeof text);
		any |= text[0] != '\0';
		on |= text[0] == '1';
	}
	if (walk.fd >= 0)
		close(walk.fd);
	return on || !any;
}

static bool ac_power(const char *value)
{
	bool wanted;

	return reader_truth(value, &wanted) == 0 && wanted == on_ac_power();
}

static bool capability(const char *name)
{
	uint64_t bits = 0;

	return value_capabilities(name, &bits) == 0 && (sys_permitted() & bits) == bits;
}

/* OPERATOR NUMBER; without an operator it is >=. */
static bool cpus(const char *value)
{
	size_t length = strspn(value, "<>=!");
	unsigned long wanted, count;
	cpu_set_t set;

	if (value_number(value + length + strspn(value + length, " "), 1 << 20, &wanted) < 0 || sched_getaffinity(0, sizeof set, &set) < 0)
		return false;
	count = (unsigned long)CPU_COUNT(&set);
	switch (*value) {
	case '<':
		return count < wanted || (value[1] == '=' && count == wanted);
	case '>':
		return count > wanted || (value[1] == '=' && count == wanted);
	case '=':
		return count == wanted;
	case '!':
		return count != wanted;
	default:
		return count >= wanted;
	}
}

static bool (*const kinds[CONDITION_KINDS])(const char *value) = {
	[CONDITION_PATH_EXISTS] = path_exists,
	[CONDITION_PATH_EXISTS_GLOB] = path_exists_glob,
	[CONDITION_PATH_IS_DIRECTORY] = path_is_directory,
	[CONDITION_PATH_IS_SYMBOLIC_LINK] = path_is_link,
	[CONDITION_PATH_IS_MOUNT_POINT] = path_is_mount_point,
	[CONDITION_PATH_IS_READ_WRITE] = path_is_read_write,
	[CONDITION_DIRECTORY_NOT_EMPTY] = directory_not_empty,
	[CONDITION_FILE_NOT_EMPTY] = file_not_empty,
	[CONDITION_FILE_IS_EXECUTABLE] = file_is_executable,
	[CONDITION_VIRTUALIZATION] = virtualization,
	[CONDITION_KERNEL_COMMAND_LINE] = kernel_command_line,
	[CONDITION_AC_POWER] = ac_power,
	[CONDITION_CAPABILITY] = capability,
	[CONDITION_CPUS] = cpus,
};

const struct setting *condition_failed(const struct unit *unit, bool asserts)
{
	const struct setting *triggering = NULL; /* the last of those with |, while none of them holds */
	bool triggered = false;

	for (const struct setting *setting = unit->settings; setting < unit->settings + unit->setting_count; setting++) {
		const struct directive *row = &directives[setting->directive];
		const char *value = setting->text;
		bool is_trigger, negated, holds;

		if (row->treatment != TREAT_CONDITION || setting->is_assert != asserts)
			continue;
		is_trigger = *value == '|';
		value += is_trigger;
		negated = *value == '!';
		value += negated;
		holds = kinds[row->field](value) != negated;
		if (!is_trigger && !holds)
			return setting;
		if (is_trigger) {
			triggering = setting;
			triggered |= holds;
		}
	}
	return triggered ? NULL : triggering;
}
