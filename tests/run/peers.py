# SPDX-License-Identifier: MIT
"""
nsinit under the name of another init, and that init itself as Debian packages it.

A Peer is one of them and one way of starting it: as PID 1 (root, in a PID namespace of its own) or as an ordinary
user's child. What both must agree in is tested on everyone(NAME), what nsinit does better on OURS alone.
Peer.start, Peer.run, Peer.pty(options, program, **as in Caller): the same for `NAME OPTIONS -- PROGRAM`; they add
what makes a child of the name reap (tini's -s). Peer.raw(words, **) starts it with exactly these words.
"""

import json
import os
import re
import shutil
import signal
from pathlib import Path

import pytest
from harness import (
    caller_named, children_of, command_of, descendants_of, need_root, stat_fields, state_of, status_field, until,
)

WAYS = ("pid1", "child")
TO_REAP = {"tini": ["-s"]}


class Peer:
    def __init__(self, path, name, real, caller, pid1):
        self.path, self.name, self.real, self.caller, self.pid1 = str(path), name, real, caller, pid1

    def command(self, options, program):
        options = options.split() if isinstance(options, str) else list(options)
        reap = [] if self.pid1 else TO_REAP.get(self.name, [])
        return [self.path, *reap, *options, *(["--", *program] if program else [])]

    def start(self, options, program, **more):
        return self.caller.start(self.command(options, program), pid1=self.pid1, **more)

    def run(self, options, program, **more):
        return self.start(options, program, **more).finish()

    def pty(self, options, program, **more):
        return self.caller.pty(self.command(options, program), pid1=self.pid1, **more)

    def raw(self, *words, **more):
        return self.caller.start([self.path, *words], pid1=self.pid1, **more).finish()


OURS = [f"nsinit-{way}" for way in WAYS]


def everyone(name):
    return OURS + [f"{name}-{way}" for way in WAYS]


def both(name):
    """One way only, for what is the same in both."""
    return ["nsinit-child", f"{name}-child"]


def packaged(name):
    program = shutil.which(name)
    if not program:
        pytest.skip(f"needs {name} to compare with (Debian: {name})")
    return program


def peer(name, variant, nsinit, directory):
    """The Peer for one entry of everyone(), both() or OURS."""
    who, way = variant.rsplit("-", 1)
    if way == "pid1":
        need_root("a PID namespace is made for it to be PID 1 of")
    path = packaged(name) if who != "nsinit" else under_name(nsinit, name, directory)
    return Peer(path, name, who != "nsinit", caller_named("root" if way == "pid1" else "user"), way == "pid1")


def peers_of(name, variants):
    """A fixture that is the peer of this name in each of the variants."""
    @pytest.fixture(params=variants)
    def fixture(request, nsinit, directory):
        return peer(name, request.param, nsinit, directory)
    return fixture


def under_name(nsinit, name, directory, how="link"):
    """nsinit's file under another name, made one way or another: link, copy, symlink."""
    place = directory / f"as-{how}"
    place.mkdir(exist_ok=True)
    path = place / name
    if not path.is_symlink() and not path.exists():
        {"link": os.link, "copy": shutil.copy, "symlink": os.symlink}[how](nsinit, path)
    return str(path)


# ---- what the tests of several inits need ----


def ready(process):
    assert process.line() == "ready"
    return process


def say_goodbye(process):
    """The end of a probe that tells its signals, and had perhaps more to tell."""
    process.send(signal.SIGTERM)
    process.lines_until("15")
    assert process.finish().status == 0


def one_line(err, start, *words):
    """A failure of the init itself is one line which begins with `start` and has each of `words` in it."""
    assert re.fullmatch(rf"{start}[^\n]+\n", err), err
    for word in words:
        assert word in err, (word, err)


def program_of(process):
    """The pid of what an init has started."""
    (program,) = until(lambda: children_of(process.pid), "the program")
    return program


def restarted(child):
    """What each of three runs under --restart USR1 reports on its terminal; a key reaches the last one, and a TERM ends it."""
    for _ in range(3):
        child.expect("({.*})\\s+ready\\s")
        yield json.loads(child.match[1])
        child.kill(signal.SIGUSR1)
        child.expect_exact("15")
    child.expect("ready\\s")
    child.sendintr()
    child.expect("2\\s")
    child.kill(signal.SIGTERM)
    child.expect_exact("15")


def stopped(pid):
    until(lambda: state_of(pid) == "T", f"the stop of {pid}")


def running(pid):
    until(lambda: state_of(pid) == "S", f"{pid}'s going on")


def waits_as(process, name):
    """Until the process is the init under `name` and sleeps with nothing pending."""
    def waits():
        return (Path(f"/proc/{process.pid}/comm").read_text() == f"{name}\n" and state_of(process.pid) == "S"
                and int(status_field(process.pid, "ShdPnd"), 16) == 0)

    until(waits, f"the wait of {name}")
    return process


def orphan_of():
    """What `probe leave` left: a pid, and whose child it became. It is asked for after the `ready` of both."""
    def found():
        return [p for p in descendants_of(os.getpid()) if re.match(r"\S+probe leave ", command_of(p)) and state_of(p) == "S"]

    (pid,) = until(found, "the orphan")
    return pid, int(stat_fields(pid)[1])


BLOCKED = [signal.SIGHUP, signal.SIGUSR1, signal.SIGTERM]
IGNORED = [signal.SIGINT, signal.SIGPIPE, signal.SIGUSR2]


def block_and_ignore():
    signal.pthread_sigmask(signal.SIG_SETMASK, BLOCKED)
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)


def holds_term(pid):
    """The init has its signals blocked; or it waits for them, which does not show, but then its program is there."""
    try:
        return bool(children_of(pid)) or bool(int(status_field(pid, "SigBlk"), 16) >> (signal.SIGTERM - 1) & 1)
    except (OSError, AttributeError):
        return False
