# SPDX-License-Identifier: MIT
"""No signal is lost: a million of them, full queues, the start under strace's delays, stops, and the first instruction."""

import ctypes
import errno
import os
import re
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pexpect
import pytest
from harness import PATIENCE, Caller, children_of, command_of, descendants_of, libc, stat_fields, state_of, status_field, until
from peers import holds_term, program_of, ready, running, stopped, under_name, waits_as

STRACE = pytest.mark.skipif(not shutil.which("strace"), reason="needs strace to delay system calls")
INJECTED_US = 60000


def flood(process, number, values):
    """Queues every value; what the kernel has no room for now it is asked again. What it takes must arrive."""
    for value in values:
        if libc.sigqueue(process.pid, number, value) != 0:
            wait_for_room(process, number, value)


def wait_for_room(process, number, value):
    deadline = time.monotonic() + PATIENCE
    while libc.sigqueue(process.pid, number, value) != 0:
        assert ctypes.get_errno() == errno.EAGAIN, os.strerror(ctypes.get_errno())
        assert time.monotonic() < deadline, f"no room for signal {value} within {PATIENCE:.0f} s"


def count_of(process, number, count):
    """Sends them all to `probe count` under process, and returns what arrived."""
    flood(process, number, range(count))
    assert process.line() == "enough"
    process.send(signal.SIGTERM)
    result = process.finish()
    assert result.err == ""
    return int(result.out)


# ---- many ----


@pytest.mark.slow
def test_a_million(init, probe):
    assert count_of(ready(init.start("", [probe, "count", "1000000", "40"])), 40, 1000000) == 1000000


@pytest.mark.slow
def test_a_million_into_a_container(caller, nsinit, probe):
    """Through the launcher and PID 1 inside: two that forward, one after the other."""
    assert count_of(ready(caller.start([nsinit, "--", probe, "count", "1000000", "40"])), 40, 1000000) == 1000000


def test_thirty_thousand(init, probe):
    assert count_of(ready(init.start("", [probe, "count", "30000", "40"])), 40, 30000) == 30000


def test_thirty_thousand_to_a_group(init, probe):
    assert count_of(ready(init.start("-g", [probe, "count", "30000", "40"])), 40, 30000) == 30000


@pytest.mark.parametrize("options", ["-r 40:50", "--grace 1h --delay 1h -w"])
def test_thirty_thousand_with_options(subreaper, probe, options):
    number = "50" if "40:50" in options else "40"
    process = ready(subreaper.start(options, [probe, "count", "30000", number]))
    flood(process, 40, range(30000))
    assert process.line() == "enough"
    for _ in range(1 + options.count("delay")):  # the second cuts the delay short
        process.send(signal.SIGTERM)
        process.send(signal.SIGCONT)
        until(lambda: not int(status_field(process.pid, "ShdPnd"), 16) or state_of(process.pid) == "Z", "the TERM's being taken")
    assert process.finish().out == "30000\n"


@pytest.mark.parametrize("name, words", [
    ("tini", ["-s"]), ("tini", ["-s", "-g"]), ("dumb-init", []), ("dumb-init", ["-c"]), ("catatonit", ["-g"]),
])
def test_ten_thousand_under_other_names(user, nsinit, directory, probe, name, words):
    process = ready(user.start([under_name(nsinit, name, directory), *words, "--", probe, "count", "10000", "40"]))
    assert count_of(process, 40, 10000) == 10000


# ---- full queues ----


class Lonely(Caller):
    """A user whom no other process belongs to: the kernel counts pending signals by user, against the receiver's limit."""

    def __init__(self, room):
        super().__init__("lonely", 30000 + os.getpid() % 20000)
        self.room = room

    def become(self, *arguments, **more):
        resource.setrlimit(resource.RLIMIT_SIGPENDING, (self.room, self.room))
        super().become(*arguments, **more)


@pytest.fixture(params=["pid1", "subreaper", "container"])
def limited(request, root, nsinit, probe):
    """Starts the probe under nsinit, with room for this many pending signals of nsinit's, and this many of the program's."""
    def start(verb, ours, programs, options=()):
        way = {"pid1": [], "subreaper": ["-s"], "container": []}[request.param]
        command = [nsinit, *way, *options, "--", "prlimit", f"--sigpending={programs}", probe, *verb]
        return ready(Lonely(ours).start(command, pid1=request.param == "pid1"))
    return start


