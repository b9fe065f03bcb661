/* SPDX-License-Identifier: MIT
 *
 * systemd.syntax(7). Everything happens where the text stands: joining lines and taking away quotes and escapes only
 * make it shorter.
 */
#include "syntax.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static const char blank[] = " \t\n\r";

static bool is_blank(char c)
{
	return c != '\0' && strchr(blank, c);
}

static char *skip_blank(char *text)
{
	return text + strspn(text, blank);
}

/* Without the blanks at both ends. */
static char *strip(char *text)
{
	char *end;

	text = skip_blank(text);
	end = text + strlen(text);
	while (end > text && is_blank(end[-1]))
		*--end = '\0';
	return text;
}

/* The next line as it stands, its end replaced by a NUL; a NUL that was there ends it as well. */
static char *physical_line(struct lines *lines)
{
	char *line = lines->at, *newline = memchr(line, '\n', (size_t)(lines->end - line));

	if (newline)
		*newline = '\0';
	lines->at = newline ? newline + 1 : lines->end;
	lines->next++;
	return line;
}

/* A backslash at the end that no other one escapes. */
static bool continues(const char *line, size_t length)
{
	size_t backslashes = 0;

	while (backslashes < length && line[length - 1 - backslashes] == '\\')
		backslashes++;
	return backslashes % 2 == 1;
}

/* The next line with what continues it; comments in between are left out. NULL at the end. */
static char *logical_line(struct lines *lines)
{
	char *start = NULL, *to = NULL;

	while (lines->at < lines->end) {
		char *line = skip_blank(physical_line(lines));
		size_t length = strlen(line);

		if (*line == '#' || *line == ';')
			continue;
		if (!start) {
			start = to = line;
			lines->number = lines->next - 1;
		}
		memmove(to, line, length + 1);
		if (!continues(to, length))
			return start;
		to += length;
		to[-1] = ' ';
	}
	return start;
}

static enum line_kind wrong(struct lines *lines, const char *what)
{
	lines->name = what;
	return LINE_WRONG;
}

enum line_kind syntax_next(struct lines *lines)
{
	char *line, *equals;

	do {
		line = logical_line(lines);
		if (!line)
			return LINE_END;
		line = strip(line);
	} while (!*line);
	if (*line == '[') {
		char *end = line + strlen(line) - 1;

		if (*end != ']')
			return wrong(lines, "a section is not closed with ]; the line is ignored");
		*end = '\0';
		lines->name = line + 1;
		return LINE_SECTION;
	}
	equals = strchr(line, '=');
	if (!equals)
		return wrong(lines, "neither [SECTION] nor NAME=VALUE; the line is ignored");
	*equals = '\0';
	lines->name = strip(line);
	lines->value = strip(equals + 1);
	return LINE_ASSIGNMENT;
}

static char *put_utf8(char *to, uint32_t c)
{
	static const struct {
		uint32_t below;
		unsigned char mark;
	} lengths[] = {{0x80, 0}, {0x800, 0xc0}, {0x10000, 0xe0}, {0x110000, 0xf0}};
	unsigned more = 0;

	while (c >= lengths[more].below)
		more++;
	*to++ = (char)(lengths[more].mark | c >> (6 * more));
	while (more-- > 0)
		*to++ = (char)(0x80 | (c >> (6 * more) & 0x3f));
	return to;
}

/* A number of so many digits. False if it is none. */
static bool read_code(const char *text, unsigned digits, unsigned base, uint32_t *code)
{
	static const char names[] = "0123456789abcdef";

	*code = 0;
	for (unsigned i = 0; i < digits; i++) {
		const char *digit = text[i] ? strchr(names, text[i] >= 'A' && text[i] <= 'F' ? text[i] | 0x20 : text[i]) : NULL;

		if (!digit || digit - names >= (long)base)
			return false;
		*code = *code * base + (uint32_t)(digit - names);
	}
	return true;
}

/* The escape at text, behind its backslash. Returns how long it is, 0: none that is known, and it stays as it is. */
static size_t unescape(const char *text, char **to)
{
	static const char names[] = "abfnrtvs\\\"'", values[] = "\a\b\f\n\r\t\v \\\"'";
	static const struct {
		char name;
		unsigned char digits;
	} codes[] = {{'x', 2}, {'u', 4}, {'U', 8}};
	const char *name = *text ? strchr(names, *text) : NULL;
	uint32_t code;

	if (name) {
		*(*to)++ = values[name - names];
		return 1;
	}
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		if (*text != codes[i].name || !read_code(text + 1, codes[i].digits, 16, &code) || code == 0 || code >= 0x110000)
			continue;
		if (*text == 'x')
			*(*to)++ = (char)code; /* a byte, not a character */
		else
			*to = put_utf8(*to, code);
		return 1U + codes[i].digits;
	}
	if (!read_code(text, 3, 8, &code) || code == 0 || code > 0xff)
		return 0;
	*(*to)++ = (char)code;
	return 3;
}

char *syntax_word(char **text, char *to, int *plain)
{
	char *at = skip_blank(*text), quote = '\0';

	*plain = 1;
	*text = at;
	if (!*at)
		return NULL;
	for (; *at && (quote || !is_blank(*at)); at++) {
		if (*at == quote || (!quote && (*at == '"' || *at == '\''))) {
			quote = (char)(quote ? '\0' : *at);
			*plain = 0;
		} else if (*at == '\\') {
			size_t length = unescape(at + 1, &to);

			if (length == 0)
				*to++ = *at;
			at += length;
		} else {
			*to++ = *at;
		}
	}
	*text = quote ? NULL : at;
	return to;
}

int syntax_words(char *text)
{
	char *to = text, *end;
	int count = 0, plain;

	while ((end = syntax_word(&text, to, &plain))) {
		if (!text)
			return -1;
		text += *text != '\0'; /* the NUL may take its place */
		*end = '\0';
		to = end + 1;
		count++;
	}
	return count;
}
