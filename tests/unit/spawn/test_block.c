/* SPDX-License-Identifier: MIT
 *
 * What a superblock says. tests/vm has what is made by those who make them.
 */
#include "block.h"

#include <stdio.h>
#include <unistd.h>

#include "fake.h"
#include "unit.h"

struct piece {
	long at;
	const char *bytes;
	size_t length;
};

#define TEXT(at, text) {at, text, sizeof(text) - 1}

static void put_image(const struct piece *pieces, long size)
{
	FILE *file = fopen(in_place("image"), "w");

	assert_non_null(file);
	assert_int_equal(ftruncate(fileno(file), size), 0);
	for (; pieces->bytes; pieces++) {
		assert_int_equal(fseek(file, pieces->at, SEEK_SET), 0);
		assert_int_equal(fwrite(pieces->bytes, 1, pieces->length, file), pieces->length);
	}
	assert_int_equal(fclose(file), 0);
}

#define UUID "\x01\x23\x45\x67\x89\xab\xcd\xef\xfe\xdc\xba\x98\x76\x54\x32\x10"
#define UUID_TEXT "01234567-89ab-cdef-fedc-ba9876543210"

static void test_superblocks(void **state)
{
	static const struct {
		const char *type, *label, *uuid;
		long size;
		struct piece pieces[4];
	} rows[] = {
		{"ext4", "root", UUID_TEXT, 4096, {TEXT(1080, "\x53\xef"), TEXT(1128, UUID), TEXT(1144, "root")}},
		{"ext4", "sixteen letters!", UUID_TEXT, 4096, {TEXT(1080, "\x53\xef"), TEXT(1128, UUID), TEXT(1144, "sixteen letters!no")}},
		{"squashfs", "", "", 4096, {TEXT(0, "hsqs")}},
		{"vfat", "EFI", "abcd-1234", 512, {TEXT(82, "FAT32   "), TEXT(67, "\x34\x12\xcd\xab"), TEXT(71, "EFI        ")}},
		{"vfat", "A B", "0001-0002", 512, {TEXT(54, "FAT16   "), TEXT(39, "\x02\x00\x01\x00"), TEXT(43, "A B        ")}},
		{"xfs", "data", UUID_TEXT, 512, {TEXT(0, "XFSB"), TEXT(32, UUID), TEXT(108, "data")}},
		{"erofs", "vol", UUID_TEXT, 4096, {TEXT(1024, "\xe2\xe1\xf5\xe0"), TEXT(1072, UUID), TEXT(1088, "vol")}},
		{"btrfs", "tree", UUID_TEXT, 1 << 17, {TEXT(65600, "_BHRfS_M"), TEXT(65568, UUID), TEXT(65835, "tree")}},
		{"swap", "s", UUID_TEXT, 8192, {TEXT(4086, "SWAPSPACE2"), TEXT(1036, UUID), TEXT(1052, "s")}},
		{NULL, "", "", 4096, {TEXT(0, "nothing known")}},
		{NULL, "", "", 0, {TEXT(0, "")}},
		{NULL, "", "", 0, {TEXT(0, "hs")}},                /* ends in its magic */
		{"ext4", "", "", 0, {TEXT(1080, "\x53\xef")}}, /* and here in front of all else */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct block block;
		char name[32];

		sprintf(name, "row %zu", i);
		put_image(rows[i].pieces, rows[i].size);
		memset(&block, 'x', sizeof block);
		assert_int_equal(chdir(place()), 0);
		strcpy(block.path, "image");
		check_int(name, block_probe(&block), 0);
		check_text(name, block.type, rows[i].type);
		check_text(name, block.label, rows[i].label);
		check_text(name, block.uuid, rows[i].uuid);
		check_text(name, block.partition, "");
	}
}

static void test_specs(void **state)
{
	static const struct {
		const char *spec;
		bool device;
	} rows[] = {
		{"/dev/vda1", true}, {"LABEL=x", true}, {"UUID=", true}, {"PARTUUID=1-2", true},
		{"vda1", false}, {"label=x", false}, {"nas:/root", false}, {"", false}, {"/developers", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_int(rows[i].spec, block_is_device(rows[i].spec), rows[i].device);
}

/* An empty value is no device's, though most have no label. */
static void test_nothing_is_found(void **state)
{
	struct block block;

	(void)state;
	assert_int_equal(block_find("LABEL=", &block, 0), -1);
	assert_int_equal(block_find("/dev/there-is-no-such-device", &block, 0), -1);
	assert_int_equal(block_find("/dev/a-name-that-is-longer-than-any-block-device-can-have", &block, 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {test(test_superblocks), test(test_specs), test(test_nothing_is_found)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
