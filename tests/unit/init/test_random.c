/* SPDX-License-Identifier: MIT
 *
 * Random bytes for everything that reads what people type: no crash, no sanitizer's word, and an answer that makes
 * sense. The seed is fixed, so a failure comes again.
 */
#include <stdio.h>
#include <stdlib.h>

#include "option.h"
#include "personality.h"
#include "unit.h"
#include "user.h"
#include "value.h"

enum {
	ROUNDS = 40000,
	WORDS = 6,
	WORD_SIZE = 64,
};

static uint32_t seed;

/* Numerical Recipes' generator; its high bits are good enough. */
static unsigned below(unsigned limit)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % limit;
}

/* Bytes that mean something to a parser come more often than others. A NUL ends it. */
static void random_text(char *text, size_t size)
{
	static const char likely[] = "0123456789----====::::,,,,//..ms+_ RTMINSIGxh%";
	size_t length = below(2) ? below(8) : below((unsigned)size); /* most of what is right is short */

	for (size_t i = 0; i < length; i++) {
		text[i] = below(4) ? likely[below(sizeof likely - 1)] : (char)(1 + below(255));
		if (text[i] == '\n')
			text[i] = '\t'; /* each message is one line as long as its values are */
	}
	text[length] = '\0';
}

/* Words that values are made of, with what separates them between, or just bytes. */
static void random_value(char *text, size_t size)
{
	static const char *const tokens[] = {
		"0", "1", "64", "65", "255", "256", "4294967295", "TERM", "HUP", "RTMIN+1", "KILL", "5s", "500ms", "", "/", "/a", "ro", "norec", "idmap",
		"uts", "net", "user", "A", "nofile", "unlimited", "auto", "ALL", "NET_ADMIN", "none", "default", "any", "rw", "connect", "signal",
	};
	static const char separators[] = "::::,,=-";
	unsigned count = below(2) ? 2 : 1 + below(5);

	if (below(4) == 0) {
		random_text(text, size);
		return;
	}
	text[0] = '\0';
	for (unsigned i = 0; i < count; i++) {
		const char *token = tokens[below(COUNT(tokens))];
		size_t length = strlen(text);

		if (length + strlen(token) + 2 > size)
			return;
		sprintf(text + length, "%s%.1s", token, i + 1 < count ? &separators[below(sizeof separators - 1)] : "");
	}
}

static void test_values(void **state)
{
	char text[WORD_SIZE], item[8], row[80];

	(void)state;
	seed = 1;
	for (int i = 0; i < 10 * ROUNDS; i++) {
		unsigned long number = 0, bits = 0;
		int64_t ms = 0;
		int signal = 0, items = 0;
		bool flag;

		random_value(text, sizeof text);
		snprintf(row, sizeof row, "round %d", i);
		if (value_number(text, 1000, &number) == 0)
			check_true(row, number <= 1000 && text[0] >= '0' && text[0] <= '9');
		if (value_time(text, &ms) == 0)
			check_true(row, ms >= 0 && ms <= 31536000000);
		if (value_signal(text, &signal) == 0)
			check_true(row, signal >= 1 && signal <= PLAN_SIGNAL_MAX);
		if (value_namespaces(text, &bits) == 0)
			check_true(row, bits != 0);
		value_flag(text, &flag);
		for (const char *list = text; list; items++) {
			list = value_item(list, ',', item, sizeof item);
			check_true(row, strlen(item) < sizeof item && !strchr(item, ','));
		}
		check_true(row, items >= 1 && items <= WORD_SIZE);
	}
}

/* A word: a real option of the set more often than not, its value beside it or behind "=", or noise. */
static void random_word(const struct option_set *set, char *word)
{
	const struct option *option = &set->options[below((unsigned)set->count)];

	switch (below(6)) {
	case 0:
		random_text(word, WORD_SIZE);
		return;
	case 1:
		snprintf(word, WORD_SIZE, "--%s", option->name ? option->name : "");
		return;
	case 2:
		snprintf(word, WORD_SIZE, "--%s=", option->name ? option->name : "");
		break;
	case 3:
		snprintf(word, WORD_SIZE, "-%c", option->letter ? option->letter : 'v');
		break;
	case 4:
		snprintf(word, WORD_SIZE, "-%c%c", 'g', option->letter ? option->letter : 's');
		return;
	default:
		strcpy(word, "--");
		random_text(word + 2, 8);
		return;
	}
	random_value(word + strlen(word), WORD_SIZE - strlen(word));
}

static void test_command_line(void **state)
{
	static const char *const names[] = {"nsinit", "tini", "dumb-init", "catatonit", "pause"};
	static char text[WORDS + 2][WORD_SIZE];

	(void)state;
	seed = 2;
	for (int i = 0; i < ROUNDS; i++) {
		const struct personality *as = personality_choose(names[i % COUNT(names)]);
		char *argv[WORDS + 2] = {(char *)as->name}, *environment[] = {NULL, NULL}, row[32];
		struct plan *plan = new_plan();
		unsigned count = below(WORDS);
		int program;

		snprintf(row, sizeof row, "round %d", i);
		for (unsigned word = 1; word <= count; word++) {
			random_word(as->set, text[word]);
			argv[word] = text[word];
		}
		if (below(3) == 0) {
			strcpy(text[0], "NSINIT_");
			random_value(text[0] + 7, WORD_SIZE - 7);
			environment[0] = text[0];
		}
		program = option_parse(as->set, plan, argv, environment);
		check_true(row, program >= -1 && program != 0 && program <= (int)count + 1);
		check_true(row, plan->mount_count <= PLAN_MOUNTS_MAX && plan->env_count <= PLAN_ENV_MAX && plan->hook_count <= PLAN_HOOKS_MAX);
		check_true(row, plan->parent_death >= 0 && plan->parent_death <= PLAN_SIGNAL_MAX);
		for (int signal = 0; signal <= PLAN_SIGNAL_MAX; signal++)
			check_true(row, plan->rewrite[signal] <= PLAN_SIGNAL_MAX + 1);
		for (int code = 0; code < 256; code++)
			check_true(row, plan->remap[code] <= 256);
		if (program < 0)
			check_true(row, said()[0] != '\0'); /* no refusal without a word */
		else
			said();
	}
}

/* Files of a hostile rootfs. */
static void test_users(void **state)
{
	static char file[9000];

	(void)state;
	seed = 3;
	for (int i = 0; i < ROUNDS / 20; i++) {
		struct identity identity;
		const char *home;
		size_t length = 0;

		while (length < below(sizeof file - WORD_SIZE)) {
			random_text(file + length, WORD_SIZE);
			length += strlen(file + length);
			file[length++] = below(3) ? ':' : '\n';
		}
		strcpy(file + length, "u:x:1:2::/:\n");
		put_file("etc/passwd", file);
		put_file("etc/group", file);
		if (user_resolve(place(), "u", &identity, &home) == 0)
			check_true("users", identity.group_count <= PLAN_GROUPS_MAX && (!home || home[0] == '/'));
		user_resolve(place(), "5:6", &identity, &home);
		said();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {test(test_values), test(test_command_line), test(test_users)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
