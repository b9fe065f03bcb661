# SPDX-License-Identifier: MIT
"""
Processes as the tests see them: looked at from outside, started, talked to, waited for. conftest.py tells how the
pieces are used; it makes fixtures of them.
"""

import ctypes
import errno
import json
import os
import re
import select
import signal
import subprocess
import time
from pathlib import Path

import pexpect
import pytest

PATIENCE = 60.0  # seconds until a condition counts as never coming true; generous, the machine may be busy
USER_ID = 1000
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/", "LC_ALL": "C"}

CLONE_NEWNS, CLONE_NEWPID = 0x00020000, 0x20000000
MS_BIND, MS_REC, MS_PRIVATE, MS_SHARED = 0x1000, 0x4000, 1 << 18, 1 << 20
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


def lives(pid):
    """True if it has not ended. What it does at this moment, sleep or run, is chance."""
    return state_of(pid) not in (None, "Z")


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


def waits_in(pid, part):
    """A process sleeps in a function of the kernel with this in its name. Before Linux 5.16 wchan does not know it of many."""
    try:
        return part in Path(f"/proc/{pid}/wchan").read_text() or part in Path(f"/proc/{pid}/stack").read_text()
    except PermissionError:  # the stack is root's to see
        return False


def linux():
    """The kernel's version, as (5, 10)."""
    return tuple(map(int, re.match(r"(\d+)\.(\d+)", os.uname().release).groups()))


def command_of(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def libraries_of(program):
    listing = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    return re.findall(r"(/\S+) \(0x", listing)


def send_values(process, number, values):
    """
    Queues every value, waiting where the queue is full: what is accepted must arrive. kill(2) would not do for
    counting: where the user's queue is full, it says nothing and several become one.
    """
    for value in values:
        def accepted():
            try:
                checked("sigqueue", process.pid, number, value)
                return True
            except OSError as error:
                assert error.errno == errno.EAGAIN, error
                return False
        accepted() or until(accepted, "room in the signal queue")


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
        except subprocess.TimeoutExpired as late:
            tree = [(p, state_of(p), command_of(p)) for p in [self.pid, *descendants_of(self.pid)]]
            for pid, _, _ in tree:
                kill_quietly(pid)
            pytest.fail(f"{self.args} or a holder of its output did not end: {tree}, out {late.output!r}, err {late.stderr!r}")
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


def need_root(what):
    if os.geteuid() != 0:
        pytest.skip(f"needs root: {what}")


def caller_named(name):
    if name == "root":
        need_root("the test is about what root sees")
        return Caller("root", 0)
    return Caller("user", USER_ID if os.geteuid() == 0 else os.geteuid())


def init_named(nsinit, how, who):
    if how == "pid1":
        need_root("a PID namespace is made for nsinit to be PID 1 of")
    return Init(nsinit, caller_named(who), how == "pid1")


def interrupt_prompt(child, prompt):
    """
    ^C to a shell at its prompt, until the prompt comes again; returns $?. bash can miss one: its handler only sets
    a flag, and between its last look at the flag and its read(2) that is too late, with or without an init around it.
    """
    for _ in range(20):
        child.sendintr()
        if child.expect([prompt, pexpect.TIMEOUT], timeout=1) == 0:
            child.sendline("echo after=$?")
            child.expect(r"after=(\d+)\r\n")
            status = int(child.match.group(1))
            child.expect(prompt)
            return status
    pytest.fail(f"no prompt after ^C, only {child.buffer!r}")
