/* SPDX-License-Identifier: MIT
 *
 * The syntax of unit files, systemd.syntax(7): lines, sections, words.
 */
#ifndef SYNTAX_H
#define SYNTAX_H

#include <stddef.h>
#include <string.h>

enum line_kind {
	LINE_END,
	LINE_SECTION,    /* name */
	LINE_ASSIGNMENT, /* name, value */
	LINE_WRONG,      /* name: what is wrong */
};

/* A walk through the text of a file, which is changed on the way: what is found are strings in it. */
struct lines {
	char *at, *end;  /* *end is a NUL of the text's own */
	unsigned next;   /* the number of the line at at */
	unsigned number; /* of the line that was found */
	const char *name;
	char *value;
};

enum line_kind syntax_next(struct lines *lines);

/*
 * Splits text into words where it stands: separated by white space, in quotes, with the escapes of C. They follow each
 * other with a NUL behind each. How many, or -1: a quote is not closed.
 */
int syntax_words(char *text);

/*
 * Takes the next word out of *text and leaves it at to, which may be the same place. Returns the end of the word, which is
 * not yet ended by a NUL, or NULL with *text at the end; *text is NULL if a quote is not closed. *plain: it had no quote.
 */
char *syntax_word(char **text, char *to, int *plain);

/* The word behind this one. */
static inline const char *syntax_after(const char *word)
{
	return word + strlen(word) + 1;
}

#endif
