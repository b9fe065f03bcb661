/* SPDX-License-Identifier: MIT
 *
 * The kernel's command line, split as the kernel splits it. What the kernel gives its init as arguments is of no use:
 * it leaves out the --, and puts in each word that it does not know.
 */
#include "cmdline.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

#include "cold.h"
#include "file.h"
#include "log.h"

enum {
	TEXT_SIZE = 4096 + 1, /* COMMAND_LINE_SIZE is 256 to 4096 */
	PROGRAM_WORDS_MAX = 256,
};

#define PREFIX "nsinit."
#define SPACES " \t\n"

/* Words that are not ours alone, and what they are to us if they have no value. */
static const struct {
	const char *word, *option, *bare;
} known[] = {
	{"root", "root", NULL}, {"rootfstype", "rootfstype", NULL}, {"rootflags", "rootflags", NULL}, {"rootwait", "rootwait", "1m"},
	{"ro", "rw", "0"},      {"rw", "rw", "1"},                  {"init", "init", NULL},           {"ip", "ip", NULL},
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* lib/cmdline.c, next_arg(): a double quote holds spaces, and is left out at a word's or a value's begin and end. */
static char *next_word(char **text)
{
	char *word = *text, *at, *value = NULL;
	bool quoted = *word == '"', inside = quoted;

	word += quoted;
	for (at = word; *at && (inside || !strchr(SPACES, *at)); at++) {
		inside ^= *at == '"';
		if (*at == '=' && !value)
			value = at + 1;
	}
	*text = *at ? at + 1 : at;
	*at = '\0';
	if (value && *value == '"') {
		quoted = true;
		memmove(value, value + 1, strlen(value));
		at--;
	}
	if (quoted && at > word && at[-1] == '"')
		at[-1] = '\0';
	return word;
}

static int apply(const struct option_set *set, struct plan *plan, const char *word)
{
	size_t name = strcspn(word, "=");

	if (strncmp(word, PREFIX, strlen(PREFIX)) == 0)
		return option_word(set, plan, word + strlen(PREFIX), NULL);
	for (size_t i = 0; i < COUNT(known); i++)
		if (strlen(known[i].word) == name && memcmp(known[i].word, word, name) == 0)
			return option_word(set, plan, word[name] ? word : known[i].option, known[i].bare);
	return 0; /* the kernel's, or a module's */
}

char **cmdline_parse(const struct option_set *set, struct plan *plan, char *text)
{
	COLD static char *words[PROGRAM_WORDS_MAX + 3]; /* our name, -- and the end */
	size_t count = 0;
	bool program = false;

	words[count++] = "init";
	words[count++] = "--";
	for (text += strspn(text, SPACES); *text; text += strspn(text, SPACES)) {
		char *word = next_word(&text);

		if (program && count < COUNT(words) - 1)
			words[count++] = word;
		else if (strcmp(word, "--") == 0)
			program = true;
		else if (apply(set, plan, word) < 0)
			plan->misread = true;
	}
	words[count] = NULL;
	return words;
}

char **cmdline_read(const struct option_set *set, struct plan *plan)
{
	COLD static char text[TEXT_SIZE];

	if (file_read(AT_FDCWD, "/proc/cmdline", text, sizeof text) < 0)
		log_warning("/proc/cmdline: %s; no options", strerror(errno));
	return cmdline_parse(set, plan, text);
}