@pytest.mark.parametrize("count", [5000, pytest.param(200000, marks=pytest.mark.slow)])
def test_queues_that_are_always_full_lose_nothing(limited, count):
    """The sender takes every place at once that nsinit has freed, so that there is none for passing the signal on."""
    assert count_of(limited(["count", str(count), "40"], 16, 16), 40, count) == count


def test_order_and_values_survive_full_queues(limited):
    process = limited(["signals"], 8, 8)
    lines = []
    for first in range(0, 2000, 200):
        flood(process, 41, range(first, first + 200))
        lines += [process.line() for _ in range(200)]
    assert lines == [f"41 {value}" for value in range(2000)]
    process.send(signal.SIGTERM)
    assert process.finish().out == "15\n"


def stopped_with_a_full_queue(limited, options=(), ours=100, programs=4, count=20):
    """A stopped program, and more signals for it than its queue takes. The program comes with how many were accepted."""
    process = limited(["signals"], ours, programs, options)
    (program,) = until(lambda: [p for p in descendants_of(process.pid) if re.match(r"\S+probe signals", command_of(p))], "the program")
    os.kill(program, signal.SIGSTOP)
    stopped(program)
    accepted = 0
    while accepted < count and has_room(process, 45, accepted):
        accepted += 1
    return process, program, accepted


def has_room(process, number, value):
    """Queues a signal, or gives up when there has been no room for a while."""
    deadline = time.monotonic() + 0.3
    while libc.sigqueue(process.pid, number, value) != 0:
        if time.monotonic() > deadline:
            return False
    return True


def test_stopped_program_with_a_full_queue_gets_the_rest_later(limited):
    process, program, accepted = stopped_with_a_full_queue(limited)
    assert accepted == 20
    os.kill(program, signal.SIGCONT)
    lines = [line for line in (process.line() for _ in range(21)) if line != "18"]
    assert lines == [f"45 {value}" for value in range(20)]
    process.send(signal.SIGTERM)
    assert process.lines_until("15")[-1] == "15"
    assert process.finish().status == 0


def test_signal_that_becomes_a_queued_one_waits_with_the_others(limited):
    """USR1 needs no place in a queue, but what it is rewritten to does, and there are as many before it as can be."""
    options = {"options": ["-r", "USR1:46"], "ours": 400, "programs": 300, "count": 10000}
    process, program, accepted = stopped_with_a_full_queue(limited, **options)
    process.send(signal.SIGUSR1)
    process.send(signal.SIGUSR2)
    until(lambda: int(status_field(program, "ShdPnd"), 16) >> (signal.SIGUSR2 - 1) & 1, "the USR2 behind it")
    os.kill(program, signal.SIGCONT)
    lines = [process.line() for _ in range(accepted + 3)]
    assert [line for line in lines if line.startswith("45")] == [f"45 {value}" for value in range(accepted)]
    assert sorted(line.split()[0] for line in lines if not line.startswith("45")) == ["12", "18", "46"]
    process.send(signal.SIGTERM)
    assert process.finish().out == "15\n"


def limit_of(pid):
    return int(re.search(r"^Max pending signals +(\d+) +400 ", Path(f"/proc/{pid}/limits").read_text(), re.M).group(1))


def test_queue_is_lowered_for_us_alone_and_for_a_while(limited, scratch):
    """Below the program's, so that a sender who takes every place leaves it some. A program of --on starts with what we had."""
    hook = scratch / "hook"
    hook.write_text(f"#!/bin/bash\nulimit -i >{scratch}/new; mv {scratch}/new {scratch}/seen\n")
    hook.chmod(0o755)
    process, program, accepted = stopped_with_a_full_queue(limited, ["--on", f"USR2={hook}"], 400, 300, 10000)
    init = int(stat_fields(program)[1])
    until(lambda: limit_of(init) < 300, "the lower limit")
    process.send(signal.SIGUSR2)
    until(lambda: (scratch / "seen").exists(), "the program of --on")
    assert (scratch / "seen").read_text() == "400\n"
    until(lambda: limit_of(init) < 300, "the lower limit again")
    os.kill(program, signal.SIGCONT)
    lines = [process.line() for _ in range(accepted + 1)]
    assert len([line for line in lines if line.startswith("45")]) == accepted
    until(lambda: limit_of(init) == 400, "the limit as it was")
    process.send(signal.SIGTERM)
    assert process.finish().out == "15\n"


