# SPDX-License-Identifier: MIT
"""The initramfs of a run: nsinit, busybox, the program with what it needs, and the modules for the devices asked for."""

import os
import shutil

import archive
import contents
from machine import ROOT, Trouble, script

# What a device needs in the guest. Where a kernel has one of them built in, or not at all, that line is passed over.
MODULES = {
    "always": "virtio_pci virtio_mmio virtio_console button evdev gpio_keys",
    "disk": "virtio_blk ext4 squashfs overlay loop",
    "share": "9pnet_virtio 9p",
    "port": "virtio_net",
}
NEEDED = {"share": ("9p", "--share")}

BUSYBOX_STANDS_FOR = ("", "/bin", "/sbin", "/usr/bin", "/usr/sbin")
COMMAND = "qemu-run/command"


def quoted(word):
    return "'" + word.replace("$", "$$").replace("'", "'\"'\"'") + "'"


class Guest:
    """What is put in for one run."""

    def __init__(self, architecture, kernel, init=None):
        self.build = os.path.join(ROOT, architecture.build)
        self.kernel, self.sysroot = kernel, "/"
        if architecture.build != "build" or not shutil.which("busybox"):
            self.sysroot = script(os.path.join(ROOT, "scripts/debian"), *architecture.debian, "busybox-static")[-1]
        self.contents = contents.Contents({"nsinit": init or self.built("nsinit")}, self.sysroot, kernel.modules)
        self.follow(f"include {quoted(os.path.join(ROOT, 'initramfs/examples/shell'))}")

    def built(self, name):
        path = os.path.join(self.build, name)
        if not os.path.exists(path):
            word = "" if self.build.endswith("/build") else " ARCH=" + os.path.basename(self.build)
            raise Trouble(f"{path} is not built; run make{word}")
        return path

    def follow(self, text):
        self.contents.read("qemu/run", text)

    def modules(self, device):
        for name in MODULES[device].split() if self.kernel.modules else []:
            self.follow(f"module? {name}")
        name, option = NEEDED.get(device, (None, None))
        if name and self.kernel.modules and not self.contents.known_modules.knows(name):
            raise Trouble(f"{option}: this kernel has no module {name}; --kernel amd64-full has it")

    def program(self, words):
        """Puts the program in, unless it is one of busybox's, and its words, which the kernel's command line may not hold."""
        self.follow("program /qemu-run/stdio " + quoted(self.built("stdio")))
        words = [self.place(words[0]), *words[1:]]
        content = b"".join(word.encode(errors="surrogateescape") + b"\0" for word in words)
        self.contents.entries[COMMAND] = archive.Entry(0o100644, content)

    def place(self, word):
        """The program's path in the guest; files that are there, or busybox's, stand for themselves."""
        directory, name = os.path.split(word)
        if word.strip("/") in self.contents.entries:
            return word
        if f"bin/{name}" in self.contents.entries and directory in BUSYBOX_STANDS_FOR:
            return f"/bin/{name}"
        path = os.path.abspath(word) if "/" in word else shutil.which(word)
        if not path or not os.path.isfile(path):
            return word  # for the guest to miss
        with open(path, "rb") as file:
            start = file.read(256)
        if start[:2] == b"#!":
            self.follow(f"file {quoted(path)} mode=755")
            self.interpreter(path, start)
        else:
            self.follow(f"program {quoted(path)} {quoted(path)}")
        return path

    def interpreter(self, path, start):
        word = start[2:].split(b"\n")[0].split()[0].decode()
        if (inside := self.place(word)) != word and word.strip("/") not in self.contents.entries:
            self.follow(f"link {word} {inside}")
        if os.path.basename(word) == "env":
            raise Trouble(f"{path} starts through {word}, which hides what it needs; put its interpreter before it")

    def archive(self, extra=()):
        for name in extra:
            self.contents.read(name)
        return archive.newc(self.contents.finish())
