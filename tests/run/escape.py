# SPDX-License-Identifier: MIT
"""
What the tests of attacks share.

Each class of attack is a row (an Attack) that is run three ways: against nsinit, which must refuse it; with its
protection taken away, where it must succeed, because else the first shows nothing; and against bubblewrap, which is only
recorded. The attacks are those of tests/attack.c. What they win is a proof, as a descriptor open for writing, and harms nothing.
"""

import contextlib
import ctypes
import dataclasses
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
from pathlib import Path

import pytest
from containers import Box, own, small_root
from harness import CLONE_NEWNS, MS_PRIVATE, MS_REC, caller_named, checked, kill_quietly, libc, linux, need_root

MS_BIND, MS_MOVE = 0x1000, 0x2000
IPC_CREAT, IPC_RMID = 0o1000, 0
GROUP_SHUT_OUT = 4242

# Where an attack can run without nsinit: as the caller on the host, or in the container that a careless launcher makes,
# with a root that chroot(2) makes, or one put over the host's by MS_MOVE.
HOST, CHROOT, NAIVE = "on the host", "in a chroot", "in a moved root"

# What a refusal says where this kernel does not have what is attacked.
LACKS = ("Function not implemented", "No such file or directory", "No such device", "not supported")


@dataclasses.dataclass(frozen=True)
class Attack:
    words: str                  # of the attack program; {name} is an attribute of World
    caller: str = "root"
    options: str = ""           # of nsinit, with and without the protection
    protection: str = ""        # options that are the protection, where it is not the default
    without: str = ""           # options that take it away; or HOST, CHROOT, NAIVE
    without_words: str = ""     # the attack that is the same then
    without_caller: str = ""    # whose start has no such protection
    before: str = ""            # words of the attack program, which then runs nsinit
    terminal: bool = False      # on a terminal
    in_group: bool = False      # the caller is in the group that World.shut shuts out
    leaks: bool = False         # the caller has descriptors of the host open
    optional: bool = False      # a kernel may lack what is attacked
    since: tuple = (0, 0)       # the version of Linux that has it

    def __str__(self):
        return "-".join(re.sub(r"[^\w/]+", "-", part).strip("-/") for part in (self.caller, self.words, self.options) if part)


def refused(outcome):
    return outcome.startswith("refused: ")


