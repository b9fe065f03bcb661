/* SPDX-License-Identifier: MIT
 *
 * What nsinit says of itself: one line and one write(2) a message, to stderr or --log-fd.
 */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>
#include <stddef.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* How a line begins: the level's word, then our pid and what follows it, if there is something to follow. */
struct log_style {
	const char *levels[LOG_DEBUG + 1];
	const char *after_pid; /* NULL: no pid */
};

/* From now on lines begin like this. */
void log_style(const struct log_style *style);

/* What the lines that follow are about, which they say first; NULL: nothing in particular. */
void log_about(const char *name);

/* Where, and up to which level, lines go from now on. */
void log_open(int fd, int verbosity);

/* Whether the terminal that lines go to, if it is one, is in raw mode, and needs a carriage return as well. */
void log_raw(bool raw);

/* Writes a line that another process has made. */
void log_pass(const char *text, size_t length);

/* Writes a line if the level is wanted. errno is kept. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

#endif
