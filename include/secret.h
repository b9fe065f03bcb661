/* SPDX-License-Identifier: MIT
 *
 * --secret: what a file holds, as a variable, without a shell.
 */
#ifndef SECRET_H
#define SECRET_H

/*
 * Reads the file of NAME=FILE and makes *variable "NAME=content", without newlines at the end, as $(cat FILE) is.
 * NULL, or what is wrong and what would be right.
 */
const char *secret_read(const char *name_and_file, const char **variable);

#endif
