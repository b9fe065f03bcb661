/* SPDX-License-Identifier: MIT
 *
 * Looks the program up in PATH and replaces the process. glibc's execvp runs a script without #! and musl's
 * does not; with this one nsinit behaves the same everywhere, and as a shell.
 */
#include "exec.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

static const char *search_path(char **envp)
{
	for (; envp && *envp; envp++)
		if (strncmp(*envp, "PATH=", 5) == 0)
			return *envp + 5;
	return EXEC_DEFAULT_PATH;
}

static void exec_file(const char *file, char **argv, char **envp)
{
	char *name = argv[0];

	execve(file, argv, envp);
	if (errno != ENOEXEC)
		return;
	argv[-1] = "/bin/sh";
	argv[0] = (char *)file;
	execve(argv[-1], argv - 1, envp);
	argv[0] = name;
}

/* Writes "directory/name" to file. An empty directory is the current one, as POSIX has it. */
static int join(char *file, const char *directory, size_t length, const char *name)
{
	size_t name_size = strlen(name) + 1;

	if (length + 1 + name_size > PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(file, directory, length);
	if (length > 0)
		file[length++] = '/';
	memcpy(file + length, name, name_size);
	return 0;
}

int exec_program(char **argv, char **envp)
{
	char file[PATH_MAX];
	int error = ENOENT;

	if (strchr(argv[0], '/')) {
		exec_file(argv[0], argv, envp);
		return -1;
	}
	for (const char *directory = search_path(envp), *end; directory; directory = *end ? end + 1 : NULL) {
		end = strchrnul(directory, ':');
		if (join(file, directory, (size_t)(end - directory), argv[0]) < 0)
			return -1;
		exec_file(file, argv, envp);
		/* Found but not executable is worth more than not found; anything else ends the search. */
		if (errno == EACCES)
			error = EACCES;
		else if (errno != ENOENT && errno != ENOTDIR)
			return -1;
	}
	errno = error;
	return -1;
}
