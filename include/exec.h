/* SPDX-License-Identifier: MIT
 *
 * execvp(3) that keeps to the environment it is given, reads no global, and runs a script without #! by
 * /bin/sh as a shell would. Safe after vfork.
 */
#ifndef EXEC_H
#define EXEC_H

/* Where a program without a slash is looked for when envp has no PATH. */
#define EXEC_DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Does not return on success; -1 with errno. argv[-1] must be writable. */
int exec_program(char **argv, char **envp);

/* The same with a program that argv[0] is only the name of. */
int exec_named(const char *program, char **argv, char **envp);

#endif
