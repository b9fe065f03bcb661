/* SPDX-License-Identifier: MIT
 *
 * Specifiers. One that is not known stays as it stands, as with systemd: a percent sign in a text is no mistake.
 */
#include "specifier.h"

#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>

#include "arena.h"
#include "cold.h"
#include "file.h"
#include "syntax.h"
#include "units.h"

enum { VALUE_SIZE = 512 };

COLD static char value[VALUE_SIZE]; /* what the functions return, until the next call */

/* What is said of a name: length bytes, cut to what fits. */
static char *hold(const char *text, size_t length)
{
	length = length < VALUE_SIZE ? length : VALUE_SIZE - 1;
	memcpy(value, text, length);
	value[length] = '\0';
	return value;
}

/* systemd-escape(1), backwards: a dash is a slash, \xNN a byte. */
static const char *unescaped(char *text)
{
	char *to = text;

	for (const char *at = text; *at; at++) {
		const unsigned char *digits = (const unsigned char *)at + 2;

		if (at[0] != '\\' || at[1] != 'x' || !digits[0] || !digits[1]) {
			*to++ = (char)(*at == '-' ? '/' : *at);
			continue;
		}
		*to++ = (char)(((digits[0] & 0xf) + (digits[0] > '9' ? 9 : 0)) << 4 | ((digits[1] & 0xf) + (digits[1] > '9' ? 9 : 0)));
		at += 3;
	}
	*to = '\0';
	return text;
}

static char *full_name(const struct unit *unit)
{
	return hold(unit->name, strlen(unit->name));
}

static char *stem(const struct unit *unit)
{
	return hold(unit->name, (size_t)(strrchr(unit->name, '.') - unit->name));
}

static char *prefix(const struct unit *unit)
{
	char *name = stem(unit);

	*strchrnul(name, '@') = '\0';
	return name;
}

static char *instance(const struct unit *unit)
{
	char *name = stem(unit), *at = strchr(name, '@');

	return at ? at + 1 : strchr(name, '\0');
}

static char *component(const struct unit *unit)
{
	char *name = prefix(unit), *dash = strrchr(name, '-');

	return dash ? dash + 1 : name;
}

static const char *get_name(const struct unit *unit) { return full_name(unit); }
static const char *get_stem(const struct unit *unit) { return stem(unit); }
static const char *get_prefix(const struct unit *unit) { return prefix(unit); }
static const char *get_plain_prefix(const struct unit *unit) { return unescaped(prefix(unit)); }
static const char *get_instance(const struct unit *unit) { return instance(unit); }
static const char *get_plain_instance(const struct unit *unit) { return unescaped(instance(unit)); }
static const char *get_component(const struct unit *unit) { return component(unit); }
static const char *get_plain_component(const struct unit *unit) { return unescaped(component(unit)); }

static const char *get_path(const struct unit *unit)
{
	char *name = *instance(unit) ? instance(unit) : prefix(unit);

	unescaped(name);
	if (*name == '/')
		return name;
	memmove(value + 1, name, strnlen(name, VALUE_SIZE - 2) + 1);
	value[VALUE_SIZE - 1] = '\0';
	value[0] = '/';
	return value;
}

static const char *get_host(const struct unit *unit)
{
	struct utsname names;

	(void)unit;
	return uname(&names) < 0 ? "" : hold(names.nodename, strlen(names.nodename));
}

static const char *get_short_host(const struct unit *unit)
{
	char *name = hold(get_host(unit), strlen(get_host(unit)));

	*strchrnul(name, '.') = '\0';
	return name;
}

static const char *get_kernel(const struct unit *unit)
{
	struct utsname names;

	(void)unit;
	return uname(&names) < 0 ? "" : hold(names.release, strlen(names.release));
}

/* An id of 128 bits, its dashes left out. */
static const char *read_id(const char *path)
{
	char *to = value;
	ssize_t length = file_read(AT_FDCWD, path, value, VALUE_SIZE);

	for (const char *at = value; at < value + length && *at != '\n'; at++)
		if (*at != '-')
			*to++ = *at;
	*to = '\0';
	return value;
}

static const char *get_machine(const struct unit *unit)
{
	(void)unit;
	return read_id("/etc/machine-id");
}

static const char *get_boot(const struct unit *unit)
{
	(void)unit;
	return read_id("/proc/sys/kernel/random/boot_id");
}

/* One of text and get. Units here are those of the system, so the user is root. */
static const struct {
	char letter;
	const char *text;
	const char *(*get)(const struct unit *unit);
} specifiers[] = {
	{'%', "%", NULL}, {'n', NULL, get_name}, {'N', NULL, get_stem}, {'p', NULL, get_prefix}, {'P', NULL, get_plain_prefix},
	{'i', NULL, get_instance}, {'I', NULL, get_plain_instance}, {'j', NULL, get_component}, {'J', NULL, get_plain_component},
	{'f', NULL, get_path}, {'t', "/run", NULL}, {'S', "/var/lib", NULL}, {'C', "/var/cache", NULL}, {'L', "/var/log", NULL},
	{'E', "/etc", NULL}, {'T', "/tmp", NULL}, {'V', "/var/tmp", NULL}, {'h', "/root", NULL}, {'s', "/bin/sh", NULL},
	{'u', "root", NULL}, {'g', "root", NULL}, {'U', "0", NULL}, {'G', "0", NULL}, {'H', NULL, get_host},
	{'l', NULL, get_short_host}, {'v', NULL, get_kernel}, {'m', NULL, get_machine}, {'b', NULL, get_boot},
};

static const char *replacement(const struct unit *unit, char letter)
{
	for (size_t i = 0; i < sizeof specifiers / sizeof specifiers[0]; i++)
		if (specifiers[i].letter == letter)
			return specifiers[i].text ? specifiers[i].text : specifiers[i].get(unit);
	return NULL;
}

/* Writes the expanded text to to, unless that is NULL. Returns its length. */
static size_t expand(const struct unit *unit, const char *text, char *to)
{
	size_t length = 0;

	for (; *text; text++) {
		const char *with = *text == '%' ? replacement(unit, text[1]) : NULL;
		size_t added = with ? strlen(with) : 1;

		if (to)
			memcpy(to + length, with ? with : text, added);
		length += added;
		text += with != NULL;
	}
	return length;
}

const char *specifier_expand_words(const struct unit *unit, const char *words, unsigned count)
{
	const char *word = words;
	size_t length = 0;
	bool any = false;
	char *copy, *to;

	for (unsigned i = 0; i < count; i++, word = syntax_after(word)) {
		any |= strchr(word, '%') != NULL;
		length += expand(unit, word, NULL) + 1;
	}
	if (!any)
		return words;
	copy = to = arena_text(NULL, length);
	for (unsigned i = 0; copy && i < count; i++, words = syntax_after(words)) {
		to += expand(unit, words, to);
		*to++ = '\0';
	}
	return copy;
}

const char *specifier_expand(const struct unit *unit, const char *text)
{
	return specifier_expand_words(unit, text, 1);
}
