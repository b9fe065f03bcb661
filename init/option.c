/* SPDX-License-Identifier: MIT
 *
 * The option parser. Options stop at the first word that is none, as POSIX has it, on every libc.
 */
#include "option.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "cold.h"
#include "log.h"

enum {
	NAME_MAX_LENGTH = 32,
	HELP_WIDTH = 63,       /* of the right column; with the left one 100 */
	MISSPELT_DISTANCE = 2, /* how many letters may be wrong for a name to be suggested */
};

static const struct option *find_name(const struct option_set *set, const char *name, size_t length)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->options[i].name && strncmp(set->options[i].name, name, length) == 0 && !set->options[i].name[length])
			return &set->options[i];
	return NULL;
}

static const struct option *find_letter(const struct option_set *set, char letter)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->options[i].letter == letter)
			return &set->options[i];
	return NULL;
}

/* How many letters must be changed, added or taken away: Wagner and Fischer, one row at a time. */
static size_t distance(const char *a, size_t length, const char *b)
{
	size_t row[NAME_MAX_LENGTH + 1], width = strlen(b);

	for (size_t j = 0; j <= width; j++)
		row[j] = j;
	for (size_t i = 1; i <= length; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= width; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			best = row[j] + 1 < best ? row[j] + 1 : best;
			row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
		}
	}
	return row[width];
}

static int unknown_name(const struct option_set *set, const char *name, size_t length)
{
	const struct option *nearest = NULL;
	size_t best = length > MISSPELT_DISTANCE ? MISSPELT_DISTANCE + 1 : length;

	for (size_t i = 0; i < set->count && length <= NAME_MAX_LENGTH; i++) {
		size_t d = set->options[i].name ? distance(name, length, set->options[i].name) : best;

		if (d < best) {
			best = d;
			nearest = &set->options[i];
		}
	}
	if (nearest)
		log_error("--%s: no such option; did you mean --%s?", name, nearest->name);
	else
		log_error("--%s: no such option; -h lists them", name);
	return -1;
}

/* What is wrong with the value, or NULL. */
static const char *parse(struct plan *plan, const struct option *option, const char *value)
{
	if (option->group == OPTIONS_BOOT && !plan->boot)
		plan->boot_option = option->name;
	return option->parse(plan, option, value);
}

static int apply(struct plan *plan, const struct option *option, const char *dashes, const char *name, const char *value)
{
	const char *wrong = parse(plan, option, value);

	if (wrong)
		log_error("%s%s %.200s: %s", dashes, name, *value ? value : "''", wrong);
	return wrong ? -1 : 0;
}

/* --name, --name=value or --name value. Returns how many words were used, -1 after a message. */
static int parse_long(const struct option_set *set, struct plan *plan, char **argv)
{
	const char *name = argv[0] + 2, *equals = strchrnul(name, '=');
	const struct option *option = find_name(set, name, (size_t)(equals - name));
	const char *value = *equals ? equals + 1 : argv[1];

	if (!option)
		return unknown_name(set, name, (size_t)(equals - name));
	if (!option->argument) {
		if (*equals) {
			log_error("--%s: takes no value; leave %s out", option->name, equals);
			return -1;
		}
		return apply(plan, option, "--", option->name, "1") < 0 ? -1 : 1;
	}
	if (!value) {
		log_error("--%s: its value is missing; give %s", option->name, option->argument);
		return -1;
	}
	return apply(plan, option, "--", option->name, value) < 0 ? -1 : *equals ? 1 : 2;
}

/* -abc, -rVALUE or -r VALUE. Returns how many words were used, -1 after a message. */
static int parse_short(const struct option_set *set, struct plan *plan, char **argv)
{
	for (const char *letter = argv[0] + 1; *letter; letter++) {
		const struct option *option = find_letter(set, *letter);
		const char name[] = {*letter, '\0'}, *value = letter[1] ? letter + 1 : argv[1];

		if (!option) {
			log_error("-%c: no such option; -h lists them", *letter);
			return -1;
		}
		if (!option->argument) {
			if (apply(plan, option, "-", name, "1") < 0)
				return -1;
			continue;
		}
		if (!value) {
			log_error("-%c: its value is missing; give %s", *letter, option->argument);
			return -1;
		}
		return apply(plan, option, "-", name, value) < 0 ? -1 : letter[1] ? 1 : 2;
	}
	return 1;
}

static int apply_variable(struct plan *plan, const struct option *option, const char *variable, const char *value)
{
	const char *wrong = parse(plan, option, value);

	if (wrong)
		log_error("%.200s: %s", variable, wrong);
	return wrong ? -1 : 0;
}

