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

ssize_t process_read_file(pid_t pid, const char *name, char *text, size_t size)
{
	char path[64] = "/proc/", *end = decimal(path + strlen(path), (unsigned long)pid);

	strcpy(end, name);
	return file_read(AT_FDCWD, path, text, size);
}

/* "PID (NAME) STATE PPID PGRP SESSION …"; the name may hold anything, so the last parenthesis counts. */
bool process_read(pid_t pid, struct process *process)
{
	char text[256], *name, *end;
	pid_t *const numbers[] = {&process->parent, &process->group, &process->session};
	const char *rest;
	size_t length;

	if (process_read_file(pid, "/stat", text, sizeof text) <= 0)
		return false;
	name = strchr(text, '(');
	end = strrchr(text, ')');
	if (!name || !end || strlen(end) < 5)
		return false;
	rest = end + 4;
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		char item[16];
		unsigned long number;

		if (!rest)
			return false;
		rest = value_item(rest, ' ', item, sizeof item);
		if (value_number(item, 1 << 30, &number) < 0)
			return false;
		*numbers[i] = (pid_t)number;
	}
	length = (size_t)(end - name - 1);
	length = length < sizeof process->name ? length : sizeof process->name - 1;
	memcpy(process->name, name + 1, length);
	process->name[length] = '\0';
	process->pid = pid;
	process->state = end[2];
	return true;
}

static bool is_descendant(pid_t pid, pid_t ancestor)
{
	struct process process;

	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		if (!process_read(pid, &process) || process.parent == 0)
			return false;
		if (process.parent == ancestor)
			return true;
		pid = process.parent;
	}
	return true;
}

/* "SigIgn: " is followed by 16 hexadecimal digits, a bit each signal. */
bool process_ignores(pid_t pid, int signal)
{
	const size_t bit = (size_t)signal - 1;
	char text[2048], *mask;
	int digit;

	if (process_read_file(pid, "/status", text, sizeof text) <= 0 || !(mask = strstr(text, "SigIgn:\t")))
		return false;
	mask += strlen("SigIgn:\t") + 15 - bit / 4;
	digit = *mask <= '9' ? *mask - '0' : *mask - 'a' + 10;
	return digit & (1 << bit % 4);
}

static int walk_processes(bool ours, bool (*visit)(const struct process *process, void *argument), void *argument)
{
	int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC), count = 0;
	struct file_walk walk = {.fd = proc};
	const struct dirent *entry;
	struct process process;
	unsigned long pid;

	if (proc < 0)
		return -1;
	while ((entry = file_next(&walk))) {
		if (value_number(entry->d_name, 1 << 30, &pid) < 0 || (ours && !is_descendant((pid_t)pid, getpid())) ||
		    !process_read((pid_t)pid, &process) || process.state == 'Z')
			continue;
		if (!ours || process_read_file((pid_t)pid, "/wchan", process.wchan, sizeof process.wchan) <= 0 || process.wchan[0] == '0')
			process.wchan[0] = '\0';
		count++;
		if (!visit(&process, argument))
			break;
	}
	close(proc);
	return count;
}

int process_descendants(bool (*visit)(const struct process *process, void *argument), void *argument)
{
	return walk_processes(true, visit, argument);
}

int process_all(bool (*visit)(const struct process *process, void *argument), void *argument)
{
	return walk_processes(false, visit, argument);
}
