/* SPDX-License-Identifier: MIT
 *
 * The logger. A line is formatted into the frame and written at once: no buffer to lose, no allocation,
 * no wait.
 * A pipe whose reader is gone raises SIGPIPE at us; it is blocked and signals.c knows it as our own.
 */
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <unistd.h>

#include "out.h"

static const struct log_style plain = {{"nsinit: ", "nsinit: ", "nsinit: ", "nsinit: "}, NULL};

static struct {
	int fd;
	int verbosity;
	const struct log_style *style;
	const char *end, *about;
} logger = {STDERR_FILENO, LOG_WARNING, &plain, "\n", NULL};

void log_style(const struct log_style *style)
{
	logger.style = style;
}

void log_about(const char *name)
{
	logger.about = name;
}

void log_open(int fd, int verbosity)
{
	logger.fd = fd;
	logger.verbosity = verbosity;
}

void log_raw(bool raw)
{
	logger.end = raw && isatty(logger.fd) ? "\r\n" : "\n";
}

/*
 * One line, whatever names were in it: they come from the command line and from containers, and a newline or an
 * escape sequence would write to the reader's terminal what it likes.
 */
static void write_plain(struct out *out)
{
	for (size_t i = 0; i < out->length; i++)
		if (out_is_control(i > 0 ? out->text[i - 1] : ' ', out->text[i]))
			out->text[i] = '?';
	out->length = out->length < sizeof out->text - 1 ? out->length : sizeof out->text - 2;
	out_print(out, "%s", logger.end);
	out->fd = logger.fd;
	if (out_takes(out->fd))
		out_flush(out);
}

void log_line(enum log_level level, const char *format, ...)
{
	int error = errno;
	struct out out;
	va_list arguments;

	if ((int)level > logger.verbosity)
		return;
	out.fd = -1; /* too long a line is cut */
	out.length = 0;
	out_print(&out, "%s", logger.style->levels[level]);
	if (logger.style->after_pid)
		out_print(&out, "%d%s", (int)getpid(), logger.style->after_pid);
	if (logger.about)
		out_print(&out, "%s: ", logger.about);
	va_start(arguments, format);
	out_vprint(&out, format, arguments);
	va_end(arguments);
	write_plain(&out);
	errno = error;
}

void log_pass(const char *text, size_t length)
{
	struct out out = OUT(-1);

	while (length > 0 && text[length - 1] == '\n')
		length--;
	for (size_t i = 0; i < length; i++)
		out_char(&out, text[i]);
	write_plain(&out);
}
