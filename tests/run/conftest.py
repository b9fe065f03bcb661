# SPDX-License-Identifier: MIT
"""
What the tests of the built binary share.

The binary and the probe are copied out of build/ to a directory that ordinary users can enter. Everything started
here is a descendant of this process (it is a subreaper, and root's tests have a mount namespace of their own), so
the check after each test sees what this test left and nothing of the tests beside it.

Fixtures
  nsinit, probe, attack   paths of the copies, as str
  scratch          a fresh directory for one test, writable by everyone
  caller           runs the test twice, as root and as an ordinary user (a Caller; `root` and `user` give one of them)
  init             runs the test once for each way of being role entrypoint (an Init): PID 1 as root, PID 1 as a
                   user, and --subreaper as a user; `pid1` and `subreaper` give the first and the last of these
  rootfs           a root directory for `caller`, owned by it: busybox and its applets, bash, the probe at /bin/probe;
                   `rootfs_of(caller)` is the same as a function; the tests share it: copy it before changing it
  box              nsinit as a launcher (a Box) with that root, for `caller`; `as_root` and `as_user` are one of them,
                   `bare` has the host's root, `small` a root of a few links that the test may change
  source           a directory of the host to bind

Caller.start(argv, **options) -> Process      options: env (added to a minimal one), stdin, stdout, stderr, cwd, pass_fds,
Caller.run(argv, **options)   -> Result         setup (called in the child before exec), pid1=True (PID 1 of a fresh
Caller.pty(argv, **options)   -> pexpect.spawn  PID namespace with its own /proc), ids=False (stay root until setup)
Init.start, Init.run, Init.pty(options, program, **as above): the same for `nsinit OPTIONS -- PROGRAM`
Process: .pid  .line()  .lines_until(text)  .send(signal[, value])  .finish() -> Result   (subprocess.Popen underneath)
Result: .status (as waitpid's: -n for a signal)  .out  .err  .report (the probe's JSON)
until(condition[, what]) polls; nothing here or in the tests sleeps in place of a condition. Import it, and the functions that
look at processes, from harness.
"""

import ctypes
import os
import platform
import resource
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from harness import (
    CLONE_NEWNS, MS_PRIVATE, MS_REC, MS_SHARED, PATIENCE, PR_SET_CHILD_SUBREAPER, caller_named, checked, command_of,
    descendants_of, init_named, kill_quietly, libraries_of, state_of, terminals,
)
from containers import Box, add_program, own, small_root
from services import World

BUILD = Path(__file__).resolve().parents[2] / "build"

# ---- fixtures ----


@pytest.fixture(scope="session")
def directory():
    os.umask(0o022)
    path = Path(tempfile.mkdtemp(prefix="nsinit-tests."))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


def copy_of_built(name, directory):
    if not (BUILD / name).exists():
        pytest.fail(f"{BUILD / name} is not built: run make first", pytrace=False)
    copy = directory / name
    shutil.copyfile(BUILD / name, copy)
    copy.chmod(0o755)
    os.sync()  # a dirty page cache would count as the program's private memory
    return str(copy)


@pytest.fixture(scope="session")
def nsinit(directory):
    return copy_of_built("nsinit", directory)


@pytest.fixture(scope="session")
def probe(directory):
    return copy_of_built("probe", directory)


@pytest.fixture(scope="session")
def attack(directory):
    return copy_of_built("attack", directory)


@pytest.fixture
def scratch(directory):
    path = Path(tempfile.mkdtemp(dir=directory))
    path.chmod(0o777)
    return path


@pytest.fixture(params=["root", "user"])
def caller(request):
    return caller_named(request.param)


@pytest.fixture
def root():
    return caller_named("root")


@pytest.fixture
def user():
    return caller_named("user")


@pytest.fixture(params=["pid1-root", "pid1-user", "subreaper-user"])
def init(request, nsinit):
    return init_named(nsinit, *request.param.split("-"))


@pytest.fixture
def pid1(nsinit):
    return init_named(nsinit, "pid1", "root")


@pytest.fixture
def subreaper(nsinit):
    return init_named(nsinit, "subreaper", "user")


# ---- the small root directory ----


