/* SPDX-License-Identifier: MIT
 *
 * What the values of directives say that make the cgroup of a service, systemd.resource-control(5). Readers as those of reader.c; the field
 * of a row is the control.
 */
#include "reader.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "cgroup.h"
#include "file.h"
#include "launch.h"
#include "syntax.h"
#include "value.h"

enum {
	QUOTA_US = 10,       /* of each 100 ms: a hundredth of a percent */
	QUOTA_LEAST_US = 1000, /* the kernel takes no less */
	SHARES = 1024, WEIGHT = 100, BLOCK_WEIGHT = 500, /* what is usual */
	WEIGHT_MAX = 10000,
};

static struct launch *launch_of(void *field, const struct directive *row)
{
	return (struct launch *)(void *)((char *)field - row->field);
}

static const char *set(void *field, const struct directive *row, unsigned long value)
{
	struct controls *controls = &launch_of(field, row)->controls;

	controls->set |= 1U << row->field;
	controls->values[row->field] = value;
	return NULL;
}

/* A size, or infinity, which is UINT64_MAX. */
static int read_number(const char *text, uint64_t *number)
{
	*number = UINT64_MAX;
	return strcmp(text, "infinity") == 0 ? 0 : reader_size(text, number);
}

/* N% in hundredths of a percent. 0, or -1. */
static int read_percent(const char *text, unsigned long *hundredths)
{
	char number[16];
	size_t length = strlen(text);

	if (length < 2 || length > sizeof number || text[length - 1] != '%')
		return -1;
	memcpy(number, text, length - 1);
	number[length - 1] = '\0';
	return value_hundredths(number, hundredths);
}

/* MemoryMax and the like: a size, or a part of all memory. */
READS(memory)
{
	unsigned long hundredths;
	struct sysinfo all;
	uint64_t bytes;

	if (read_percent(setting->text, &hundredths) == 0 && sysinfo(&all) == 0)
		bytes = (uint64_t)all.totalram * all.mem_unit / 10000 * hundredths;
	else if (read_number(setting->text, &bytes) < 0)
		return "not a size; give a number of bytes, one with K, M, G or T, 50%, or infinity";
	return set(field, row, bytes == UINT64_MAX ? CONTROL_UNLIMITED : (unsigned long)((bytes + 1023) / 1024));
}

static unsigned long kernel_number(const char *path)
{
	char text[32];
	unsigned long number = ULONG_MAX;

	file_read(AT_FDCWD, path, text, sizeof text);
	text[strcspn(text, "\n")] = '\0';
	return value_number(text, ULONG_MAX, &number) == 0 ? number : ULONG_MAX;
}

/* A number, or a part of what the kernel allows. */
READS(tasks)
{
	unsigned long hundredths, pids, threads;
	uint64_t number;

	if (read_percent(setting->text, &hundredths) == 0) {
		pids = kernel_number("/proc/sys/kernel/pid_max");
		threads = kernel_number("/proc/sys/kernel/threads-max");
		number = (uint64_t)(pids < threads ? pids : threads) * hundredths / 10000;
	} else if (read_number(setting->text, &number) < 0 || number == 0) {
		return "not a number of processes; give 1 or more, 15%, or infinity";
	}
	return set(field, row, number == UINT64_MAX ? CONTROL_UNLIMITED : (unsigned long)number);
}

READS(quota)
{
	unsigned long hundredths;

	if (read_percent(setting->text, &hundredths) < 0)
		return "not a part of a processor; give 20%, or 200% of two";
	hundredths *= QUOTA_US;
	return set(field, row, hundredths > QUOTA_LEAST_US ? hundredths : QUOTA_LEAST_US);
}

/* From 1 to max, of which so much is usual. */
static const char *set_weight(void *field, const struct directive *row, const char *text, unsigned long max, unsigned long usual)
{
	unsigned long number;

	if (value_number(text, max, &number) < 0 || number == 0)
		return "not a weight; give 1 to 10000, for shares 2 to 262144, for BlockIOWeight 10 to 1000";
	number = number * WEIGHT / usual;
	return set(field, row, number == 0 ? 1 : number < WEIGHT_MAX ? number : WEIGHT_MAX);
}

READS(weight)
{
	return set_weight(field, row, setting->text, WEIGHT_MAX, WEIGHT);
}

READS(shares)
{
	return set_weight(field, row, setting->text, 262144, SHARES);
}

READS(block_weight)
{
	return set_weight(field, row, setting->text, 1000, BLOCK_WEIGHT);
}

/* A list of controllers is a yes: all that there are. */
READS(delegate)
{
	bool *delegate = &launch_of(field, row)->delegate;

	if (reader_truth(setting->text, delegate) < 0)
		*delegate = true;
	return NULL;
}

READS(oom_policy)
{
	static const char *const names[] = {[OOM_CONTINUE] = "continue", [OOM_STOP] = "stop", [OOM_KILL] = "kill"};
	struct launch *launch = launch_of(field, row);
	int policy = reader_choice(setting->text, names, sizeof names / sizeof names[0]);

	if (policy < 0)
		return "not a policy; give continue, stop or kill";
	launch->oom_policy = (enum oom_policy)policy;
	return policy == OOM_KILL ? set(field, row, 1) : NULL;
}

/* NAME, and of r, w and m those that are allowed: all, if none is given. An empty value was taken back before. */
READS(device_allow)
{
	struct launch *launch = launch_of(field, row);
	const char *name = setting->text, *access = setting->words > 1 ? syntax_after(name) : "";

	if (strncmp(name, "/dev/", 5) != 0 && strncmp(name, "char-", 5) != 0 && strncmp(name, "block-", 6) != 0)
		return "not a device; give /dev/NAME, char-NAME or block-NAME";
	if (setting->words > 2 || access[strspn(access, "rwm")])
		return "not an access; give some of r, w and m behind the device";
	if (launch->device_count == LAUNCH_DEVICES_MAX)
		return reader_too_many;
	launch->devices[launch->device_count].name = name;
	launch->devices[launch->device_count++].access = access;
	return set(field, row, 1);
}

/* auto is strict only for who allows something. */
READS(device_policy)
{
	static const char *const names[] = {[DEVICES_AUTO] = "auto", [DEVICES_CLOSED] = "closed", [DEVICES_STRICT] = "strict"};
	struct launch *launch = launch_of(field, row);
	int policy = reader_choice(setting->text, names, sizeof names / sizeof names[0]);

	if (policy < 0)
		return "not a policy; give auto, closed or strict";
	launch->device_policy = (enum device_policy)policy;
	return policy == DEVICES_AUTO ? NULL : set(field, row, 1);
}
