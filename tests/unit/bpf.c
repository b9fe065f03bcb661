/* SPDX-License-Identifier: MIT
 *
 * See bpf.h. Each instruction has its own line of the manual: Documentation/networking/filter.rst of the kernel.
 */
#include "bpf.h"

#include <stdbool.h>

#include "unit.h"

uint32_t bpf_run(const struct sock_filter *program, size_t length, const struct seccomp_data *data)
{
	uint32_t accumulator = 0, index = 0;

	for (size_t at = 0, steps = 0; at < length; at++, steps++) {
		const struct sock_filter *code = &program[at];
		bool yes = false;

		assert_true(steps < length);
		switch (code->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			assert_true(code->k + 4 <= sizeof *data && code->k % 4 == 0);
			memcpy(&accumulator, (const char *)data + code->k, 4);
			continue;
		case BPF_LD | BPF_IMM:
			accumulator = code->k;
			continue;
		case BPF_MISC | BPF_TAX:
			index = accumulator;
			continue;
		case BPF_ALU | BPF_LSH | BPF_X:
			assert_true(index < 32);
			accumulator <<= index;
			continue;
		case BPF_ALU | BPF_SUB | BPF_K:
			accumulator -= code->k;
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			accumulator &= code->k;
			continue;
		case BPF_RET | BPF_K:
			return code->k;
		case BPF_JMP | BPF_JA:
			at += code->k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			yes = accumulator == code->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			yes = accumulator >= code->k;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			yes = accumulator & code->k;
			break;
		default:
			fail_msg("instruction %zu has the code %#x", at, code->code);
		}
		at += yes ? code->jt : code->jf;
	}
	fail_msg("the program runs over its end");
	return 0;
}