def make_rootfs(path, probe):
    busybox = shutil.which("busybox")
    if not busybox or libraries_of(busybox):
        pytest.skip("needs a static busybox (Debian: busybox-static) to make a root directory")
    for name in "bin sbin usr/bin usr/sbin etc proc sys dev run tmp mnt root home/user var/tmp lib lib64".split():
        (path / name).mkdir(parents=True)
    shutil.copy(busybox, path / "bin/busybox")
    applets = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split()
    for applet in set(applets) - {"busybox", "bash", "nsinit"}:
        (path / "bin" / applet).symlink_to("busybox")
    for tool in ("bash", "ps", "ipcs"):
        if tool not in applets:
            program = shutil.which(tool)
            if not program:
                pytest.skip(f"needs {tool} to put into a root directory")
            add_program(path, os.path.realpath(program))
            if not (path / "bin" / tool).exists():
                (path / "bin" / tool).symlink_to(os.path.realpath(program))
    shutil.copy(probe, path / "bin/probe")
    (path / "etc/passwd").write_text(
        "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/bash\n")
    (path / "etc/group").write_text("root:x:0:\ndaemon:x:1:\ntty:x:5:\nuser:x:1000:\n")
    (path / "tmp").chmod(0o1777)
    (path / "var/tmp").chmod(0o1777)


@pytest.fixture(scope="session")
def rootfs_of(directory, probe):
    def make(caller):
        path = directory / f"rootfs-{caller.name}"
        if not path.exists():
            make_rootfs(path, probe)
            if os.geteuid() != caller.uid:
                for name in [path, *path.rglob("*")]:
                    os.chown(name, caller.uid, caller.uid, follow_symlinks=False)
        return path
    return make


@pytest.fixture
def rootfs(rootfs_of, caller):
    return rootfs_of(caller)


# ---- containers ----


@pytest.fixture
def box(nsinit, caller, rootfs):
    return Box(nsinit, caller, rootfs)


@pytest.fixture
def bare(nsinit, caller):
    return Box(nsinit, caller)


@pytest.fixture
def as_root(nsinit, root, rootfs_of):
    return Box(nsinit, root, rootfs_of(root))


@pytest.fixture
def as_user(nsinit, user, rootfs_of):
    return Box(nsinit, user, rootfs_of(user))


@pytest.fixture
def small(nsinit, caller, scratch, probe):
    root = small_root(scratch / "root", probe)
    own(root, caller.uid)
    return Box(nsinit, caller, root)


@pytest.fixture
def source(scratch, caller, probe):
    path = scratch / "source"
    (path / "sub").mkdir(parents=True)
    (path / "file").write_text("content\n")
    (path / "sub/deep").write_text("deep\n")
    (path / "probe").write_bytes(Path(probe).read_bytes())
    (path / "probe").chmod(0o4755)
    own(path, caller.uid)
    return path


# ---- nothing is left behind ----


@pytest.fixture(scope="session", autouse=True)
def own_world():
    """Orphans come to this process; mounts that escape from what it starts come to this mount namespace alone."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for name in [n for n in os.environ if n.startswith("NSINIT_")]:
        del os.environ[name]
    checked("prctl", PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    if os.geteuid() == 0:
        checked("unshare", CLONE_NEWNS)
        checked("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
        checked("mount", b"none", b"/", None, MS_REC | MS_SHARED, None)


def mounts():
    return set(Path("/proc/thread-self/mountinfo").read_text().splitlines())


def reap_adopted(pids):
    for pid in pids:
        try:
            os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            pass


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if call.when == "call":
        item.failed = outcome.get_result().failed


@pytest.fixture(autouse=True)
def nothing_left(request, own_world):
    """Fails a test after which a process or a mount is left; after a failed test it only cleans up."""
    before_processes, before_mounts = set(descendants_of(os.getpid())), mounts()

    def left():
        found = set(descendants_of(os.getpid())) - before_processes
        reap_adopted(pid for pid in found if state_of(pid) == "Z")
        return found

    yield
    while terminals:
        terminals.pop().close(force=True)
    patience = 0.0 if getattr(request.node, "failed", True) else 15.0
    deadline = time.monotonic() + patience
    while (processes := left()) and time.monotonic() < deadline:
        time.sleep(0.002)
    named = [f"{pid} ({state_of(pid)}) {command_of(pid)}" for pid in processes]
    deadline = time.monotonic() + PATIENCE
    while (remaining := left()) and time.monotonic() < deadline:
        for pid in remaining:
            kill_quietly(pid)
        time.sleep(0.002)
    changed = mounts() ^ before_mounts
    if patience:
        assert not named, "processes left behind"
        assert os.geteuid() != 0 or not changed, "mounts left behind"


def pytest_configure(config):
    """make starts us with glibc's posix_spawn, which leaves signal 32 ignored; the tests expect a shell's defaults."""
    action = (ctypes.c_ulong * 4)()  # all 0: SIG_DFL; libc's own sigaction does not touch this signal
    ctypes.CDLL(None).syscall(13 if platform.machine() == "x86_64" else 134, 32, action, None, 8)


@pytest.fixture
def world(root, nsinit, scratch):
    return World(root, nsinit, scratch)
