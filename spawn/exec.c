/* SPDX-License-Identifier: MIT
 *
 * Looks the program up in PATH and replaces the process. glibc's execvp runs a script without #! and musl's
 * does not; with this one nsinit behaves the same everywhere, and as a shell.
 */
#include "exec.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static const char *search_path(char **envp)
{
	for (; envp && *envp; envp++)
		if (strncmp(*envp, "PATH=", 5) == 0)
			return *envp + 5;
	return EXEC_DEFAULT_PATH;
}

/* A program for another machine is none for the shell either. */
static bool is_elf(const char *file)
{
	char magic[4] = "";
	int fd = openat(AT_FDCWD, file, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (read(fd, magic, sizeof magic) < 0)
		magic[0] = '\0';
	close(fd);
	return memcmp(magic, "\177ELF", sizeof magic) == 0;
}

static void exec_file(const char *file, char **argv, char **envp)
{
	char *name = argv[0];

	execve(file, argv, envp);
	if (errno != ENOEXEC)
		return;
	if (is_elf(file)) {
		errno = ENOEXEC;
		return;
	}
	argv[-1] = "/bin/sh";
	argv[0] = (char *)file;
	execve(argv[-1], argv - 1, envp);
	argv[0] = name;
}

/* Writes "directory/name" to file. An empty directory is the current one, as POSIX has it. */
static void join(char *file, const char *directory, size_t length, const char *name)
{
	memcpy(file, directory, length);
	if (length > 0)
		file[length++] = '/';
	strcpy(file + length, name);
}

/* The room that the longest path of the search takes. */
static size_t longest(const char *path, const char *name)
{
	size_t length = 0;

	for (const char *end; path; path = *end ? end + 1 : NULL) {
		end = strchrnul(path, ':');
		if ((size_t)(end - path) > length && (size_t)(end - path) + 1 + strlen(name) < PATH_MAX)
			length = (size_t)(end - path);
	}
	return length + 1 + strlen(name) + 1;
}

/* The stack is our caller's as well, and PID 1 keeps each page of it for ever: no PATH_MAX here. */
static int exec_search(const char *program, char **argv, char **envp)
{
	const char *path = search_path(envp);
	size_t size = longest(path, program);
	char file[size <= PATH_MAX ? size : 1];
	int error = ENOENT;

	if (size > sizeof file) {
		errno = ENAMETOOLONG;
		return -1;
	}
	for (const char *directory = path, *end; directory; directory = *end ? end + 1 : NULL) {
		end = strchrnul(directory, ':');
		if ((size_t)(end - directory) + 1 + strlen(program) >= size)
			continue; /* too long a path to be one */
		join(file, directory, (size_t)(end - directory), program);
		exec_file(file, argv, envp);
		/* Found but not executable is worth more than not found; anything else ends the search. */
		if (errno == EACCES && access(file, F_OK) == 0)
			error = EACCES;
		else if (errno == EACCES)
			continue;
		else if (errno != ENOENT && errno != ENOTDIR)
			return -1;
	}
	errno = error;
	return -1;
}

int exec_named(const char *program, char **argv, char **envp)
{
	if (!*program) {
		errno = ENOENT;
		return -1;
	}
	if (!strchr(program, '/'))
		return exec_search(program, argv, envp);
	exec_file(program, argv, envp);
	return -1;
}

int exec_program(char **argv, char **envp)
{
	return exec_named(argv[0], argv, envp);
}
