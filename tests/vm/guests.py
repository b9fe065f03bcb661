# SPDX-License-Identifier: MIT
"""
Machines for the tests: a kernel of Debian's, an archive of files as its initramfs, QEMU. What a machine says on its console and
writes to its second serial port, where nsinit tells the status, comes back as text; its end is waited for, and a machine that
does not come to it in time has failed.
"""

import functools
import os
import platform
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(1, str(Path(__file__).resolve().parents[2] / "initramfs"))

from archive import Entry, newc  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
QEMU = "qemu-system-x86_64"
PATIENCE = 300  # seconds until a guest without hardware help, on a busy machine, counts as hanging
DIRECTORY, FILE, LINK, NODE = 0o040000, 0o100000, 0o120000, 0o020000


def tool(name, package):
    found = shutil.which(name)
    if not found:
        pytest.skip(f"needs {name} (Debian: {package})")
    return found


@functools.cache
def kernel_tree():
    """Where Debian's kernel is unpacked, which qemu/kernel fetches once."""
    done = subprocess.run([ROOT / "qemu/kernel", "amd64"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"needs a kernel: {done.stderr.strip()}")
    return Path(done.stdout.strip())


def kernel():
    return next(kernel_tree().glob("boot/vmlinuz-*"))


def module(name):
    """A module of that kernel, as bytes."""
    return next(kernel_tree().glob(f"lib/modules/*/kernel/**/{name}.ko")).read_bytes()


def static_busybox():
    busybox = tool("busybox", "busybox-static")
    if subprocess.run(["ldd", busybox], capture_output=True, check=False).returncode == 0:
        pytest.skip("needs a static busybox (Debian: busybox-static)")
    return busybox


def entry(what):
    """An entry of the archive: bytes or text are a file, executable if it begins as one, a Path its copy, a tuple arguments of Entry."""
    if isinstance(what, tuple):
        return Entry(*what)
    data = what.read_bytes() if isinstance(what, Path) else what.encode() if isinstance(what, str) else what
    return Entry(FILE | (0o755 if data[:2] == b"#!" or data[:4] == b"\x7fELF" else 0o644), data)


class Files(dict):
    """An initramfs: path -> what entry() takes. The directories on the way are made."""

    def archive(self):
        entries = {str(parent): Entry(DIRECTORY | 0o755) for path in self for parent in Path(path).parents if str(parent) != "."}
        return newc(entries | {path: entry(what) for path, what in self.items()})


def files(**others):
    """nsinit as /init, busybox as every other program, and /dev/console."""
    tree = Files({"init": BUILD / "nsinit", "bin/busybox": Path(static_busybox()), "dev/console": (NODE | 0o600, b"", (5, 1))})
    for applet in ("poweroff", "reboot", "halt"):
        tree["sbin/" + applet] = (LINK | 0o777, b"/init")
    for applet in subprocess.run([static_busybox(), "--list"], capture_output=True, text=True, check=True).stdout.split():
        if applet not in ("busybox", "init", "poweroff", "reboot", "halt"):
            tree["bin/" + applet] = (LINK | 0o777, b"busybox")
    tree.update(others)
    return tree


class Machine:
    """A boot from its begin to its end. .console and .port are what it said, .status what it told of the program, or None."""

    started = []  # whatever becomes of a test, conftest.py ends them

    def __init__(self, directory, tree, words="", options=(), timeout=PATIENCE):
        if platform.machine() != "x86_64":
            pytest.skip("the guest runs the x86-64 binary")
        if not (BUILD / "nsinit").exists():
            pytest.fail(f"{BUILD / 'nsinit'} is not built: run make first", pytrace=False)
        self.port_file = directory / "port"
        (directory / "initramfs").write_bytes(tree.archive())
        self.command = [
            tool(QEMU, "qemu-system-x86"), "-accel", "tcg", "-M", "q35", "-cpu", "max", "-m", "256", "-nodefaults", "-display", "none",
            "-serial", "stdio", "-serial", f"file:{self.port_file}", "-no-reboot", "-kernel", str(kernel()),
            "-initrd", str(directory / "initramfs"), *options,
            "-append", "console=ttyS0 quiet panic=-1 no_timer_check nsinit.exit-port=/dev/ttyS1 " + words]
        self.timeout = timeout
        self.said = b""
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.started.append(self.process)

    def read_until(self, pattern):
        """The match of the pattern in what the console has said by then."""
        deadline = time.monotonic() + self.timeout
        while not (found := re.search(pattern, self.said.decode(errors="replace"))):
            ready = select.select([self.process.stdout], [], [], deadline - time.monotonic())[0] if time.monotonic() < deadline else []
            more = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            if not more:
                self.process.kill()
                raise AssertionError(f"no {pattern!r}; the console: {self.said[-3000:].decode(errors='replace')}")
            self.said += more
        return found

    def type(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def finish(self, typed=b""):
        try:
            said = self.said + self.process.communicate(typed, timeout=self.timeout)[0]
            self.ended = True
        except subprocess.TimeoutExpired as late:
            self.process.kill()
            said = (late.stdout or b"") + self.process.communicate()[0]
            self.ended = False
        self.console = said.decode(errors="replace").replace("\r", "")
        self.port = self.port_file.read_text(errors="replace").replace("\r", "") if self.port_file.exists() else ""
        told = re.fullmatch(r"nsinit: status (\d+)\n", self.port)
        self.status = int(told.group(1)) if told else None
        return self

    def line(self, pattern):
        """The match of the pattern, a whole line of the console."""
        found = re.search(rf"^{pattern}$", self.console, re.M)
        assert found, f"no line {pattern!r}; the console: {self.console[-3000:]}"
        return found


def booted(directory, tree, words="", **options):
    machine = Machine(directory, tree, words, **options).finish()
    assert machine.ended, f"the machine did not end; the console: {machine.console[-3000:]}"
    assert "Kernel panic" not in machine.console, machine.console[-3000:]
    return machine