@pytest.mark.parametrize("way", ["pid1", "subreaper"])
def test_program_that_is_restarted_starts_with_what_we_had(root, nsinit, probe, scratch, way):
    """Its 45 is blocked from the beginning, so the queue of the first run fills and the second run outlives what was held for it."""
    script = f"ulimit -S -i >>{scratch}/limits; ulimit -S -i 300; exec {probe} signals"
    command = [nsinit, *(["-s"] if way == "subreaper" else []), "--restart", "HUP", "--", "bash", "-c", script]
    process = ready(Lonely(400).start(command, pid1=way == "pid1", setup=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, [45])))
    for value in range(10000):
        if not has_room(process, 45, value):
            break
    until(lambda: limit_of(process.pid) < 300, "the lower limit")
    process.send(signal.SIGHUP)
    process.lines_until("15")
    process.lines_until("ready")
    assert (scratch / "limits").read_text() == "400\n400\n"
    process.send(signal.SIGTERM)
    process.lines_until("15")
    assert process.finish().status == 0


def test_service_starts_with_what_we_had(world, probe):
    world.service("a", "Restart=always\nRestartSec=10ms\nExecStart=/bin/bash -c 'ulimit -S -i >>@/notes'", "StartLimitIntervalSec=0")
    process = ready(world.start(before=["prlimit", "--sigpending=400"], program=f"exec prlimit --sigpending=300 {probe} signals"))
    (program,) = [p for p in children_of(process.pid) if re.match(r"\S+probe signals", command_of(p))]
    os.kill(program, signal.SIGSTOP)
    stopped(program)
    for value in range(10000):
        if not has_room(process, 45, value):
            break
    until(lambda: limit_of(process.pid) < 300, "the lower limit")
    count = len(world.lines())
    until(lambda: len(world.lines()) > count + 5, "starts with a full queue")
    assert set(world.lines()) == {"400"}
    until(lambda: limit_of(process.pid) < 300, "the lower limit again")
    os.kill(program, signal.SIGKILL)
    assert process.finish().status == 137


def test_delayed_term_that_becomes_a_queued_one_waits_with_the_others(limited):
    process, program, accepted = stopped_with_a_full_queue(limited, ["-r", "TERM:46", "--delay", "50ms"])
    process.send(signal.SIGTERM)
    deadline = time.monotonic() + 0.5  # the delay is over then, or else comes later: both must do
    until(lambda: time.monotonic() > deadline)
    os.kill(program, signal.SIGCONT)
    lines = [process.line() for _ in range(accepted + 2)]
    assert sorted(line.split()[0] for line in lines if not line.startswith("45")) == ["18", "46"]
    os.kill(program, signal.SIGKILL)
    assert process.finish().status == 137


def test_full_queue_does_not_keep_us_from_seeing_the_end(limited):
    process, program, _ = stopped_with_a_full_queue(limited)
    os.kill(program, signal.SIGKILL)
    assert process.finish().status == 137


def test_full_queue_does_not_hold_up_term_and_grace(limited):
    process, program, _ = stopped_with_a_full_queue(limited, ["--grace", "100ms"])
    process.send(signal.SIGTERM)
    assert process.finish().status == 137
    until(lambda: state_of(program) is None, "the end of the program")


# ---- order ----


def test_what_waits_together_arrives_lowest_first_and_in_order(init, probe):
    """As the kernel gives it to everybody."""
    process = waits_as(ready(init.start("", [probe, "signals"])), "nsinit")
    process.send(signal.SIGSTOP)
    stopped(process.pid)
    for value in range(20):
        for number in (60, 34, 50):
            process.send(number, value)
    process.send(signal.SIGCONT)
    expected = ["18"] + [f"{number} {value}" for number in (34, 50, 60) for value in range(20)]
    assert [process.line() for _ in range(61)] == expected
    process.send(signal.SIGTERM)
    assert process.line() == "15"
    process.finish()


def test_standard_signals_that_wait_together_are_one_each(init, probe):
    """Ten of each are one, as for any process, but none of the kinds is missing."""
    process = waits_as(ready(init.start("", [probe, "signals"])), "nsinit")
    kinds = sorted(set(range(1, 32)) - {9, 15, 17, 18, 19, 20, 21, 22})
    process.send(signal.SIGSTOP)
    stopped(process.pid)
    for number in kinds * 10:
        process.send(number)
    process.send(signal.SIGCONT)
    assert sorted(int(process.line()) for _ in range(len(kinds) + 1)) == sorted([*kinds, 18])
    process.send(signal.SIGTERM)
    assert process.lines_until("15") == ["15"]
    process.finish()


