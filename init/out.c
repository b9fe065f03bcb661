/* SPDX-License-Identifier: MIT
 *
 * Formatted text without stdio, malloc or locale. Must stay usable on PID 1's path: it never fails,
 * never blocks on more than the one write(2) of a flush, and keeps its buffer in the caller's frame.
 */
#include "out.h"

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

bool out_takes(int fd)
{
	struct pollfd descriptor = {.fd = fd, .events = POLLOUT};

	return poll(&descriptor, 1, 0) == 1 && (descriptor.revents & POLLOUT);
}

void out_flush(struct out *out)
{
	size_t done = 0;

	if (out->fd < 0)
		return;
	while (done < out->length) {
		ssize_t n = write(out->fd, out->text + done, out->length - done);

		if (n <= 0)
			break;
		done += (size_t)n;
	}
	out->length = 0;
}

void out_char(struct out *out, char c)
{
	if (out->length == sizeof out->text)
		out_flush(out);
	if (out->length < sizeof out->text)
		out->text[out->length++] = c;
}

bool out_is_control(int before, char c)
{
	const unsigned char first = (unsigned char)before, byte = (unsigned char)c;

	return byte < ' ' || byte == 0x7f || (byte >= 0x80 && byte < 0xa0 && (first < 0x80 || first == 0xc2));
}

static void out_string(struct out *out, const char *string, size_t width, size_t precision, bool left)
{
	size_t length = strnlen(string, precision);
	size_t padding = width > length ? width - length : 0;

	for (; !left && padding > 0; padding--)
		out_char(out, ' ');
	for (size_t i = 0; i < length; i++)
		out_char(out, string[i]);
	for (; padding > 0; padding--)
		out_char(out, ' ');
}

static const char *number_text(char *end, unsigned long value, unsigned base, bool negative)
{
	*--end = '\0';
	do
		*--end = (char)('0' + value % base);
	while ((value /= base) != 0);
	if (negative)
		*--end = '-';
	return end;
}

void out_vprint(struct out *out, const char *format, va_list arguments)
{
	for (; *format; format++) {
		char digits[24], *end = digits + sizeof digits;
		bool left, wide;
		size_t width = 0, precision = SIZE_MAX;
		long n;

		if (*format != '%') {
			out_char(out, *format);
			continue;
		}
		left = *++format == '-';
		format += left;
		for (; *format >= '0' && *format <= '9'; format++)
			width = width * 10 + (size_t)(*format - '0');
		if (*format == '.')
			for (precision = 0; *++format >= '0' && *format <= '9';)
				precision = precision * 10 + (size_t)(*format - '0');
		wide = *format == 'l';
		format += wide;
		switch (*format) {
		case 's':
			out_string(out, va_arg(arguments, const char *), width, precision, left);
			break;
		case 'c':
			out_char(out, (char)va_arg(arguments, int));
			break;
		case 'd':
			n = wide ? va_arg(arguments, long) : va_arg(arguments, int);
			out_string(out, number_text(end, n < 0 ? 0UL - (unsigned long)n : (unsigned long)n, 10, n < 0), width, SIZE_MAX, left);
			break;
		case 'o':
		case 'u':
			out_string(out, number_text(end, wide ? va_arg(arguments, unsigned long) : va_arg(arguments, unsigned),
			                            *format == 'o' ? 8 : 10, false), width, SIZE_MAX, left);
			break;
		case '%':
			out_char(out, '%');
			break;
		default:
			return;
		}
	}
}

void out_print(struct out *out, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	out_vprint(out, format, arguments);
	va_end(arguments);
}