/* By a name in any case, with underscores for dashes, from name up to end. */
static const struct option *find_loosely(const struct option_set *set, const char *name, const char *end)
{
	char plain[NAME_MAX_LENGTH];
	size_t length = 0;

	for (; name < end && length < sizeof plain; name++) {
		int lower = *name == '_' ? '-' : tolower((unsigned char)*name);

		plain[length++] = (char)lower;
	}
	return find_name(set, plain, length);
}

/* NSINIT_LOG_FD=3 is --log-fd 3. A name that is no option may be somebody else's, so it is only mentioned, by option_unknown(). */
static int parse_prefixed(const struct option_set *set, struct plan *plan, const char *variable)
{
	const char *value = strchrnul(variable, '='), *name = variable + strlen(set->prefix);
	const struct option *option = find_loosely(set, name, value);

	if (option && option->group == OPTIONS_LOOKING) /* NSINIT_VERSION is what an image may call it */
		return 0;
	if (option && *value)
		return apply_variable(plan, option, variable, value + 1);
	plan->unknown = true;
	return 0;
}

LATE void option_unknown(const struct option_set *set, char **environment)
{
	for (size_t length = strlen(set->prefix); *environment; environment++) {
		const char *end = strchrnul(*environment, '=');

		if (strncmp(*environment, set->prefix, length) == 0 && (!*end || !find_loosely(set, *environment + length, end)))
			log_warning("%s: no such option, ignored", *environment);
	}
}

int option_word(const struct option_set *set, struct plan *plan, const char *word, const char *value)
{
	const char *end = strchrnul(word, '=');
	const struct option *option = find_loosely(set, word, end);

	if (!option || option->group == OPTIONS_LOOKING)
		return unknown_name(set, word, (size_t)(end - word));
	value = *end ? end + 1 : value ? value : option->argument ? NULL : "1";
	if (value)
		return apply(plan, option, "", option->name, value);
	log_error("%s: its value is missing; give %s=%s", word, word, option->argument);
	return -1;
}

static int parse_variable(const struct option_set *set, struct plan *plan, const char *variable)
{
	if (set->prefix && strncmp(variable, set->prefix, strlen(set->prefix)) == 0)
		return parse_prefixed(set, plan, variable);
	for (size_t i = 0; i < set->variable_count; i++) {
		size_t length = strlen(set->variables[i].name);

		if (strncmp(variable, set->variables[i].name, length) == 0 && variable[length] == '=')
			return apply_variable(plan, &set->variables[i], variable, variable + length + 1);
	}
	return 0;
}

int option_parse(const struct option_set *set, struct plan *plan, char **argv, char **environment)
{
	int i = 1;

	for (; *environment; environment++)
		if (parse_variable(set, plan, *environment) < 0)
			return -1;
	while (argv[i] && argv[i][0] == '-' && argv[i][1]) {
		int used;

		if (strcmp(argv[i], "--") == 0)
			return i + 1;
		used = argv[i][1] == '-' ? parse_long(set, plan, argv + i) : parse_short(set, plan, argv + i);
		if (used < 0)
			return -1;
		i += used;
	}
	return i;
}

static void help_row(const struct option *option, const char *dashes, struct out *out)
{
	const char *help = option->help;
	struct out left = {.fd = -1};

	out_print(&left, "%s%s%s%s", option->name ? dashes : "", option->name ? option->name : "", option->argument ? " " : "",
	          option->argument ? option->argument : "");
	out_char(&left, '\0');
	out_print(out, "  %c%c%c %-30s ", option->letter ? '-' : ' ', option->letter ? option->letter : ' ',
	          option->letter && option->name ? ',' : ' ', left.text);
	while (strlen(help) > HELP_WIDTH) {
		const char *space = memrchr(help, ' ', HELP_WIDTH + 1);

		for (; help < space; help++)
			out_char(out, *help);
		out_print(out, "\n%37s", "");
		help++;
	}
	out_print(out, "%s\n", help);
}

static bool has_group(const struct option_set *set, int group)
{
	for (size_t i = 0; i < set->count; i++)
		if ((int)set->options[i].group == group)
			return true;
	return false;
}

void option_help(const struct option_set *set, struct out *out)
{
	for (int group = 0; group < OPTIONS_GROUPS; group++) {
		if (!has_group(set, group))
			continue;
		out_print(out, "\n%s:\n", option_group_names[group]);
		for (size_t i = 0; i < set->count; i++)
			if ((int)set->options[i].group == group)
				help_row(&set->options[i], "--", out);
	}
	for (size_t i = 0; i < set->variable_count; i++) {
		out_print(out, "%s", i == 0 ? "\nEnvironment:\n" : "");
		help_row(&set->variables[i], "", out);
	}
}
