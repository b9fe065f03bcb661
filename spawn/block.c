/* SPDX-License-Identifier: MIT
 *
 * Looks into superblocks and partition tables. Nothing is believed: each place is read by itself, and what is short is not there.
 */
#include "block.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "file.h"
#include "machine.h"
#include "netlink.h"
#include "sys.h"

enum {
	UUID_BYTES = 16,
	SERIAL_BYTES = 4, /* vfat and a DOS partition table have that instead */
	GPT_ENTRY_MIN = 128,
};

/* Where in a file system its type, name and number stand. 0: it has no such. */
static const struct superblock {
	const char *type, *magic;
	unsigned magic_at, uuid_at, uuid_bytes, label_at, label_bytes;
} superblocks[] = {
	{"squashfs", "hsqs", 0, 0, 0, 0, 0},
	{"ext4", "\x53\xef", 1024 + 56, 1024 + 104, UUID_BYTES, 1024 + 120, 16},
	{"erofs", "\xe2\xe1\xf5\xe0", 1024, 1024 + 48, UUID_BYTES, 1024 + 64, 16},
	{"vfat", "FAT32   ", 82, 67, SERIAL_BYTES, 71, 11},
	{"vfat", "FAT1", 54, 39, SERIAL_BYTES, 43, 11},
	{"xfs", "XFSB", 0, 32, UUID_BYTES, 108, 12},
	{"btrfs", "_BHRfS_M", 65536 + 64, 65536 + 32, UUID_BYTES, 65536 + 299, BLOCK_LABEL_SIZE - 1},
	{"iso9660", "CD001", 32768 + 1, 0, 0, 32768 + 40, 32},
	{"swap", "SWAPSPACE2", 4096 - 10, 1024 + 12, UUID_BYTES, 1024 + 28, 16},
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static bool read_at(int fd, void *bytes, size_t size, off_t at)
{
	return pread(fd, bytes, size, at) == (ssize_t)size;
}

static char *put_hex(char *end, const unsigned char *bytes, size_t count, bool reversed)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < count; i++) {
		unsigned char byte = bytes[reversed ? count - 1 - i : i];

		*end++ = digits[byte >> 4];
		*end++ = digits[byte & 15];
	}
	*end = '\0';
	return end;
}

/* 8-4-4-4-12; a GUID of GPT has its first three parts the other way round, UEFI specification, appendix A. */
static void put_uuid(char *text, const unsigned char *bytes, bool mixed)
{
	static const size_t parts[] = {4, 2, 2, 2, 6};

	for (size_t i = 0; i < COUNT(parts); i++) {
		text = put_hex(text, bytes, parts[i], mixed && i < 3);
		bytes += parts[i];
		*text++ = i < COUNT(parts) - 1 ? '-' : '\0';
	}
}

/* vfat's number is XXXX-XXXX, from its end; capitals count for nothing. */
static void put_serial(char *text, const unsigned char *bytes)
{
	text = put_hex(text, bytes + 2, 2, true);
	*text++ = '-';
	put_hex(text, bytes, 2, true);
}

static void read_superblock(int fd, const struct superblock *row, struct block *block)
{
	unsigned char uuid[UUID_BYTES];

	block->type = row->type;
	if (row->uuid_bytes && read_at(fd, uuid, row->uuid_bytes, row->uuid_at)) {
		if (row->uuid_bytes == SERIAL_BYTES)
			put_serial(block->uuid, uuid);
		else
			put_uuid(block->uuid, uuid, false);
	}
	if (row->label_bytes && read_at(fd, block->label, row->label_bytes, row->label_at))
		for (size_t end = strlen(block->label); end > 0 && block->label[end - 1] == ' ';)
			block->label[--end] = '\0'; /* padded with spaces */
}

static void probe_file_system(int fd, struct block *block)
{
	char magic[16];

	for (size_t i = 0; i < COUNT(superblocks); i++) {
		size_t length = strlen(superblocks[i].magic);

		if (!read_at(fd, magic, length, superblocks[i].magic_at) || memcmp(magic, superblocks[i].magic, length) != 0)
			continue;
		read_superblock(fd, &superblocks[i], block);
		return;
	}
}

static uint64_t little_endian(const unsigned char *bytes, size_t count)
{
	uint64_t number = 0;

	while (count > 0)
		number = number << 8 | bytes[--count];
	return number;
}

/* The partition's number, and the path of the disk that it is on. 0: it is none. */
static unsigned disk_of(const char *name, char *disk)
{
	char path[64] = "/sys/class/block/", link[256], number[16], *slash;
	ssize_t length;

	strcat(path, name);
	length = readlink(path, link, sizeof link - 1);
	strcat(path, "/partition");
	if (length < 0 || file_read(AT_FDCWD, path, number, sizeof number) <= 0)
		return 0;
	link[length] = '\0';
	slash = strrchr(link, '/'); /* …/DISK/PARTITION */
	if (!slash)
		return 0;
	*slash = '\0';
	slash = strrchr(link, '/');
	if (!slash || strlen(slash + 1) >= BLOCK_NAME_SIZE)
		return 0;
	strcpy(stpcpy(disk, "/dev/"), slash + 1);
	length = 0;
	for (const char *digit = number; *digit >= '0' && *digit <= '9'; digit++)
		length = length * 10 + *digit - '0';
	return (unsigned)length;
}

