/* SPDX-License-Identifier: MIT
 *
 * /etc/fstab. Nothing is checked before it is mounted: ext4 and its like replay their journals themselves, and a
 * program that checks is one that the machine's own start can call.
 */
#include "fstab.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "block.h"
#include "cold.h"
#include "file.h"
#include "log.h"
#include "mount.h"
#include "sys.h"
#include "value.h"

enum {
	TEXT_SIZE = 16 * 1024,
	DEVICE_WAIT_MS = 5 * 1000, /* for a device whose driver is still at it; with nofail nobody waits */
};

/* One line. */
struct entry {
	int line;
	const char *source, *target, *type;
	struct fstab_options options;
};

/* mount(8), FILESYSTEM-INDEPENDENT MOUNT OPTIONS. What is for who calls mount(8) is nothing here. */
static const struct {
	const char *word;
	unsigned long set, clear;
} words[] = {
	{"ro", MS_RDONLY, 0}, {"rw", 0, MS_RDONLY}, {"nosuid", MS_NOSUID, 0}, {"suid", 0, MS_NOSUID}, {"nodev", MS_NODEV, 0},
	{"dev", 0, MS_NODEV}, {"noexec", MS_NOEXEC, 0}, {"exec", 0, MS_NOEXEC}, {"noatime", MS_NOATIME, 0}, {"nodiratime", MS_NODIRATIME, 0},
	{"relatime", MS_RELATIME, 0}, {"strictatime", MS_STRICTATIME, 0}, {"lazytime", MS_LAZYTIME, 0}, {"sync", MS_SYNCHRONOUS, 0},
	{"dirsync", MS_DIRSYNC, 0}, {"bind", MS_BIND, 0}, {"rbind", MS_BIND | MS_REC, 0}, {"defaults", 0, 0}, {"auto", 0, 0},
	{"_netdev", 0, 0}, {"nouser", 0, 0}, {"user", MS_NOSUID | MS_NODEV | MS_NOEXEC, 0}, {"users", MS_NOSUID | MS_NODEV | MS_NOEXEC, 0},
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static int is_word(struct fstab_options *options, const char *word)
{
	for (size_t i = 0; i < COUNT(words); i++) {
		if (strcmp(word, words[i].word) != 0)
			continue;
		options->flags = (options->flags | words[i].set) & ~words[i].clear;
		return 1;
	}
	options->skip |= strcmp(word, "noauto") == 0;
	options->nofail |= strcmp(word, "nofail") == 0;
	return !*word || strcmp(word, "noauto") == 0 || strcmp(word, "nofail") == 0 || strncmp(word, "x-", 2) == 0;
}

int fstab_options(const char *text, struct fstab_options *options)
{
	char word[FSTAB_DATA_SIZE], *end = options->data;

	*options = (struct fstab_options){.flags = 0};
	if (strlen(text) >= sizeof options->data)
		return -1;
	while (text) {
		text = value_item(text, ',', word, sizeof word);
		if (is_word(options, word))
			continue;
		if (end > options->data)
			*end++ = ',';
		end = stpcpy(end, word);
	}
	return 0;
}

static int failed(const struct entry *entry, const char *what, const char *reason)
{
	log_warning("/etc/fstab line %d: %s: %s", entry->line, what, reason);
	return -1;
}

/* The mount itself; a bind takes its other flags only in a second one. */
static int mount_it(const struct entry *entry, const char *source, const char *type)
{
	unsigned long flags = entry->options.flags;

	if (strcmp(entry->target, "/") == 0)
		return sys_mount(source, "/", NULL, flags | MS_REMOUNT, entry->options.data);
	if (sys_mount(source, entry->target, type, flags, entry->options.data) < 0)
		return -1;
	return (flags & MS_BIND) && (flags & ~(unsigned long)(MS_BIND | MS_REC)) ? sys_mount(NULL, entry->target, NULL, flags | MS_REMOUNT, NULL) : 0;
}

static int mount_entry(struct entry *entry)
{
	struct block block = {.type = NULL};
	const char *source = entry->source;

	if (block_is_device(source)) {
		if (block_find(source, &block, entry->options.nofail ? 0 : DEVICE_WAIT_MS) < 0)
			return entry->options.nofail ? 0 : failed(entry, source, "there is no such device; correct it, or add nofail");
		source = block.path;
	}
	if (strcmp(entry->type, "swap") == 0)
		return sys_swap(source, true) == 0 ? 0 : failed(entry, source, strerror(errno));
	if (strcmp(entry->type, "auto") != 0)
		block.type = entry->type;
	if (!block.type)
		return failed(entry, source, "it holds no file system that is known; give its type");
	return mount_it(entry, source, block.type) == 0 ? 0 : failed(entry, entry->target, strerror(errno));
}

static int read_line(struct entry *entry, char *line)
{
	char *fields[4] = {NULL, NULL, "auto", "defaults"};

	for (size_t i = 0; i < COUNT(fields); i++) {
		char *word = file_word(&line);

		if (!word)
			break;
		value_unescape(word);
		fields[i] = word;
	}
	if (!fields[0] || fields[0][0] == '#')
		return 0;
	if (!fields[1] || (fields[1][0] != '/' && strcmp(fields[2], "swap") != 0))
		return failed(entry, fields[0], "no place to mount it on; give SOURCE PATH TYPE OPTIONS");
	entry->source = fields[0];
	entry->target = fields[1];
	entry->type = fields[2];
	if (fstab_options(fields[3], &entry->options) < 0)
		return failed(entry, fields[1], "its options are too long");
	return entry->options.skip ? 0 : mount_entry(entry);
}

int fstab_mount(void)
{
	COLD static char text[TEXT_SIZE];
	COLD static struct entry entry;
	char *rest = text, *line;
	int result = 0;

	if (file_read(AT_FDCWD, "/etc/fstab", text, sizeof text) < 0)
		return errno == ENOENT ? 0 : -1;
	for (entry.line = 1; (line = file_line(&rest)); entry.line++)
		result |= read_line(&entry, line);
	return result;
}
