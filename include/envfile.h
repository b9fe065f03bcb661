/* SPDX-License-Identifier: MIT
 *
 * Files of variables, as EnvironmentFile of systemd.exec(5) has them.
 */
#ifndef ENVFILE_H
#define ENVFILE_H

#include <stddef.h>

/*
 * Splits the text of a file, where it stands, into NAME=VALUE, a NUL behind each: quotes, comments, joined lines.
 * Returns the next one, NULL at the end; what is no variable is passed over. *text goes on behind it.
 */
char *envfile_next(char **text);

#endif