# ---- stop and continue ----


def test_stops_and_continues_during_a_storm(init, probe):
    process = ready(init.start("", [probe, "count", "10000", "40"]))
    program = program_of(process)
    for first in range(0, 10000, 500):
        who = process.pid if first % 1000 else program
        os.kill(who, signal.SIGSTOP)
        flood(process, 40, range(first, first + 500))
        os.kill(who, signal.SIGCONT)
    assert process.line() == "enough"
    process.send(signal.SIGTERM)
    assert process.finish().out == "10000\n"


def test_term_for_a_stopped_init(init, probe):
    process = waits_as(ready(init.start("", [probe, "sleep"])), "nsinit")
    process.send(signal.SIGSTOP)
    stopped(process.pid)
    process.send(signal.SIGTERM)
    process.send(signal.SIGCONT)
    assert process.finish().status == 143


def test_program_that_stops_again_and_again(init, probe):
    """As often as it is continued; nsinit is neither stopped with it nor takes it for dead."""
    process = ready(init.start("", [probe, "signals"]))
    program = program_of(process)
    for _ in range(20):
        os.kill(program, signal.SIGSTOP)
        stopped(program)
        process.send(signal.SIGCONT)
        assert process.line() == "18"
        running(program)
    running(process.pid)
    process.send(signal.SIGTERM)
    assert process.line() == "15"
    assert process.finish().status == 0


# ---- the start ----


def started_calls(output):
    """The system calls of strace's output by name, from nsinit's first exec to the program's."""
    names = re.findall(r"^\d+\s+(\w+)\(", output, re.M)
    starts = [i for i, name in enumerate(names) if name == "execve"]
    return names, starts[-2], starts[-1]


@STRACE
@pytest.mark.parametrize("name, options", [("nsinit", "-s"), ("tini", "-s"), ("dumb-init", ""), ("catatonit", "")])
def test_signals_are_held_by_the_first_call(user, nsinit, directory, probe, scratch, name, options):
    """Before it there is only what libc does: as PID 1 the kernel drops what comes until then, so nothing may come before."""
    path = nsinit if name == "nsinit" else under_name(nsinit, name, directory)
    user.run(["strace", "-f", "-o", scratch / "calls", path, *options.split(), "--", probe, "exit", "0"])
    names, first, last = started_calls((scratch / "calls").read_text())
    held = names.index("rt_sigprocmask", first)
    assert held < last and set(names[first + 1:held]) <= {"arch_prctl", "set_tid_address", "set_tls"}, names[first:held]


def lingers(pid):
    """Something below is held by a delay: in a stop of strace's at every one of several looks."""
    for _ in range(4):
        if not any(state_of(p) == "t" for p in descendants_of(pid)):
            return False
        time.sleep(0.002)
    return True


def term_at(call, caller, command, scratch, below):
    """Starts the command with every `call` delayed, sends TERM in the first delay, and returns the status."""
    when = "2+" if call == "execve" else "1..6"  # dumb-init resets 64 signals
    process = caller.start(["strace", "-f", "-qq", "-o", scratch / f"at-{call}", "-e", f"trace={call}",
                            "-e", f"inject={call}:delay_enter={INJECTED_US}:when={when}", *command])

    def init():
        (found,) = children_of(process.pid) or [None]
        for _ in range(below):
            (found,) = found and children_of(found) or [None]
        return found

    def there():
        pid = init()
        return pid if pid and holds_term(pid) and (children_of(pid) or lingers(process.pid)) else None

    os.kill(until(there, f"the start under {call}"), signal.SIGTERM)
    return process.finish().status


def start_race(caller, scratch, command, below=0):
    caller.run(["strace", "-f", "-o", scratch / "calls", *command, "exit", "0"])
    names, first, last = started_calls((scratch / "calls").read_text())
    calls = sorted(set(names[names.index("rt_sigprocmask", first) + 1:last + 1]))
    assert len(calls) > 3, names
    return {call: term_at(call, caller, [*command, "sleep"], scratch, below) for call in calls}


