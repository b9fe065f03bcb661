# SPDX-License-Identifier: MIT
#
#   make          build/nsinit, static, with musl-gcc        make run      build it and be inside a container
#   make test     everything that CI runs                    make bench    beside its peers
#   make boot     build it and be in a machine               make appliance  an image that serves a page
#   make packages services of Debian's packages under it, in a table
#   make lint     compilers, analysers, house rules          make install  PREFIX=/usr/local DESTDIR=
#   make ARCH=arm64|armv7|riscv64   build/ARCH/nsinit, crossed

VERSION = 0.1.0
PREFIX = /usr/local
PYTHON = /usr/bin/python3

B = build
CC = musl-gcc
# musl-gcc sees only musl's headers; the kernel's come after them.
KERNEL_HEADERS = -idirafter /usr/include -idirafter /usr/include/$(shell gcc -print-multiarch 2>/dev/null)
WARNINGS = -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Werror
CPPFLAGS = -D_GNU_SOURCE -Iinclude -I$(B)
CFLAGS = -std=gnu11 -Oz -fno-pie $(WARNINGS) -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables \
	-fno-stack-protector -fmerge-all-constants -ffile-prefix-map=$(CURDIR)=. $(UNALIGNED)
# One segment layout without page padding keeps the file, and what is resident of it, small.
# Sorted by name, libc's few variables lie beside ours, before the big arrays of the plan: a page less to touch.
LDFLAGS = -static -no-pie -s -Wl,--gc-sections -Wl,--sort-section=name -Wl,-z,noseparate-code -Wl,--build-id=none -Wl,-z,norelro

.DEFAULT_GOAL = all
# Only as make ARCH=...: kernel developers have such a variable in their environment.
ifeq ($(origin ARCH),command line)
include scripts/cross.mk
endif

# gcc for x86 aligns each table and longer text to 32 bytes, beyond what the ABI asks for; no other has the option.
UNALIGNED := $(shell $(CC) -malign-data=abi -E -x c /dev/null >/dev/null 2>&1 && echo -malign-data=abi)

HOUSE = init boot service spawn
SOURCES = $(wildcard $(HOUSE:%=%/*.c))
OBJECTS = $(SOURCES:%.c=$(B)/obj/%.o)
HEADERS = $(wildcard include/*.h)

.PHONY: all run boot appliance packages test test-all lint bench bench-boot bench-services install uninstall clean FORCE doc doc-lint unit
all: $(B)/nsinit $(B)/probe $(B)/attack $(B)/stdio

$(B)/nsinit: $(OBJECTS) init/layout.ld
	@$(CC) $(LDFLAGS) -Wl,-T,init/layout.ld -o $@ $(OBJECTS)

$(B)/obj/%.o: %.c $(HEADERS) $(B)/version.h Makefile $(CROSS_NEEDS)
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS) $(CFLAGS) $(KERNEL_HEADERS) -c -o $@ $<

$(B)/probe $(B)/attack: $(B)/%: tests/%.c
$(B)/stdio: qemu/stdio.c
$(B)/probe $(B)/attack $(B)/stdio: $(CROSS_NEEDS)
	@mkdir -p $(@D)
	@$(CC) -std=gnu11 -Os -static -s $(KERNEL_HEADERS) -o $@ $(filter %.c,$^)

# Docker shows the commit; a tree without git builds too. The file changes only when its content does.
$(B)/version.h: FORCE
	@mkdir -p $(@D)
	@commit=$$(git rev-parse --short=12 HEAD 2>/dev/null || echo none); \
	printf '#define NSINIT_VERSION "%s"\n#define NSINIT_COMMIT "%s"\n' '$(VERSION)' "$$commit" > $@.new; \
	if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# The packages come first: without them nothing can be built.
run:
	@scripts/need build run
	@$(MAKE) --no-print-directory $(B)/nsinit
	@scripts/rootfs $(B)/rootfs
	@scripts/run $(B)/nsinit $(B)/rootfs

# BOOT: options of qemu/run, and a program instead of the shell.
boot:
	@scripts/need build vm
	@$(MAKE) --no-print-directory all
	@qemu/run --list initramfs/examples/services $(BOOT) $(if $(BOOT),,|| [ $$? -lt 122 ]) # a shell ends as it ends

# Kernel, initramfs and disk of a machine that serves a page.
APPLIANCE = $(B)/appliance
appliance:
	@scripts/need build vm
	@$(MAKE) --no-print-directory all
	@initramfs/appliance $(APPLIANCE) $(B)/nsinit

# PACKAGES: options of tests/packages/packages, and rows of its table.
packages:
	@scripts/need build test
	@$(MAKE) --no-print-directory $(B)/nsinit
	@tests/packages/packages $(PACKAGES)

test test-all:
	@scripts/need build run lint test engine vm cross
	@$(MAKE) --no-print-directory all doc
	@scripts/test $(if $(filter test-all,$@),--all)

lint: all doc-lint
	@scripts/lint $(B)

bench: all
	@scripts/need build bench
	@bench/bench --nsinit $(B)/nsinit --out $(B)/bench $(BENCH)

bench-boot: all
	@scripts/need build bench test
	@bench/boot --nsinit $(B)/nsinit --out $(B)/bench $(BENCH)

bench-services: all
	@scripts/need build bench
	@bench/services --nsinit $(B)/nsinit --out $(B)/bench $(BENCH)

include tests/unit/unit.mk doc/doc.mk

BINDIR = $(DESTDIR)$(PREFIX)/sbin
SHARE = $(DESTDIR)$(PREFIX)/share
NAMES = nsinit nsctl
INSTALLED = $(NAMES:%=$(BINDIR)/%) $(NAMES:%=$(SHARE)/man/man8/%.8) $(NAMES:%=$(SHARE)/bash-completion/completions/%) \
	$(NAMES:%=$(SHARE)/zsh/site-functions/_%) $(NAMES:%=$(SHARE)/fish/vendor_completions.d/%.fish)

install: $(B)/nsinit doc
	install -D -m 755 $(B)/nsinit $(BINDIR)/nsinit
	ln -sf nsinit $(BINDIR)/nsctl
	for name in $(NAMES); do \
		install -D -m 644 $(B)/$$name.8 $(SHARE)/man/man8/$$name.8 && \
		install -D -m 644 $(B)/completions/$$name.bash $(SHARE)/bash-completion/completions/$$name && \
		install -D -m 644 $(B)/completions/_$$name $(SHARE)/zsh/site-functions/_$$name && \
		install -D -m 644 $(B)/completions/$$name.fish $(SHARE)/fish/vendor_completions.d/$$name.fish || exit; done

uninstall:
	rm -f $(INSTALLED)

clean:
	rm -rf $(B)
