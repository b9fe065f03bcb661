/* SPDX-License-Identifier: MIT
 *
 * Files of variables: near to what a shell would make of them, without its expansions.
 */
#include "envfile.h"

#include <stdbool.h>
#include <string.h>

/* In double quotes only these lose their backslash. */
static const char escapable[] = "\"\\`$";

/* A backslash at from and what is behind it go to *to. Returns where it goes on. */
static const char *unescape(const char *from, char quote, char **to)
{
	if (from[1] == '\n' || from[1] == '\0')
		return from + 1 + (from[1] == '\n');
	if (quote == '"' && !strchr(escapable, from[1]))
		*(*to)++ = *from;
	*(*to)++ = from[1];
	return from + 2;
}

/* One value, up to the end of its line. Returns what is behind it. */
static const char *take_value(const char *from, char *to)
{
	char *kept = to; /* blanks after it are no part of the value, unless they are quoted */
	char quote = '\0';

	from += strspn(from, " \t");
	while (*from && (quote || *from != '\n')) {
		bool blank = !quote && (*from == ' ' || *from == '\t' || *from == '\r');

		if (*from == quote || (!quote && (*from == '"' || *from == '\''))) {
			quote = (char)(quote ? '\0' : *from);
			from++;
		} else if (*from == '\\' && quote != '\'') {
			from = unescape(from, quote, &to);
		} else {
			*to++ = *from++;
		}
		kept = blank ? kept : to;
	}
	from += *from == '\n';
	*kept = '\0';
	return from;
}

static bool is_name(const char *name, size_t length)
{
	static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_", others[] = "0123456789";

	for (size_t i = 0; i < length; i++)
		if (!strchr(first, name[i]) && (i == 0 || !strchr(others, name[i])))
			return false;
	return length > 0;
}

char *envfile_next(char **text)
{
	while (**text) {
		char *line = *text + strspn(*text, " \t\r\n"), *name = line;
		size_t length = strcspn(line, "=\n");
		const char *rest;

		if (*line == '#' || *line == ';' || line[length] != '=') {
			length += strcspn(line + length, "\n");
			*text = line + length + (line[length] == '\n');
			continue;
		}
		if (strncmp(line, "export ", 7) == 0)
			name += 7;
		rest = take_value(line + length + 1, line + length + 1);
		*text = (char *)rest;
		if (is_name(name, (size_t)(line + length - name)))
			return name;
	}
	return NULL;
}
