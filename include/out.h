/* SPDX-License-Identifier: MIT
 *
 * Text without stdio: a buffer of the caller's, flushed with write(2) to a descriptor. Knows the
 * conversions %s, %c, %d, %u, %o, %ld, %lu and for %s a width with '-' and a precision (printf(3)).
 */
#ifndef OUT_H
#define OUT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct out {
	int fd; /* -1: keep in the buffer, cut what does not fit */
	size_t length;
	char text[1024];
};

#define OUT(descriptor) ((struct out){.fd = (descriptor)})

void out_char(struct out *out, char c);
void out_print(struct out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void out_vprint(struct out *out, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));

/* True if c, behind before, drives a terminal: a control character, or 0x80 to 0x9f alone or as U+0080 to U+009F, such as CSI. */
bool out_is_control(int before, char c);

/* True if a write would not wait: a full pipe or a stopped terminal must not stop PID 1, who lets the line be lost instead. */
bool out_takes(int fd);

/* Writes what is buffered. What the descriptor does not take is lost: nobody waits for a log. */
void out_flush(struct out *out);

#endif
