# SPDX-License-Identifier: MIT
"""
What the tests of role run share, beside conftest.py.

Box(nsinit, caller, rootfs): nsinit as a launcher, with --rootfs when there is one (None: the host's root)
  .command(options, program)   argv; options are a string, split at spaces, or a list
  .start .run .pty             as Caller's, of that command
  .sleeping(options)           a context: the probe asleep in a container, as a Running (.launcher .pid1 .program)
one_line(result, status, *words)   nsinit's own failure: exactly one line, `nsinit: WHAT: REASON; REMEDY`
snapshot(path)               a tree as a dictionary: what any write to it would change
small_root(path, probe)      a root directory of a few links: busybox, sh and the probe, for tests that change it
table(report)                {target: (type, options)} of the probe's report; attributes(report, target) the options of one,
                             words(text) those of a text; restricted(*more) what most mounts have. How times are kept never counts.
in_own_uts()                 a setup= for starts that could rename the host
"""

import contextlib
import os
import re
import shutil
import stat
from pathlib import Path

import pytest
from harness import CLONE_NEWNS, MS_PRIVATE, MS_REC, checked, children_of, kill_quietly, libraries_of

CLONE_NEWUTS, CLONE_NEWUSER = 0x04000000, 0x10000000
TIMES = {"relatime", "noatime", "nodiratime", "strictatime"}
KINDS = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")


class Running:
    """A container that sleeps; pids are those outside."""

    def __init__(self, launcher):
        self.launcher = launcher
        [self.pid1] = children_of(launcher.pid)
        [self.program] = children_of(self.pid1)


class Box:
    def __init__(self, nsinit, caller, rootfs=None):
        self.nsinit, self.caller, self.rootfs = nsinit, caller, rootfs

    def command(self, options, program):
        options = options.split() if isinstance(options, str) else list(options)
        root = ["--rootfs", self.rootfs] if self.rootfs else []
        return [self.nsinit, *root, *options, *(["--", *program] if program else [])]

    def start(self, options, program, **more):
        return self.caller.start(self.command(options, program), **more)

    def run(self, options, program, **more):
        return self.start(options, program, **more).finish()

    def sh(self, options, script, **more):
        return self.run(options, ["/bin/sh", "-c", script], **more)

    def pty(self, options, program, **more):
        return self.caller.pty(self.command(options, program), **more)

    def caller_with_empty(self, directories):
        """
        A setup= (with ids=False): the caller, in a mount namespace where these directories of the host are empty
        ones in memory. What escapes from a container then does no harm.
        """
        def prepare():
            if os.geteuid() == 0:
                checked("unshare", CLONE_NEWNS)
                checked("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
                for path in directories:
                    checked("mount", b"tmpfs", os.fsencode(path), b"tmpfs", 0, b"mode=755")
            self.caller.become()
        return prepare

    @contextlib.contextmanager
    def sleeping(self, options="", program=("/bin/probe", "sleep"), **more):
        launcher = self.start(options, program, **more)
        try:
            assert launcher.line() == "ready"
            yield Running(launcher)
        finally:
            for pid in children_of(launcher.pid):
                kill_quietly(pid)
            launcher.finish()


def one_line(result, status, *words):
    assert (result.status, result.out) == (status, ""), result
    assert re.fullmatch(r"nsinit: [^\n;]+; [^\n]+\n", result.err), result.err
    for word in words:
        assert str(word) in result.err, (word, result.err)


def fact(path):
    info = path.lstat()
    if stat.S_ISLNK(info.st_mode):
        return ("link", os.readlink(path))
    if stat.S_ISREG(info.st_mode):
        return ("file", info.st_mode, info.st_uid, info.st_mtime_ns, path.read_bytes())
    return ("other", info.st_mode, info.st_uid, info.st_rdev, info.st_mtime_ns)


def snapshot(path):
    path = Path(path)
    return {str(p.relative_to(path)): fact(p) for p in [path, *path.rglob("*")]}


def own(path, uid):
    """Gives a tree to an ordinary caller; root's tests only."""
    if os.geteuid() == 0:
        for name in [path, *path.rglob("*")]:
            os.chown(name, uid, uid, follow_symlinks=False)


def add_program(root, program):
    """A program of this machine, with the libraries that ldd names, at the same paths."""
    for source in [program, *libraries_of(program)]:
        target = root / source.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


MOUNT_POINTS = ("proc", "sys", "dev", "run", "tmp")


def small_root(path, probe, mount_points=MOUNT_POINTS):
    busybox = shutil.which("busybox")
    if not busybox or libraries_of(busybox):
        pytest.skip("needs a static busybox (Debian: busybox-static) to make a root directory")
    for name in ("bin", "etc", "mnt", *mount_points):
        (path / name).mkdir(parents=True)
    shutil.copy(busybox, path / "bin/busybox")
    shutil.copy(probe, path / "bin/probe")
    for name in ("sh", "cat", "ls", "id", "touch", "stat", "hostname", "mount", "umount", "sleep", "true", "readlink"):
        (path / "bin" / name).symlink_to("busybox")
    (path / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/sh\n")
    (path / "etc/group").write_text("root:x:0:\nuser:x:1000:\n")
    return path


def words(text):
    return set(text.split(",")) - TIMES


def table(report):
    """{target: (type, options)} of the last mount on each target, which is the one that is seen."""
    return {m["target"]: (m["type"], words(m["options"])) for m in report["mounts"]}


def attributes(report, target):
    return table(report)[target][1]


def restricted(*more):
    return {"nosuid", "nodev", "noexec", *more}


def in_own_uts():
    checked("unshare", CLONE_NEWUTS)


def host_namespaces():
    """Inode numbers, as the probe reports them."""
    return {kind: int(os.readlink(f"/proc/self/ns/{kind}").split("[")[1][:-1]) for kind in KINDS}
