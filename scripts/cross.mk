# SPDX-License-Identifier: MIT
#
# make ARCH=arm64|armv7|riscv64: Debian's cross compiler, with musl and the kernel's headers of that architecture, which are
# unpacked below build/debian and not installed. Included by the Makefile at the top.

# The compiler's prefix, musl's name for the machine, and where Debian has its packages.
CROSS_arm64 = aarch64-linux-gnu aarch64-linux-musl bookworm arm64
CROSS_armv7 = arm-linux-gnueabihf arm-linux-musleabihf bookworm armhf
CROSS_riscv64 = riscv64-linux-gnu riscv64-linux-musl trixie|forky riscv64

CROSS = $(CROSS_$(ARCH))
$(if $(CROSS),,$(error ARCH=$(ARCH): there are arm64, armv7 and riscv64))
PREFIX_OF_CROSS = $(word 1,$(CROSS))
MUSL = $(word 2,$(CROSS))

B = build/$(ARCH)
CC = $(PREFIX_OF_CROSS)-gcc -specs=$(B)/musl.specs
# From the links that the rule below leaves, so that no path of this machine's gets into a binary.
KERNEL_HEADERS = -idirafter $(B)/linux -idirafter $(B)/linux/$(PREFIX_OF_CROSS)
CROSS_NEEDS = $(B)/musl.specs

# musl's own specs for gcc, with the places where its files are.
$(B)/musl.specs: scripts/cross.mk scripts/debian
	@mkdir -p $(@D)
	@scripts/debian '$(word 3,$(CROSS))' $(word 4,$(CROSS)) musl-dev linux-libc-dev >$(B)/packages
	@ln -sfn "$$(sed -n 1p $(B)/packages)/usr" $(B)/musl
	@ln -sfn "$$(sed -n 2p $(B)/packages)/usr/include" $(B)/linux
	@sed 's,/usr/\([a-z]*\)/$(MUSL),$(B)/musl/\1/$(MUSL),g' $(B)/musl/lib/$(MUSL)/musl-gcc.specs >$@
