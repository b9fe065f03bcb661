# SPDX-License-Identifier: MIT
#
# make unit: the unit tests. One binary a file, with glibc and two sanitizers. Included by the Makefile at the top.

UNIT = $(B)/unit
UNIT_CC = gcc
UNIT_CPPFLAGS = -D_GNU_SOURCE -Iinclude -I$(B) -Itests/unit
UNIT_CFLAGS = -std=gnu11 -O1 -g -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=all

# fake.c replaces every call of sys.h, and of libc's those that would change the machine or that a test makes fail.
UNIT_WRAPPED = $(shell grep -ow 'sys_[a-z_]*' include/sys.h | sort -u) \
	open openat chdir execve sethostname setdomainname mknodat setpgid prctl socket ioctl kill geteuid getegid \
	prlimit setpriority setns fstatfs
UNIT_LDFLAGS = -fsanitize=address,undefined $(UNIT_WRAPPED:%=-Wl,--wrap=%)

UNIT_CODE = $(patsubst %.c,$(UNIT)/%.o,$(filter-out init/main.c,$(SOURCES)) tests/unit/unit.c tests/unit/fake.c tests/unit/bpf.c)
UNIT_TESTS = $(patsubst tests/unit/%.c,$(UNIT)/%,$(sort $(wildcard tests/unit/*/test_*.c)))

.PHONY: unit
unit: $(UNIT_TESTS)
	@tests/unit/run $(UNIT)/result $(UNIT_TESTS)

$(UNIT_TESTS): $(UNIT)/%: $(UNIT)/tests/unit/%.o $(UNIT_CODE)
	@mkdir -p $(@D)
	@$(UNIT_CC) $(UNIT_LDFLAGS) -o $@ $^ -lcmocka

$(UNIT)/%.o: %.c $(wildcard include/*.h tests/unit/*.h) $(B)/version.h tests/unit/unit.mk
	@mkdir -p $(@D)
	@$(UNIT_CC) $(UNIT_CPPFLAGS) $(UNIT_CFLAGS) -c -o $@ $<

# Kept between runs, which make would otherwise not do with objects that no rule names.
.SECONDARY: $(UNIT_CODE) $(UNIT_TESTS:$(UNIT)/%=$(UNIT)/tests/unit/%.o)
