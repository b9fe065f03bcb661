/* SPDX-License-Identifier: MIT
 *
 * The devices of a service, systemd.resource-control(5): nodes, or the names of whole kinds as /proc/devices has them.
 */
#include "slice_devices.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "condition.h"
#include "devices.h"
#include "lines.h"
#include "log.h"
#include "value.h"

/* null, zero, full, random, urandom, tty, ptmx, and the terminals of the latter: for everybody but the strict. */
static const struct device usual[] = {
	{DEVICE_CHAR, DEVICE_ALL, 1, 3}, {DEVICE_CHAR, DEVICE_ALL, 1, 5}, {DEVICE_CHAR, DEVICE_ALL, 1, 7}, {DEVICE_CHAR, DEVICE_ALL, 1, 8},
	{DEVICE_CHAR, DEVICE_ALL, 1, 9}, {DEVICE_CHAR, DEVICE_ALL, 5, 0}, {DEVICE_CHAR, DEVICE_ALL, 5, 2},
	{DEVICE_CHAR, DEVICE_READ | DEVICE_WRITE, 136, -1},
};

struct list {
	struct device devices[DEVICES_MAX];
	size_t count;
};

static void add(struct list *list, struct device device)
{
	if (list->count == DEVICES_MAX)
		log_warning("DeviceAllow: too many devices; the rest is left out");
	else
		list->devices[list->count++] = device;
}

/* Those of /proc/devices whose name matches: "  1 mem" behind "Character devices:" or "Block devices:". */
static void add_kinds(struct list *list, struct device device, const char *pattern)
{
	struct lines lines;
	unsigned long major;
	uint8_t type = 0;
	char *line;

	if (strcmp(pattern, "*") == 0) {
		add(list, device);
		return;
	}
	if (lines_open(&lines, AT_FDCWD, "/proc/devices") < 0)
		return;
	while ((line = lines_next(&lines))) {
		line += strspn(line, " ");
		if (*line == 'C' || *line == 'B')
			type = *line == 'C' ? DEVICE_CHAR : DEVICE_BLOCK;
		else if (type == device.type && value_number(lines_word(&line, ' '), 1 << 20, &major) == 0 && condition_matches(pattern, line)) {
			device.major = (int)major;
			add(list, device);
		}
	}
	close(lines.fd);
}

static void add_named(struct list *list, const char *name, const char *access)
{
	struct device device = {.access = *access ? 0 : DEVICE_ALL, .type = *name == 'b' ? DEVICE_BLOCK : DEVICE_CHAR, .major = -1, .minor = -1};
	struct stat status;

	for (; *access; access++)
		device.access |= *access == 'r' ? DEVICE_READ : *access == 'w' ? DEVICE_WRITE : DEVICE_MKNOD;
	if (*name != '/') {
		add_kinds(list, device, strchr(name, '-') + 1);
		return;
	}
	if (stat(name, &status) < 0 || !(S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode))) {
		log_info("DeviceAllow=%s: there is no such device", name);
		return;
	}
	device.type = S_ISBLK(status.st_mode) ? DEVICE_BLOCK : DEVICE_CHAR;
	device.major = (int)major(status.st_rdev);
	device.minor = (int)minor(status.st_rdev);
	add(list, device);
}

void slice_devices(const struct place *place, const struct launch *launch)
{
	struct list list = {.count = 0};

	for (size_t i = 0; launch->device_policy != DEVICES_STRICT && i < sizeof usual / sizeof usual[0]; i++)
		add(&list, usual[i]);
	for (size_t i = 0; i < launch->device_count; i++)
		add_named(&list, launch->devices[i].name, launch->devices[i].access);
	if (devices_apply(place, list.devices, list.count) < 0)
		log_warning("cgroup, devices: %s; all that it can open are allowed", strerror(errno));
}
