# SPDX-License-Identifier: MIT
"""The machines: what QEMU is called and told for each architecture, and which kernel boots there."""

import glob
import os
import platform
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)


class Trouble(Exception):
    """What qemu/run cannot do, in words for its user."""


class Architecture:
    """A row of the table below. Beside QEMU and its machine, debian is where Debian has this architecture's packages."""

    def __init__(self, qemu, options, console, build, debian):
        self.qemu, self.options, self.console, self.build, self.debian = qemu, options.split(), console, build, debian


ARCHITECTURES = {
    "amd64": Architecture("qemu-system-x86_64", "-M q35 -cpu max", "ttyS0", "build", ("bookworm", "amd64")),
    # Without the last word the emulated pointer authentication takes most of the time.
    "arm64": Architecture("qemu-system-aarch64", "-M virt -cpu max,pauth-impdef=on", "ttyAMA0", "build/arm64", ("bookworm", "arm64")),
    "armv7": Architecture("qemu-system-arm", "-M virt,highmem=off -cpu cortex-a15", "ttyAMA0", "build/armv7", ("bookworm", "armhf")),
    "riscv64": Architecture("qemu-system-riscv64", "-M virt -cpu rv64", "ttyS0", "build/riscv64", ("trixie|forky", "riscv64")),
}

# A machine by another name, of amd64: QEMU's options, the kind of its devices, what the kernel has to know, how it ends.
# Firecracker gives its guests the words for microvm, but has a keyboard controller for reboot=k. QEMU's has none: the kernel would jump
# to the BIOS in the end, and now and then that boots again; a triple fault (t) is a reset, which ends QEMU.
MACHINES = {
    "default": ([], "pci", "", "poweroff"),
    "microvm": (["-M", "microvm,acpi=on,rtc=on,pit=on,pic=on", "-cpu", "max"], "device", "reboot=t panic=1 pci=off", "reboot"),
}

NATIVE = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "armv7", "riscv64": "riscv64"}.get(platform.machine())


def script(*words):
    """The lines that a script prints; what it complains about becomes Trouble."""
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Trouble((done.stderr.strip() or words[0]).removeprefix("kernel: "))
    return done.stdout.splitlines()


class Kernel:
    """The kernel's file, and its modules where there are any: of Debian by name, or a file with its modules beside it."""

    def __init__(self, name):
        if os.path.isfile(name):
            self.file = name
            version = os.path.basename(name).partition("-")[2]
            trees = [os.path.join(os.path.dirname(name), "../lib/modules", version)]
        else:
            tree = script(os.path.join(HERE, "kernel"), name)[-1]
            trees = glob.glob(tree + "/lib/modules/*") + glob.glob(tree + "/usr/lib/modules/*")
            self.file = (glob.glob(tree + "/boot/vmlinu[xz]-*") + glob.glob(tree + "/usr/lib/modules/*/vmlinuz"))[0]
        self.modules = next((tree for tree in trees if os.path.isdir(tree)), None)


class Devices:
    """QEMU's options for the devices of one machine. Its sockets are handed over open, and their other ends are in ends."""

    def __init__(self, kind):
        self.kind, self.options, self.count = kind, [], 0

    def add(self, driver, *settings):
        self.options += ["-device", ",".join([f"{driver}-{self.kind}", *settings])]

    def channel(self, name, fd):
        self.options += ["-chardev", f"socket,id={name},fd={fd}"]

    def port(self, number, name):
        self.options += ["-device", f"virtserialport,bus=ports.0,nr={number},chardev={name},name=nsinit.{name}"]

    def terminal(self, name):
        self.options += ["-device", f"virtconsole,bus=ports.0,chardev={name}"]

    def disk(self, path):
        only_read = "off" if os.access(path, os.W_OK) else "on"
        self.count += 1
        escaped = path.replace(",", ",,")
        self.options += ["-drive", f"if=none,id=disk{self.count},format=raw,readonly={only_read},file={escaped}"]
        self.add("virtio-blk", f"drive=disk{self.count}")

    def share(self, path):
        self.count += 1
        escaped = path.replace(",", ",,")
        self.options += ["-fsdev", f"local,id=share{self.count},path={escaped},security_model=none"]
        self.add("virtio-9p", f"fsdev=share{self.count}", f"mount_tag=share{self.count}")
        return f"share{self.count}"

    def network(self, ports):
        # restrict: nothing leaves for the network, only the forwarded ports come in.
        forwards = "".join(f",hostfwd=tcp:127.0.0.1:{host}-:{guest}" for host, guest in ports)
        self.options += ["-netdev", "user,id=net,restrict=on" + forwards]
        self.add("virtio-net", "netdev=net", *(["romfile="] if self.kind == "pci" else []))
