/* SPDX-License-Identifier: MIT
 *
 * Who is below us, as /proc tells.
 */
#include "process.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "decimal.h"
#include "file.h"
#include "value.h"

enum {
	DEPTH_MAX = 64, /* generations looked up; a process that has more ancestors counts as ours */
};

static ssize_t read_file(pid_t pid, const char *name, char *text, size_t size)
{
	char path[64] = "/proc/", *end = decimal(path + strlen(path), (unsigned long)pid);

	strcpy(end, name);
	return file_read(AT_FDCWD, path, text, size);
}

/* "PID (NAME) STATE PPID …"; the name may hold anything, so the last parenthesis counts. */
static bool read_process(pid_t pid, struct process *process)
{
	char text[256], number[16], *name, *end;
	unsigned long parent;
	size_t length;

	if (read_file(pid, "/stat", text, sizeof text) <= 0)
		return false;
	name = strchr(text, '(');
	end = strrchr(text, ')');
	if (!name || !end || strlen(end) < 5)
		return false;
	value_item(end + 4, ' ', number, sizeof number);
	if (value_number(number, 1 << 30, &parent) < 0)
		return false;
	length = (size_t)(end - name - 1);
	length = length < sizeof process->name ? length : sizeof process->name - 1;
	memcpy(process->name, name + 1, length);
	process->name[length] = '\0';
	process->pid = pid;
	process->parent = (pid_t)parent;
	process->state = end[2];
	return true;
}

static bool is_descendant(pid_t pid, pid_t ancestor)
{
	struct process process;

	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		if (!read_process(pid, &process) || process.parent == 0)
			return false;
		if (process.parent == ancestor)
			return true;
		pid = process.parent;
	}
	return true;
}

static bool living_descendant(const char *name, struct process *process)
{
	unsigned long pid;

	if (value_number(name, 1 << 30, &pid) < 0 || !is_descendant((pid_t)pid, getpid()))
		return false;
	if (!read_process((pid_t)pid, process) || process->state == 'Z')
		return false;
	if (read_file((pid_t)pid, "/wchan", process->wchan, sizeof process->wchan) <= 0 || process->wchan[0] == '0')
		process->wchan[0] = '\0';
	return true;
}

/* "SigIgn: " is followed by 16 hexadecimal digits, a bit each signal. */
bool process_ignores(pid_t pid, int signal)
{
	const size_t bit = (size_t)signal - 1;
	char text[2048], *mask;
	int digit;

	if (read_file(pid, "/status", text, sizeof text) <= 0 || !(mask = strstr(text, "SigIgn:\t")))
		return false;
	mask += strlen("SigIgn:\t") + 15 - bit / 4;
	digit = *mask <= '9' ? *mask - '0' : *mask - 'a' + 10;
	return digit & (1 << bit % 4);
}

int process_descendants(bool (*visit)(const struct process *process, void *argument), void *argument)
{
	int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC), count = 0;
	struct file_walk walk = {.fd = proc};
	const struct dirent *entry;
	struct process process;

	if (proc < 0)
		return -1;
	while ((entry = file_next(&walk))) {
		if (!living_descendant(entry->d_name, &process))
			continue;
		count++;
		if (!visit(&process, argument))
			break;
	}
	close(proc);
	return count;
}
