/* SPDX-License-Identifier: MIT
 *
 * What goes to terminals and to programs must not be more than text to them.
 */
#include "foreign.h"

/* How many bytes the character has that begins here, 0: it is none. RFC 3629: no longer than needed, no surrogate, up to U+10FFFF. */
static size_t character(const unsigned char *at)
{
	static const struct {
		unsigned char first, last, low, high; /* of the first byte, and of the second */
		unsigned char length;
	} rows[] = {
		{0x20, 0x7e, 0, 0, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3},
		{0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (at[0] < rows[i].first || at[0] > rows[i].last)
			continue;
		for (size_t n = 1; n < rows[i].length; n++)
			if (at[n] < (n == 1 ? rows[i].low : 0x80) || at[n] > (n == 1 ? rows[i].high : 0xbf))
				return 0;
		return rows[i].length;
	}
	return 0;
}

void foreign_json(struct out *out, const char *text)
{
	out_char(out, '"');
	while (*text) {
		size_t length = character((const unsigned char *)text);

		if (*text == '"' || *text == '\\')
			out_char(out, '\\');
		if (length == 0) {
			out_print(out, "\\ufffd");
			text++;
		}
		for (; length > 0; length--)
			out_char(out, *text++);
	}
	out_char(out, '"');
}

void foreign_json_field(struct out *out, const char *key, const char *text)
{
	out_print(out, ",\"%s\":", key);
	foreign_json(out, text);
}

void foreign_plain(struct out *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		char c = text[i];

		if (out_is_control(i > 0 ? text[i - 1] : ' ', c))
			c = c ? '?' : ' ';
		out_char(out, c);
	}
}