@STRACE
@pytest.mark.parametrize("name, options", [
    ("nsinit", "-s"), ("nsinit", "-s -g"), ("nsinit", "-s -c"), ("nsinit", "-s --delay 100ms --drain 1h"),
    ("tini", "-s -g"), ("dumb-init", ""), ("dumb-init", "-c"), ("catatonit", "-g"),
])
def test_term_in_every_call_of_the_start(user, nsinit, directory, probe, scratch, name, options):
    path = nsinit if name == "nsinit" else under_name(nsinit, name, directory)
    statuses = start_race(user, scratch, [path, *options.split(), "--", probe])
    assert set(statuses.values()) == {143}, statuses


@STRACE
@pytest.mark.parametrize("name, options", [("nsinit", ""), ("nsinit", "-g"), ("tini", "-g"), ("dumb-init", ""), ("catatonit", "-g")])
def test_term_in_every_call_of_the_start_of_pid_1(root, nsinit, directory, probe, scratch, name, options):
    """Busybox's unshare makes the namespace, with few calls that would be delayed as well."""
    busybox = shutil.which("busybox") or pytest.skip("needs busybox (Debian: busybox-static) for its unshare")
    path = nsinit if name == "nsinit" else under_name(nsinit, name, directory)
    statuses = start_race(root, scratch, [busybox, "unshare", "-fp", path, *options.split(), "--", probe], below=1)
    assert set(statuses.values()) == {143}, statuses


@STRACE
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGCONT])
def test_signal_like_that_of_the_hand_over_is_not_taken_for_it(root, nsinit, probe, scratch, number):
    """
    PID 1 gives its terminal to the program, for which the kernel sends it HUP and CONT. While these wait they would
    swallow others like them; delayed waits give them the time to.
    """
    busybox = shutil.which("busybox") or pytest.skip("needs busybox (Debian: busybox-static) for its unshare")
    child = root.pty(["strace", "-f", "-qq", "-o", scratch / "calls", "-e", "trace=rt_sigtimedwait", "-e",
                      "inject=rt_sigtimedwait:delay_enter=200000:when=1..3", busybox, "unshare", "-fp", "setsid", "-c", nsinit, "--",
                      probe, "signals"])
    child.expect_exact("ready\r\n")
    init = [p for p in descendants_of(child.pid) if command_of(p).startswith(f"{nsinit} ")][0]
    os.kill(init, number)
    child.expect_exact(f"{int(number)}\r\n")
    os.kill(init, signal.SIGTERM)
    child.expect_exact("15\r\n")
    child.expect(pexpect.EOF)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGCONT])
def test_signal_from_before_the_hand_over_is_not_taken_for_it(pid1, probe, number):
    """Here somebody else's is the first, and that of the kernel is the one that is swallowed."""
    def leave_pending():
        signal.pthread_sigmask(signal.SIG_BLOCK, [number])
        subprocess.run(["sh", "-c", f"kill -{int(number)} {os.getpid()}"], check=True)

    child = pid1.pty("", [probe, "signals"], setup=leave_pending)
    child.expect_exact("ready\r\n")
    child.expect_exact(f"{int(number)}\r\n")
    child.kill(signal.SIGTERM)
    child.expect(pexpect.EOF)
    assert child.before == "15\r\n"


@STRACE
@pytest.mark.slow
def test_term_in_every_call_of_the_start_of_a_container(caller, nsinit, probe, scratch):
    """Sent to the launcher."""
    statuses = start_race(caller, scratch, [nsinit, "--", probe])
    assert set(statuses.values()) == {143}, statuses


@pytest.mark.slow
@pytest.mark.parametrize("way", ["pid1", "child"])
@pytest.mark.parametrize("name, words, count", [
    ("nsinit", ["-s", "-g"], 10000), ("tini", ["-s", "-g"], 1000), ("dumb-init", [], 1000), ("catatonit", ["-g"], 1000),
])
def test_thousands_of_starts(root, nsinit, directory, probe, name, words, count, way):
    """With TERM at a moment of its own each, from the held signals to a millisecond later."""
    path = nsinit if name == "nsinit" else under_name(nsinit, name, directory)
    for _ in range(count // 100):
        process = root.start([probe, "starts", "100", "1000", way, path, *words, "--", probe, "sleep"])
        assert process.line() == "100 right, 0 wrong, 0 lost"
        process.finish()
