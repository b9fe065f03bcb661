# SPDX-License-Identifier: MIT
"""
What the tests of the built binary share.

The binary and the probe are copied out of build/ to a directory that ordinary users can enter. Everything started
here is a descendant of this process (it is a subreaper, and root's tests have a mount namespace of their own), so
the check after each test sees what this test left and nothing of the tests beside it.

Fixtures
  nsinit, probe    paths of the copies, as str
  scratch          a fresh directory for one test, writable by everyone
  caller           runs the test twice, as root and as an ordinary user (a Caller; `root` and `user` give one of them)
  init             runs the test once for each way of being role entrypoint (an Init): PID 1 as root, PID 1 as a
                   user, and --subreaper as a user; `pid1` and `subreaper` give the first and the last of these
  rootfs           a root directory for `caller`, owned by it: busybox and its applets, bash, the probe at /bin/probe;
                   `rootfs_of(caller)` is the same as a function; the tests share it: copy it before changing it

Caller.start(argv, **options) -> Process      options: env (added to a minimal one), stdin, stdout, stderr, cwd, pass_fds,
Caller.run(argv, **options)   -> Result         setup (called in the child before exec), pid1=True (PID 1 of a fresh
Caller.pty(argv, **options)   -> pexpect.spawn  PID namespace with its own /proc), ids=False (stay root until setup)
Init.start, Init.run, Init.pty(options, program, **as above): the same for `nsinit OPTIONS -- PROGRAM`
Process: .pid  .line()  .lines_until(text)  .send(signal[, value])  .finish() -> Result   (subprocess.Popen underneath)
Result: .status (as waitpid's: -n for a signal)  .out  .err  .report (the probe's JSON)
until(condition[, what]) polls; nothing here or in the tests sleeps in place of a condition.
"""

import ctypes
import json
import os
import re
import resource
import select
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pexpect
import pytest

BUILD = Path(__file__).resolve().parents[2] / "build"
PATIENCE = 20.0  # seconds until a condition counts as never coming true; generous, the machine may be busy
USER_ID = 1000
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/", "LC_ALL": "C"}

CLONE_NEWNS, CLONE_NEWPID = 0x00020000, 0x20000000
MS_REC, MS_PRIVATE, MS_SHARED = 0x4000, 1 << 18, 1 << 20
PR_SET_CHILD_SUBREAPER = 36

libc = ctypes.CDLL(None, use_errno=True)
libc.mount.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p)
libc.sigqueue.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_void_p)