/* A partition's own number: in GPT a GUID, in a DOS table that of the disk and which it is. */
static void read_table(int disk, unsigned number, struct block *block)
{
	unsigned char head[96], guid[UUID_BYTES];
	unsigned sector = 512;
	char *end;

	sys_ioctl(disk, BLKSSZGET, &sector);
	if (read_at(disk, head, sizeof head, sector) && memcmp(head, "EFI PART", 8) == 0) {
		uint64_t entry = little_endian(head + 84, 4), at = little_endian(head + 72, 8) * sector + (number - 1) * entry;

		if (entry >= GPT_ENTRY_MIN && number <= little_endian(head + 80, 4) && read_at(disk, guid, sizeof guid, (off_t)at + UUID_BYTES))
			put_uuid(block->partition, guid, true);
	} else if (number < 256 && read_at(disk, head, SERIAL_BYTES, 440)) {
		const unsigned char last = (unsigned char)number;

		end = put_hex(block->partition, head, SERIAL_BYTES, true);
		*end++ = '-';
		put_hex(end, &last, 1, false);
	}
}

static void probe_partition(struct block *block)
{
	char disk[BLOCK_PATH_SIZE];
	unsigned number = disk_of(block->path + strlen("/dev/"), disk);
	int fd = number ? openat(AT_FDCWD, disk, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	read_table(fd, number, block);
	close(fd);
}

int block_probe(struct block *block)
{
	int fd = openat(AT_FDCWD, block->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	block->type = NULL;
	memset(block->label, 0, sizeof block->label);
	block->uuid[0] = block->partition[0] = '\0';
	if (fd < 0)
		return -1;
	probe_file_system(fd, block);
	close(fd);
	if (strncmp(block->path, "/dev/", 5) == 0 && strlen(block->path) < BLOCK_PATH_SIZE)
		probe_partition(block);
	return 0;
}

bool block_each(bool (*visit)(const struct block *block, void *argument), void *argument)
{
	struct file_walk walk = {.fd = openat(AT_FDCWD, "/sys/class/block", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
	const struct dirent *entry;
	struct block block;
	bool done = false;

	while (walk.fd >= 0 && !done && (entry = file_next(&walk))) {
		if (strlen(entry->d_name) >= BLOCK_NAME_SIZE)
			continue;
		strcpy(stpcpy(block.path, "/dev/"), entry->d_name);
		done = block_probe(&block) == 0 && visit(&block, argument);
	}
	if (walk.fd >= 0)
		close(walk.fd);
	return done;
}

/* A spec NAME=VALUE, and the text of a device that it is about. */
static const struct {
	const char *name;
	size_t text;
} keys[] = {
	{"LABEL=", offsetof(struct block, label)}, {"UUID=", offsetof(struct block, uuid)}, {"PARTUUID=", offsetof(struct block, partition)},
};

struct search {
	const char *value;
	size_t text;
	struct block *found;
};

static bool matches(const struct block *block, void *argument)
{
	const struct search *search = argument;

	if (strcasecmp((const char *)block + search->text, search->value) != 0)
		return false;
	*search->found = *block;
	return true;
}

/* Which of keys it is, COUNT(keys): none. */
static size_t key_of(const char *spec)
{
	size_t i = 0;

	while (i < COUNT(keys) && strncmp(spec, keys[i].name, strlen(keys[i].name)) != 0)
		i++;
	return i;
}

bool block_is_device(const char *spec)
{
	return strncmp(spec, "/dev/", strlen("/dev/")) == 0 || key_of(spec) < COUNT(keys);
}

static int find(const char *spec, struct block *block)
{
	size_t key = key_of(spec);

	if (key < COUNT(keys)) {
		struct search search = {spec + strlen(keys[key].name), keys[key].text, block};

		if (*search.value && block_each(matches, &search))
			return 0;
		errno = ENOENT;
		return -1;
	}
	if (strlen(spec) >= sizeof block->path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(block->path, spec);
	return block_probe(block);
}

int block_find(const char *spec, struct block *block, int64_t wait_ms)
{
	int64_t deadline_ms = netlink_now_ms() + wait_ms;
	int devices, error;

	if (find(spec, block) == 0)
		return 0;
	devices = machine_devices();
	do {
		if (find(spec, block) == 0) { /* again, now that we would hear of it */
			close(devices);
			return 0;
		}
		error = errno;
	} while (machine_device(devices, deadline_ms - netlink_now_ms()) == 0);
	close(devices);
	errno = error;
	return -1;
}
