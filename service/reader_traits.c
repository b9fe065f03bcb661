/* SPDX-License-Identifier: MIT
 *
 * What the values of directives say of how the kernel treats a service, systemd.exec(5). Readers as those of reader.c.
 */
#include "reader.h"

#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/personality.h>

#include "launch.h"
#include "syntax.h"
#include "value.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { IO_PRIORITIES = 8, POLICY_PRIORITIES = 99 };

static struct traits *traits_of(void *field, enum trait trait)
{
	struct traits *traits = &((struct plan *)field)->traits;

	traits->set |= 1U << trait;
	return traits;
}

/* Numbers, and ranges of them, with commas between. 0, or -1. */
static int add_processors(struct traits *traits, const char *list)
{
	const unsigned long bits = 8 * sizeof traits->cpus[0], last = 8 * sizeof traits->cpus - 1;

	do {
		char range[32], from[32];
		unsigned long first, end;
		const char *to;

		list = value_item(list, ',', range, sizeof range);
		to = value_item(range, '-', from, sizeof from);
		if (!*range && !list)
			break; /* behind the last comma */
		if (value_number(from, last, &first) < 0 || value_number(to ? to : from, last, &end) < 0 || end < first)
			return -1;
		for (; first <= end; first++)
			traits->cpus[first / bits] |= 1UL << first % bits;
	} while (list);
	return 0;
}

READS(affinity)
{
	struct traits *traits = traits_of(field, TRAIT_AFFINITY);
	const char *word = setting->text;

	(void)row;
	for (unsigned i = 0; i < setting->words; i++, word = syntax_after(word))
		if (add_processors(traits, word) < 0)
			return "not processors; give numbers and ranges, as 0-3 5";
	return NULL;
}

READS_PLAIN(policy)
{
	static const char *const names[] = {
		[SCHED_OTHER] = "other", [SCHED_FIFO] = "fifo", [SCHED_RR] = "rr", [SCHED_BATCH] = "batch", [SCHED_IDLE] = "idle",
	};
	struct traits *traits = traits_of(field, TRAIT_SCHEDULER);
	int policy = reader_choice(text, names, COUNT(names));
	const bool real = policy == SCHED_FIFO || policy == SCHED_RR;

	traits->policy = policy;
	traits->priority = real && traits->priority == 0 ? 1 : real ? traits->priority : 0;
	return policy < 0 ? "not a policy; give other, batch, idle, fifo or rr" : NULL;
}

/* Without a policy it says nothing. */
READS_PLAIN(cpu_priority)
{
	return value_signed(text, 0, POLICY_PRIORITIES, &((struct plan *)field)->traits.priority) == 0 ? NULL : "not a priority; give 1 to 99";
}

READS_PLAIN(reset_on_fork)
{
	bool on = false;

	if (reader_truth(text, &on) < 0)
		return "not a yes or no";
	traits_of(field, TRAIT_SCHEDULER)->reset_on_fork = on ? SCHED_RESET_ON_FORK : 0;
	return NULL;
}

READS_PLAIN(io_class)
{
	static const char *const names[] = {"none", "realtime", "best-effort", "idle"};
	unsigned long number;
	int class = reader_choice(text, names, COUNT(names));

	if (class < 0 && value_number(text, COUNT(names) - 1, &number) == 0)
		class = (int)number;
	traits_of(field, TRAIT_IO)->io_class = class;
	return class < 0 ? "not a class; give realtime, best-effort, idle or none" : NULL;
}

READS_PLAIN(io_priority)
{
	return value_signed(text, 0, IO_PRIORITIES - 1, &traits_of(field, TRAIT_IO)->io_priority) == 0 ? NULL : "not a priority; give 0 to 7";
}

/* The machine's own, and that of 32 bits which it can pretend to be. */
READS_PLAIN(personality)
{
	static const char *const names[] = {"x86", "arm", "x86-64", "arm64", "riscv64"};
	int name = reader_choice(text, names, COUNT(names));

	traits_of(field, TRAIT_PERSONALITY)->personality = name < 2 ? PER_LINUX32 : PER_LINUX;
	return name < 0 ? "not a machine; give x86, x86-64, arm, arm64 or riscv64" : NULL;
}

READS(secure_bits)
{
	static const char *const names[] = {"noroot", "noroot-locked", "no-setuid-fixup", "no-setuid-fixup-locked", "keep-caps", "keep-caps-locked"};
	const char *word = setting->text;

	(void)row;
	for (unsigned i = 0; i < setting->words; i++, word = syntax_after(word)) {
		int bit = reader_choice(word, names, COUNT(names)); /* in the order of their numbers, capabilities(7) */

		if (bit < 0)
			return "not a bit; give some of keep-caps, no-setuid-fixup and noroot, each also with -locked";
		((struct plan *)field)->traits.secure_bits |= 1U << bit;
	}
	return NULL;
}

READS_PLAIN(keyring)
{
	static const char *const names[] = {[KEYRING_INHERITED] = "inherit", [KEYRING_PRIVATE] = "private", [KEYRING_SHARED] = "shared"};
	int mode = reader_choice(text, names, COUNT(names));

	if (mode < 0)
		return "not a mode; give inherit, private or shared";
	((struct plan *)field)->traits.keyring = (enum keyring)mode;
	return NULL;
}

/* Digits of base 16. -1: there are others, or too many. */
static int read_hexadecimal(const char *text, unsigned *number)
{
	static const char digits[] = "0123456789abcdef";

	for (*number = 0; *text; text++) {
		const char *digit = strchr(digits, *text | ' ');

		if (!digit || *number > UINT_MAX >> 4)
			return -1;
		*number = *number << 4 | (unsigned)(digit - digits);
	}
	return 0;
}

/* Kinds of memory, or their bits, core(5). */
READS(core_filter)
{
	static const char *const names[] = {
		"private-anonymous", "shared-anonymous", "private-file-backed", "shared-file-backed", "elf-headers", "private-huge", "shared-huge",
		"private-dax", "shared-dax", "default", "all",
	};
	enum { KINDS = 9, DEFAULT = 0x33, ALL = (1 << KINDS) - 1 };
	struct launch *launch = field;
	const char *word = setting->text;

	(void)row;
	launch->set_core_filter = true;
	for (unsigned i = 0; i < setting->words; i++, word = syntax_after(word)) {
		int name = reader_choice(word, names, COUNT(names));
		unsigned bits = name == KINDS ? DEFAULT : ALL;

		if (name < 0 && read_hexadecimal(word + (strncmp(word, "0x", 2) == 0 ? 2 : 0), &bits) < 0)
			return "not a kind of memory; give names as private-anonymous, default, all, or a hexadecimal number";
		launch->core_filter |= name >= 0 && name < KINDS ? 1U << name : bits;
	}
	return NULL;
}