def checked(name, *arguments):
    if getattr(libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def until(condition, what="the condition", patience=PATIENCE):
    """Polls until condition() is true and returns its value; fails the test when it never is."""
    deadline = time.monotonic() + patience
    while not (value := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not come within {patience:.0f} s")
        time.sleep(0.002)
    return value


# ---- processes, from outside ----


def stat_fields(pid):
    """The fields of /proc/PID/stat after the name (state, ppid, pgrp, ...), or None when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def state_of(pid):
    fields = stat_fields(pid)
    return fields[0] if fields else None


def children_of(pid):
    found = [int(p) for p in os.listdir("/proc") if p.isdigit()]
    return [p for p in found if (fields := stat_fields(p)) and int(fields[1]) == pid]


def descendants_of(pid):
    children = {}
    for p in os.listdir("/proc"):
        if p.isdigit() and (fields := stat_fields(p)):
            children.setdefault(int(fields[1]), []).append(int(p))
    found, front = [], [pid]
    while front:
        front = [c for p in front for c in children.get(p, ())]
        found += front
    return found


def status_field(pid, name):
    return re.search(rf"^{name}:\t(.*)$", Path(f"/proc/{pid}/status").read_text(), re.M).group(1)


def command_of(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


class Result:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def __repr__(self):
        return f"Result(status={self.status}, out={self.out!r}, err={self.err!r})"

    @property
    def report(self):
        assert self.status == 0, self
        return json.loads(self.out)


class Process(subprocess.Popen):
    """A started program with its output in pipes, read line by line under a deadline."""

    read_ahead = b""

    def line(self):
        deadline = time.monotonic() + PATIENCE
        while b"\n" not in self.read_ahead:
            if not select.select([self.stdout], [], [], max(0, deadline - time.monotonic()))[0]:
                pytest.fail(f"no line from {self.args} within {PATIENCE:.0f} s, only {self.read_ahead!r}")
            data = os.read(self.stdout.fileno(), 65536)
            if not data:
                pytest.fail(f"end of output of {self.args} after {self.read_ahead!r}, {self.finish()}")
            self.read_ahead += data
        line, self.read_ahead = self.read_ahead.split(b"\n", 1)
        return line.decode()

    def lines_until(self, last):
        lines = [self.line()]
        while lines[-1] != last:
            lines.append(self.line())
        return lines

    def send(self, number, value=None):
        if value is None:
            os.kill(self.pid, number)
        else:
            checked("sigqueue", self.pid, number, value)

    def finish(self):
        try:
            out, err = self.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            tree = [(p, state_of(p), command_of(p)) for p in [self.pid, *descendants_of(self.pid)]]
            for pid, _, _ in tree:
                kill_quietly(pid)
            out, err = self.communicate()
            pytest.fail(f"{self.args} did not end: {tree}, out {out!r}, err {err!r}")
        return Result(self.returncode, (self.read_ahead + (out or b"")).decode(), (err or b"").decode())


def kill_quietly(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


# ---- who starts things, and how ----


class Caller:
    def __init__(self, name, uid):
        self.name, self.uid = name, uid

    def become(self, pid1=False, setup=None, ids=True):
        """What the child does between fork and exec."""
        if pid1:
            checked("unshare", CLONE_NEWNS)
            checked("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
            checked("mount", b"proc", b"/proc", b"proc", 0, None)
        if ids and self.uid != os.geteuid():
            os.setgroups([])
            os.setresgid(self.uid, self.uid, self.uid)
            os.setresuid(self.uid, self.uid, self.uid)
        if setup:
            setup()

    def start(self, argv, *, pid1=False, setup=None, ids=True, env=None, **options):
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        with pid_namespace(pid1):
            return Process(
                [str(a) for a in argv], bufsize=0, restore_signals=False, env={**ENVIRONMENT, **(env or {})},
                preexec_fn=lambda: self.become(pid1, default_signals_then(setup), ids), **options)

    def run(self, argv, **options):
        return self.start(argv, **options).finish()

    def pty(self, argv, *, pid1=False, setup=None, env=None, **options):
        argv = [str(a) for a in argv]

        def prepare():
            os.fchown(0, self.uid, -1)
            self.become(pid1, default_signals_then(setup))

        with pid_namespace(pid1):
            child = pexpect.spawn(
                argv[0], argv[1:], preexec_fn=prepare, encoding="utf-8", timeout=PATIENCE, echo=False,
                env={**ENVIRONMENT, "TERM": "dumb", "PS1": "$ ", **(env or {})}, **options)
        child.delaybeforesend = child.delayafterread = child.delayafterclose = None
        terminals.append(child)
        return child


terminals = []


def default_signals_then(setup):
    """Whatever runs pytest, and Python itself, ignore or block some signals; what is started here must not inherit that."""
    def prepare():
        for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        if setup:
            setup()
    return prepare


class pid_namespace:
    """While this is entered (and `wanted`), the next fork makes PID 1 of a new namespace: its pid and status are exact."""

    def __init__(self, wanted):
        self.wanted = wanted

    def __enter__(self):
        if self.wanted:
            self.own = os.open("/proc/thread-self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
            checked("unshare", CLONE_NEWPID)

    def __exit__(self, *_):
        if self.wanted:
            checked("setns", self.own, CLONE_NEWPID)
            os.close(self.own)


class Init:
    """nsinit in role entrypoint: as PID 1, or as a subreaper."""

    def __init__(self, nsinit, caller, pid1):
        self.nsinit, self.caller, self.pid1 = nsinit, caller, pid1

    def command(self, options, program):
        options = options.split() if isinstance(options, str) else list(options)
        separator = ["--", *program] if program else []
        return [self.nsinit, *([] if self.pid1 else ["-s"]), *options, *separator]

    def start(self, options, program, **more):
        return self.caller.start(self.command(options, program), pid1=self.pid1, **more)

    def run(self, options, program, **more):
        return self.start(options, program, **more).finish()

    def pty(self, options, program, **more):
        return self.caller.pty(self.command(options, program), pid1=self.pid1, **more)


# ---- fixtures ----


def need_root(what):
    if os.geteuid() != 0:
        pytest.skip(f"needs root: {what}")


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


@pytest.fixture
def scratch(directory):
    path = Path(tempfile.mkdtemp(dir=directory))
    path.chmod(0o777)
    return path


def caller_named(name):
    if name == "root":
        need_root("the test is about what root sees")
        return Caller("root", 0)
    return Caller("user", USER_ID if os.geteuid() == 0 else os.geteuid())


@pytest.fixture(params=["root", "user"])
def caller(request):
    return caller_named(request.param)


@pytest.fixture
def root():
    return caller_named("root")


@pytest.fixture
def user():
    return caller_named("user")


def init_named(nsinit, how, who):
    if how == "pid1":
        need_root("a PID namespace is made for nsinit to be PID 1 of")
    return Init(nsinit, caller_named(who), how == "pid1")


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


def libraries_of(program):
    listing = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    return re.findall(r"(/\S+) \(0x", listing)


def add_program(root, program):
    for source in [program, *libraries_of(program)]:
        target = root / source.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


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
    patience = 0.0 if getattr(request.node, "failed", True) else 5.0
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
