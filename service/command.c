/* SPDX-License-Identifier: MIT
 *
 * Command lines of services, systemd.service(5): prefixes, and variables that are replaced at the start.
 */
#include "command.h"

#include <ctype.h>
#include <string.h>

#include "directive.h"
#include "syntax.h"

const char *command_parse(const struct setting *setting, struct command *command)
{
	bool renamed = false;
	const char *word = setting->text;

	*command = (struct command){.count = setting->words};
	for (;; word++) {
		if (*word == '-')
			command->may_fail = true;
		else if (*word == '@')
			renamed = true;
		else if (*word == ':')
			command->no_expand = true;
		else if (*word == '+' || *word == '!')
			command->privileged = true;
		else
			break;
	}
	command->program = command->words = word;
	if (renamed) {
		if (command->count < 2)
			return "with @ the program's name must follow as a second word";
		command->words = syntax_after(word);
		command->count--;
	}
	if (!*word || word[strlen(word) - 1] == '/' || (*word != '/' && strchr(word, '/')))
		return "not a program; give an absolute path, or a name that PATH finds";
	return NULL;
}

const struct setting *command_next(const struct unit *unit, enum command_kind kind, const struct setting *after)
{
	const struct setting *end = unit->settings + unit->setting_count;

	for (const struct setting *setting = after ? after + 1 : unit->settings; setting < end; setting++)
		if (directives[setting->directive].treatment == TREAT_COMMAND && directives[setting->directive].field == kind)
			return setting;
	return NULL;
}

/* The value of the variable with this name; NULL if there is none. */
static const char *variable(char **envp, const char *name, size_t length)
{
	for (; *envp; envp++)
		if (strncmp(*envp, name, length) == 0 && (*envp)[length] == '=')
			return *envp + length + 1;
	return NULL;
}

static size_t name_length(const char *name)
{
	size_t length = 0;

	while (isalnum((unsigned char)name[length]) || name[length] == '_')
		length++;
	return length;
}

/* Where words are put together. */
struct builder {
	char **argv, *text, *end;
	size_t count, places;
};

static bool add_text(struct builder *builder, const char *text, size_t length)
{
	if (length >= (size_t)(builder->end - builder->text))
		return false;
	memcpy(builder->text, text, length);
	builder->text += length;
	*builder->text = '\0';
	return true;
}

static bool add_word(struct builder *builder, char *word)
{
	if (builder->count + 1 >= builder->places)
		return false;
	builder->argv[builder->count++] = word;
	builder->argv[builder->count] = NULL;
	return true;
}

/* $NAME alone is as many words as its value has. */
static bool add_split(struct builder *builder, const char *value)
{
	char *word = builder->text, *end;
	int plain;

	if (!add_text(builder, value, strlen(value)))
		return false;
	builder->text++;
	for (char *rest = word; (end = syntax_word(&rest, word, &plain)); word = end + 1) {
		bool more = rest && *rest;

		*end = '\0';
		if (!add_word(builder, word))
			return false;
		if (!more)
			break;
		rest++;
	}
	return true;
}

/* A word in which ${NAME} and $$ are replaced. */
static bool add_replaced(struct builder *builder, char **envp, const char *word)
{
	char *start = builder->text;

	while (*word) {
		size_t plain = (size_t)(strchrnul(word, '$') - word), length = 0;

		if (!add_text(builder, word, plain))
			return false;
		word += plain;
		if (word[0] == '$' && word[1] == '{')
			length = name_length(word + 2);
		if (length > 0 && word[2 + length] == '}') {
			const char *value = variable(envp, word + 2, length);

			if (value && !add_text(builder, value, strlen(value)))
				return false;
			word += length + 3;
		} else if (*word == '$') {
			if (!add_text(builder, "$", 1))
				return false;
			word += word[1] == '$' ? 2 : 1;
		}
	}
	builder->text++;
	return add_word(builder, start);
}

int command_expand(const struct command *command, char **envp, char **argv, size_t places, char *text, size_t size)
{
	struct builder builder = {.argv = argv, .places = places, .text = text, .end = text + size};
	const char *word = command->words;

	for (unsigned i = 0; i < command->count; i++, word = syntax_after(word)) {
		size_t length = word[0] == '$' ? name_length(word + 1) : 0;
		bool done;

		if (i == 0 || command->no_expand || !strchr(word, '$')) {
			done = add_word(&builder, (char *)word);
		} else if (length > 0 && word[1 + length] == '\0') {
			const char *value = variable(envp, word + 1, length);

			done = !value || add_split(&builder, value);
		} else {
			done = builder.text < builder.end && add_replaced(&builder, envp, word);
		}
		if (!done)
			return -1;
	}
	return 0;
}
