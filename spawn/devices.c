/* SPDX-License-Identifier: MIT
 *
 * The devices of a cgroup. In v1 a line of text allows some; in v2 the kernel asks a program, which is a list of comparisons.
 */
#include "devices.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "cold.h"
#include "decimal.h"
#include "file.h"
#include "sys.h"

/* What the program keeps of struct bpf_cgroup_dev_ctx, to which register 1 points. */
enum { TYPE = BPF_REG_2, ACCESS, MAJOR, MINOR, LEFT };

struct code {
	struct bpf_insn *program;
	size_t length;
};

static void emit(struct code *code, int operation, int to, int from, int offset, int number)
{
	code->program[code->length++] = (struct bpf_insn){
		.code = (uint8_t)operation, .dst_reg = (uint8_t)(to & 15), .src_reg = (uint8_t)(from & 15), .off = (int16_t)offset, .imm = number,
	};
}

/* The next device is looked at unless the register is number. Where that is, is known later. */
static void emit_unless(struct code *code, int reg, int number)
{
	emit(code, BPF_JMP | BPF_JNE | BPF_K, reg, 0, 0, number);
}

static void emit_device(struct code *code, const struct device *device)
{
	const size_t first = code->length;

	emit_unless(code, TYPE, device->type);
	if (device->major >= 0)
		emit_unless(code, MAJOR, device->major);
	if (device->minor >= 0)
		emit_unless(code, MINOR, device->minor);
	if (device->access != DEVICE_ALL) {
		emit(code, BPF_ALU64 | BPF_MOV | BPF_X, LEFT, ACCESS, 0, 0);
		emit(code, BPF_ALU64 | BPF_AND | BPF_K, LEFT, 0, 0, DEVICE_ALL & ~device->access);
		emit_unless(code, LEFT, 0);
	}
	emit(code, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 1);
	emit(code, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	for (size_t i = first; i < code->length; i++)
		if (code->program[i].code == (BPF_JMP | BPF_JNE | BPF_K))
			code->program[i].off = (int16_t)(code->length - i - 1);
}

size_t devices_compile(const struct device *devices, size_t count, struct bpf_insn *program)
{
	struct code code = {.program = program};

	emit(&code, BPF_LDX | BPF_W | BPF_MEM, TYPE, BPF_REG_1, offsetof(struct bpf_cgroup_dev_ctx, access_type), 0);
	emit(&code, BPF_ALU64 | BPF_MOV | BPF_X, ACCESS, TYPE, 0, 0);
	emit(&code, BPF_ALU64 | BPF_AND | BPF_K, TYPE, 0, 0, 0xffff);
	emit(&code, BPF_ALU64 | BPF_RSH | BPF_K, ACCESS, 0, 0, 16);
	emit(&code, BPF_LDX | BPF_W | BPF_MEM, MAJOR, BPF_REG_1, offsetof(struct bpf_cgroup_dev_ctx, major), 0);
	emit(&code, BPF_LDX | BPF_W | BPF_MEM, MINOR, BPF_REG_1, offsetof(struct bpf_cgroup_dev_ctx, minor), 0);
	for (size_t i = 0; i < count; i++)
		emit_device(&code, &devices[i]);
	emit(&code, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0);
	emit(&code, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	return code.length;
}

/* The descriptor of a program, or -1 with errno. */
static int load(const struct device *devices, size_t count)
{
	COLD static struct bpf_insn program[DEVICES_INSTRUCTIONS];
	union bpf_attr attributes;

	memset(&attributes, 0, sizeof attributes); /* the kernel looks at all of it */
	attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attributes.insn_cnt = (uint32_t)devices_compile(devices, count, program);
	attributes.insns = (uintptr_t)program;
	attributes.license = (uintptr_t)"";
	return sys_bpf(BPF_PROG_LOAD, &attributes, sizeof attributes);
}

bool devices_has_programs(void)
{
	int fd = load(NULL, 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int attach(int directory, int program)
{
	union bpf_attr attributes;

	memset(&attributes, 0, sizeof attributes);
	attributes.target_fd = (uint32_t)directory;
	attributes.attach_bpf_fd = (uint32_t)program;
	attributes.attach_type = BPF_CGROUP_DEVICE;
	attributes.attach_flags = BPF_F_ALLOW_MULTI; /* whoever made the cgroups above may have said something as well */
	return sys_bpf(BPF_PROG_ATTACH, &attributes, sizeof attributes);
}

static char *add_number(char *end, int number)
{
	return number < 0 ? stpcpy(end, "*") : decimal(end, (unsigned long)number);
}

/* "c 1:3 rwm" */
static int allow(int directory, const struct device *device)
{
	static const struct { char letter; uint8_t bit; } letters[] = {{'r', DEVICE_READ}, {'w', DEVICE_WRITE}, {'m', DEVICE_MKNOD}};
	char text[48] = "b ", *end = text + 2;

	if (device->type == DEVICE_CHAR)
		*text = 'c';
	end = add_number(end, device->major);
	*end++ = ':';
	end = add_number(end, device->minor);
	*end++ = ' ';
	for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++)
		if (device->access & letters[i].bit)
			*end++ = letters[i].letter;
	return file_write(directory, "devices.allow", text, (size_t)(end - text));
}

int devices_apply(const struct place *place, const struct device *devices, size_t count)
{
	int program, result, error;

	if (place->in.version == 1) {
		for (size_t i = 0; i < count; i++)
			if (allow(place->directory, &devices[i]) < 0)
				return -1;
		return 0;
	}
	program = load(devices, count);
	if (program < 0)
		return -1;
	result = attach(place->directory, program);
	error = errno;
	close(program); /* the cgroup holds it */
	errno = error;
	return result;
}