def in_own_mounts():
    checked("unshare", CLONE_NEWNS)
    checked("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)


class World:
    """A rootfs with the attack program in it, and what of the host it aims at, made when a row asks for it."""

    def __init__(self, nsinit, attack, scratch, probe, caller):
        self.nsinit, self.attack, self.scratch, self.caller = nsinit, attack, scratch, caller
        self.root = small_root(scratch / "root", probe)
        shutil.copy(attack, self.root / "bin/attack")
        own(self.root, caller.uid)
        self.targets, self.closing = {}, contextlib.ExitStack()

    def __getitem__(self, name):
        if name not in self.targets:
            self.targets[name] = getattr(self, name)()
        return self.targets[name]

    # ---- what is attacked ----

    def canary(self):
        path = self.scratch / "canary"
        path.write_text("canary\n")
        return path

    def handle(self):
        return subprocess.run([self.attack, "handle-of", self.canary()], capture_output=True, text=True, check=True).stdout

    def shut(self):
        """A file that is open to everybody but a group, which the caller is in."""
        path = self.root / "mnt/shut"
        path.write_text("x")
        os.chown(path, 0, GROUP_SHUT_OUT)
        path.chmod(0o604)
        return "/mnt/shut"

    def image_node(self):
        os.mknod(self.root / "mnt/node", stat.S_IFCHR | 0o666, os.makedev(1, 5))
        os.chmod(self.root / "mnt/node", 0o666)
        return "/mnt/node"

    def name(self):
        return f"nsinit-attack-{os.getpid()}"

    def victim(self):
        pid = os.fork()
        if pid == 0:
            os.setresuid(self.caller.uid, self.caller.uid, self.caller.uid)
            signal.pause()
        self.closing.callback(lambda: (kill_quietly(pid), os.waitpid(pid, 0)))
        return pid

    def segment(self):
        key = 0x6e730000 + os.getpid() % 0xffff
        number = libc.shmget(key, 4096, IPC_CREAT | 0o666)
        assert number >= 0, os.strerror(ctypes.get_errno())
        self.closing.callback(libc.shmctl, number, IPC_RMID, None)
        return key

    def abstract(self):
        name = f"{self.name()}-socket"
        listener = self.closing.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(f"\0{name}")
        listener.listen()
        return name

    def cgroup2(self):
        for fields in map(str.split, Path("/proc/self/mountinfo").read_text().splitlines()):
            if fields[fields.index("-") + 1] == "cgroup2":
                return fields[4]
        pytest.skip("no cgroup2 is mounted")

    def outside(self):
        """A process of the host that the caller may look at."""
        return os.getpid()

    # ---- how it is run ----

    def attack_words(self, text):
        return text.format_map(self).split()

    def launched(self, row, how, words):
        """The command line of an attack, and what the process does before it; how: options, HOST, CHROOT or NAIVE."""
        if how == CHROOT:
            return ["/bin/attack", *self.attack_words(words)], self.enter_chroot
        if how == NAIVE:
            return ["/bin/attack", *self.attack_words(words)], self.enter_naively
        command = [self.attack, *self.attack_words(words)] if how == HOST else self.command(how, words)
        return [*self.before(row), *command], None

    def before(self, row):
        return [self.attack, *self.attack_words(row.before)] if row.before else []

    def command(self, options, words):
        return Box(self.nsinit, self.caller, self.root).command(options, ["/bin/attack", *self.attack_words(words)])

    def enter_chroot(self):
        in_own_mounts()
        checked("mount", b"/proc", os.fsencode(self.root / "proc"), None, MS_BIND | MS_REC, None)
        os.chroot(self.root)
        os.chdir("/")

    def enter_naively(self):
        root = os.fsencode(self.root)
        in_own_mounts()
        checked("mount", root, root, None, MS_BIND, None)
        checked("mount", b"/proc", root + b"/proc", None, MS_BIND | MS_REC, None)
        os.chdir(root)
        checked("mount", root, b"/", None, MS_MOVE, None)
        os.chroot(".")

    def prepare(self, row, host, setup):
        """What the caller has done before: a setup= for ids=False."""
        def prepare():
            os.setgroups([GROUP_SHUT_OUT] if row.in_group else [])
            os.setresgid(*3 * (self.caller.uid,))
            os.setresuid(*3 * (self.caller.uid,))
            for fd in range(3, 51) if row.leaks else ():
                os.dup2(host, fd)
            if setup:
                setup()
        return prepare

    def run(self, row, command, setup=None):
        host = os.open("/", os.O_RDONLY)
        result = self.caller.run(command, setup=self.prepare(row, host, setup), ids=False, close_fds=not row.leaks)
        os.close(host)
        return result

    def outcome(self, row, command, setup=None):
        """ "won", or "refused: ..."; anything else is no outcome of an attack and fails."""
        if row.terminal:
            child = self.caller.pty(command)
            child.expect(r"(won|refused: [^\r\n]+)\r\n")
            said = child.match.group(1)
            child.wait()
            return said
        result = self.run(row, command, setup)
        said = result.out.splitlines()
        assert said and result.status == (0 if said[-1] == "won" else 1) and re.match("won$|refused: ", said[-1]), result
        return said[-1]

    def against_nsinit(self, row):
        return self.outcome(row, *self.launched(row, f"{row.options} {row.protection}", row.words))

    def without(self, row):
        how = row.without if row.without in (HOST, CHROOT, NAIVE) else f"{row.options} {row.without}"
        self.caller = caller_named(row.without_caller or row.caller)
        return self.outcome(row, *self.launched(row, how, row.without_words or row.words))

    def against_bubblewrap(self, row):
        """In what comes nearest to our own container."""
        mounts = "--proc /proc --dev /dev --tmpfs /tmp --ro-bind /sys /sys".split()
        namespaces = "--unshare-ipc --unshare-pid --unshare-uts --unshare-cgroup-try".split()
        namespaces += ["--unshare-net"] if "--net none" in row.protection else []
        bubblewrap = [shutil.which("bwrap"), "--bind", self.root, "/", *mounts, *namespaces]
        return self.outcome(row, [*self.before(row), *bubblewrap, "/bin/attack", *self.attack_words(row.words)])


@pytest.fixture
def world(nsinit, attack, scratch, probe, row):
    need_root("what is attacked is root's, and so are most controls")
    made = World(nsinit, attack, scratch, probe, caller_named(row.caller))
    with made.closing:
        yield made


def must_fail(world, row):
    outcome = world.against_nsinit(row)
    assert refused(outcome), outcome


def must_succeed(world, row):
    if linux() < row.since:
        pytest.skip("what is attacked came with Linux {}.{}".format(*row.since))
    outcome = world.without(row)
    if row.optional and refused(outcome) and outcome.endswith(LACKS):
        pytest.skip(f"this kernel has nothing to attack here: {outcome}")
    assert outcome == "won", outcome


def must_be_known(world, row, record_property):
    if not shutil.which("bwrap"):
        pytest.skip("needs bubblewrap to compare with (Debian: bubblewrap)")
    outcome = world.against_bubblewrap(row)
    record_property("bubblewrap", outcome)
    print(f"bubblewrap: {outcome}")


def by_rows(rows):
    return pytest.mark.parametrize("row", rows, ids=str)


def battery(rows):
    """The three tests of the rows: each attack fails, it is real, and how bubblewrap fares."""
    each = by_rows(rows)

    @each
    def attack_fails(world, row):
        must_fail(world, row)

    @each
    def attack_without_the_protection_succeeds(world, row):
        must_succeed(world, row)

    @each
    def attack_on_bubblewrap(world, row, record_property):
        must_be_known(world, row, record_property)

    return attack_fails, attack_without_the_protection_succeeds, attack_on_bubblewrap
