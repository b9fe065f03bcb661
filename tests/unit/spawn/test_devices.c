/* SPDX-License-Identifier: MIT
 *
 * The devices of a cgroup: the program of v2, run here by an interpreter of the few instructions that it has, and the lines of v1.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "devices.h"
#include "fake.h"
#include "unit.h"

/* What the program says of an access; -1: it is no program. */
static int run(const struct bpf_insn *program, size_t length, const struct bpf_cgroup_dev_ctx *context)
{
	uint64_t registers[16] = {0};

	for (size_t at = 0; at < length; at++) {
		const struct bpf_insn *instruction = &program[at];
		uint64_t *to = &registers[instruction->dst_reg], from = registers[instruction->src_reg], number = (uint64_t)(int64_t)instruction->imm;

		switch (instruction->code) {
		case BPF_LDX | BPF_W | BPF_MEM: *to = *(const uint32_t *)(const void *)((const char *)context + instruction->off); break;
		case BPF_ALU64 | BPF_MOV | BPF_X: *to = from; break;
		case BPF_ALU64 | BPF_MOV | BPF_K: *to = number; break;
		case BPF_ALU64 | BPF_AND | BPF_K: *to &= number; break;
		case BPF_ALU64 | BPF_RSH | BPF_K: *to >>= number; break;
		case BPF_JMP | BPF_JNE | BPF_K: at += *to != number ? (size_t)instruction->off : 0; break;
		case BPF_JMP | BPF_EXIT: return (int)registers[0];
		default: return -1;
		}
	}
	return -1;
}

static const struct device allowed[] = {
	{DEVICE_CHAR, DEVICE_ALL, 1, 3}, {DEVICE_CHAR, DEVICE_READ, 1, 5}, {DEVICE_CHAR, DEVICE_READ | DEVICE_WRITE, 136, -1},
	{DEVICE_BLOCK, DEVICE_MKNOD, -1, -1},
};

static void test_program(void **state)
{
	static const struct {
		unsigned type, access, major, minor;
		int answer;
	} rows[] = {
		{DEVICE_CHAR, DEVICE_READ, 1, 3, 1}, {DEVICE_CHAR, DEVICE_ALL, 1, 3, 1}, {DEVICE_BLOCK, DEVICE_READ, 1, 3, 0}, {DEVICE_CHAR, DEVICE_READ, 1, 4, 0},
		{DEVICE_CHAR, DEVICE_READ, 1, 5, 1}, {DEVICE_CHAR, DEVICE_WRITE, 1, 5, 0}, {DEVICE_CHAR, DEVICE_READ | DEVICE_WRITE, 1, 5, 0},
		{DEVICE_CHAR, DEVICE_WRITE, 136, 77, 1}, {DEVICE_CHAR, DEVICE_MKNOD, 136, 77, 0}, {DEVICE_CHAR, DEVICE_WRITE, 137, 77, 0},
		{DEVICE_BLOCK, DEVICE_MKNOD, 8, 1, 1}, {DEVICE_BLOCK, DEVICE_MKNOD | DEVICE_READ, 8, 1, 0},
	};
	struct bpf_insn program[DEVICES_INSTRUCTIONS];
	size_t length = devices_compile(allowed, COUNT(allowed), program);
	char row[64];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct bpf_cgroup_dev_ctx context = {.access_type = rows[i].access << 16 | rows[i].type, .major = rows[i].major, .minor = rows[i].minor};

		snprintf(row, sizeof row, "row %zu", i);
		check_int(row, run(program, length, &context), rows[i].answer);
		check_int(row, run(program, devices_compile(allowed, 0, program), &context), 0);
		length = devices_compile(allowed, COUNT(allowed), program);
	}
}

static void test_longest_program_fits(void **state)
{
	struct device devices[DEVICES_MAX];
	struct bpf_insn program[DEVICES_INSTRUCTIONS];

	(void)state;
	for (size_t i = 0; i < DEVICES_MAX; i++)
		devices[i] = (struct device){DEVICE_CHAR, DEVICE_READ, 1, 1};
	assert_true(devices_compile(devices, DEVICES_MAX, program) <= DEVICES_INSTRUCTIONS);
}

static void test_lines(void **state)
{
	static const char *const texts[] = {"c 1:3 rwm", "c 1:5 r", "c 136:* rw", "b *:* m"};
	struct place place = {.in = {.version = 1}};

	(void)state;
	for (size_t i = 0; i < COUNT(allowed); i++) {
		put_file("devices/devices.allow", "");
		place.directory = open(in_place("devices"), O_PATH | O_DIRECTORY);
		check_int(texts[i], devices_apply(&place, &allowed[i], 1), 0);
		check_text(texts[i], file_text("devices/devices.allow"), texts[i]);
		close(place.directory);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {test(test_program), test(test_longest_program_fits), test(test_lines)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
