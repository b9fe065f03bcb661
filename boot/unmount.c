/* SPDX-License-Identifier: MIT
 *
 * The mounts of a machine at its end, as /proc/self/mountinfo has them, proc_pid_mountinfo(5). No process is left, so
 * only what is mounted on another mount can be busy, and that goes first.
 */
#include "unmount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "cold.h"
#include "file.h"
#include "log.h"
#include "mount.h"
#include "sys.h"
#include "value.h"

enum {
	TEXT_SIZE = 64 * 1024,
	MOUNTS_MAX = 512,
	MOUNT_POINT = 4, /* which field it is, from 0 on */
};

/* Memory of the kernel, which goes with the machine. */
static const char *const volatile_types[] = {
	"proc", "sysfs", "devtmpfs", "devpts", "tmpfs", "ramfs", "rootfs", "mqueue", "cgroup", "cgroup2", "securityfs", "debugfs", "tracefs",
};

static bool is_volatile(const char *type)
{
	for (size_t i = 0; i < sizeof volatile_types / sizeof volatile_types[0]; i++)
		if (strcmp(type, volatile_types[i]) == 0)
			return true;
	return false;
}

/* The mount point of a line, cut out of it; NULL if nothing is lost with what is mounted there. */
static char *mount_point(char *line)
{
	char *rest = strstr(line, " - "), *word = NULL;

	rest = rest ? rest + strlen(" - ") : line + strlen(line);
	word = file_word(&rest);
	if (!word || is_volatile(word))
		return NULL;
	for (int field = 0; field <= MOUNT_POINT && word; field++)
		word = file_word(&line);
	if (word)
		value_unescape(word);
	return word;
}

/* Unmounts, or else makes read-only. True if it is done with. */
static bool release(const char *target, bool last)
{
	if (strcmp(target, "/") != 0 && sys_umount(target, 0) == 0)
		return true;
	if (!last && strcmp(target, "/") != 0)
		return false;
	if (sys_mount(NULL, target, NULL, MS_REMOUNT | MS_RDONLY, NULL) < 0 && errno != EINVAL) /* EINVAL: hidden under another */
		log_warning("%s: neither unmounted nor read-only: %s", target, strerror(errno));
	return true;
}

/* Once from the last to the first. Returns how many are left. */
static size_t release_all(char **targets, size_t count, bool last)
{
	size_t left = 0;

	for (size_t i = count; i > 0; i--) {
		if (targets[i - 1] && release(targets[i - 1], last))
			targets[i - 1] = NULL;
		left += targets[i - 1] != NULL;
	}
	return left;
}

void unmount_all(void)
{
	COLD static char text[TEXT_SIZE], *targets[MOUNTS_MAX];
	char *rest = text, *line;
	size_t count = 0, left, before = MOUNTS_MAX + 1;

	if (file_read(AT_FDCWD, "/proc/self/mountinfo", text, sizeof text) < 0)
		log_warning("/proc/self/mountinfo: %s; nothing is unmounted", strerror(errno));
	while (count < MOUNTS_MAX && (line = file_line(&rest))) {
		targets[count] = mount_point(line);
		count += targets[count] != NULL;
	}
	/* A mount that was moved may stand before what is mounted on it. */
	while ((left = release_all(targets, count, false)) > 0 && left < before)
		before = left;
	release_all(targets, count, true);
}

void unmount_swap(void)
{
	COLD static char text[4096];
	char *rest = text, *line;

	if (file_read(AT_FDCWD, "/proc/swaps", text, sizeof text) <= 0)
		return;
	file_line(&rest); /* a heading */
	while ((line = file_line(&rest))) {
		char *path = file_word(&line);

		if (path && sys_swap(path, false) < 0)
			log_warning("swap %s: %s", path, strerror(errno));
	}
}
