# SPDX-License-Identifier: MIT
"""Role entrypoint (and run, where it differs): what the program inherits, and what nsinit itself costs while idle."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from harness import children_of, send_values, state_of, status_field, until

BLOCKED = [signal.SIGHUP, signal.SIGUSR1, signal.SIGTERM, signal.SIGCHLD, signal.SIGTSTP, 36, 64]
IGNORED = [signal.SIGINT, signal.SIGPIPE, signal.SIGUSR2, signal.SIGTTOU, 37, 63]


def block_and_ignore():
    signal.pthread_sigmask(signal.SIG_SETMASK, BLOCKED)
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)


# ---- signals ----


def test_mask_and_ignored_set_are_inherited_exactly(init, probe):
    report = init.run("", [probe], setup=block_and_ignore).report
    assert report["blocked"] == sorted(int(n) for n in BLOCKED)
    assert report["ignored"] == sorted(int(n) for n in IGNORED)


def test_mask_and_ignored_set_cross_a_container(caller, nsinit, probe):
    report = caller.run([nsinit, "--", probe], setup=block_and_ignore).report
    assert report["blocked"] == sorted(int(n) for n in BLOCKED)
    assert report["ignored"] == sorted(int(n) for n in IGNORED)


def test_nothing_is_blocked_or_ignored_by_nsinit_itself(init, probe):
    report = init.run("", [probe]).report
    assert (report["blocked"], report["ignored"]) == ([], [])


def test_signals_that_nsinit_inherited_blocked_or_ignored_are_forwarded(init, probe):
    process = init.start("", [probe, "signals"], setup=block_and_ignore)
    assert process.line() == "ready"
    for number in sorted({*BLOCKED, *IGNORED} - {signal.SIGTERM, signal.SIGCHLD}):
        process.send(number)
        assert process.line() == str(int(number))
    process.send(signal.SIGTERM)
    assert process.lines_until("15") == ["15"]
    process.finish()


def test_child_that_ended_before_the_exec_is_reaped(init, probe):
    """Its SIGCHLD is blocked and pending when nsinit begins; no other comes while the program runs."""
    def leave_dead_child():
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
        if os.fork() == 0:
            os._exit(0)
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)

    process = init.start("", [probe, "signals"], setup=leave_dead_child)
    assert process.line() == "ready"
    until(lambda: len(children_of(process.pid)) == 1)
    process.send(signal.SIGTERM)
    process.finish()


def test_ignored_sigchld_does_not_hang_us_and_is_reset(init, probe):
    def ignore():
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)

    assert init.run("", [probe, "exit", "3"], setup=ignore).status == 3
    assert init.run("", [probe, "orphans", "500"], setup=ignore).out == "500 reaped\n"
    assert signal.SIGCHLD not in init.run("", [probe], setup=ignore).report["ignored"]


def test_pending_signal_from_before_the_exec_is_forwarded(init, probe):
    def leave_pending():
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
        subprocess.run(["sh", "-c", f"kill -USR1 {os.getpid()}"], check=True)

    process = init.start("", [probe, "signals"], setup=leave_pending)
    assert [process.line(), process.line()] == ["ready", "10"]
    process.send(signal.SIGTERM)
    assert process.line() == "15"
    process.finish()


# ---- descriptors ----


@pytest.mark.parametrize("closed", [[0], [1], [2], [0, 1, 2]])
def test_closed_standard_descriptors_are_no_error(init, probe, closed):
    def close():
        for fd in closed:
            os.close(fd)

    assert init.run("", [probe, "exit", "5"], setup=close).status == 5


def test_closed_standard_descriptors_are_not_filled_with_ours(init, probe):
    """A program that writes to descriptor 2 must not reach a pipe, a terminal or a signalfd of nsinit's."""
    report = init.run("", [probe], setup=lambda: (os.close(0), os.close(2))).report
    assert set(report["fds"]) <= {"0", "1", "2"}
    for fd in set(report["fds"]) - {"1"}:
        assert report["fds"][fd] == "/dev/null", report["fds"]


def test_failure_with_everything_closed_still_shows_in_the_status(init, probe):
    assert init.run("", ["no-such-program"], setup=lambda: (os.close(0), os.close(1), os.close(2))).status == 127


@pytest.fixture
def open_descriptors():
    """A directory, a file, and a pipe, as a careless caller leaves them."""
    fds = [os.open("/", os.O_RDONLY), os.open("/dev/null", os.O_RDWR), *os.pipe()]
    yield fds
    for fd in fds:
        os.close(fd)


def test_entrypoint_keeps_what_its_engine_passed(init, probe, open_descriptors):
    """LISTEN_FDS and the like are passed by inheritance."""
    report = init.run("", [probe], pass_fds=open_descriptors).report
    assert sorted(int(fd) for fd in report["fds"]) == sorted([0, 1, 2, *open_descriptors])
    assert report["fds"][str(open_descriptors[0])] == "/"


def test_container_gets_nothing_beyond_standard_descriptors(caller, nsinit, probe, open_descriptors):
    report = caller.run([nsinit, "--", probe], pass_fds=open_descriptors).report
    assert sorted(report["fds"]) == ["0", "1", "2"], "a host directory must not leak"


def test_high_descriptor_does_not_leak_into_a_container(caller, nsinit, probe):
    fd = os.open("/", os.O_RDONLY)
    high = os.dup2(fd, 1000, inheritable=True)
    os.close(fd)
    try:
        assert sorted(caller.run([nsinit, "--", probe], pass_fds=[high]).report["fds"]) == ["0", "1", "2"]
    finally:
        os.close(high)


# ---- idle ----


IDLE_OPTIONS = ["", "-g", "-v", "--grace 10s --drain 10s", "-w", "-P"]


def idle(init, probe, options):
    program = [] if options == "-P" else [probe, "sleep"]
    process = init.start(options, program)
    if program:
        assert process.line() == "ready"
    until(lambda: Path(f"/proc/{process.pid}/comm").read_text() == "nsinit\n" and state_of(process.pid) == "S"
          and (not program or children_of(process.pid)), "nsinit's idle state")
    return process


def switches(pid):
    return int(status_field(pid, "voluntary_ctxt_switches")), int(status_field(pid, "nonvoluntary_ctxt_switches"))


def settled(pid):
    """The switches once they stay the same: the wait has been entered."""
    seen = []

    def same():
        seen.append(switches(pid))
        return len(seen) > 20 and len(set(seen[-20:])) == 1

    until(same, "the first wait")
    return seen[-1]


def test_no_wake_up_while_idle(pid1, subreaper, probe):
    """2.2 s would show any timer of up to two seconds; all ways of being idle are watched at once."""
    processes = [idle(init, probe, options) for init in (pid1, subreaper) for options in IDLE_OPTIONS]
    before = [settled(process.pid) for process in processes]
    end = time.monotonic() + 2.2
    until(lambda: time.monotonic() > end, "the end of the window")
    after = [switches(process.pid) for process in processes]
    for process, b, a in zip(processes, before, after):
        assert a == b, process.args
    for process in processes:
        process.send(signal.SIGTERM)
        process.finish()


def test_wake_ups_are_counted_at_all(subreaper, probe):
    """The counter-check: a signal is one wake-up."""
    process = idle(subreaper, probe, "")
    before = settled(process.pid)
    process.send(signal.SIGWINCH)
    until(lambda: switches(process.pid)[0] > before[0], "a wake-up")
    process.send(signal.SIGTERM)
    process.finish()


def rollup_kb(pid, name):
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(rf"^{name}:\s+(\d+) kB$", text, re.M).group(1))


def test_idle_entrypoint_holds_at_most_24_kb(init, probe):
    """The worst of several starts counts: where the stack begins differs from one to the next."""
    processes = [idle(init, probe, options) for options in IDLE_OPTIONS * 3]
    held = [rollup_kb(process.pid, "Anonymous") for process in processes]
    for process in processes:
        process.send(signal.SIGTERM)
        process.finish()
    assert min(held) > 0 and max(held) <= 24, sorted(held)


@pytest.mark.parametrize("options", IDLE_OPTIONS + [
    "-gsw -p KILL -e 143 -r TERM:QUIT,QUIT:TERM --success 7", "--delay 1s --grace 10s --drain 5s --wait --restart HUP --on USR1=/bin/true",
])
def test_idle_entrypoint_has_at_most_120_kb_resident(pid1, probe, options):
    """What it does not use of its file is not mapped, and the options' table is used: init/layout.ld."""
    process = idle(pid1, probe, options)
    held = rollup_kb(process.pid, "Rss")
    process.send(signal.SIGTERM)
    process.finish()
    assert 0 < held <= 120, held


def test_memory_does_not_grow(pid1, probe):
    """Thousands of orphans and signals cost nothing that stays."""
    process = pid1.start("", ["sh", "-c", f"{probe} orphans 3000 >&2; exec {probe} count 3000 40"])
    assert process.line() == "ready"
    send_values(process, 40, range(3000))
    assert process.line() == "enough"
    until(lambda: state_of(process.pid) == "S", "nsinit's idle state")
    held = rollup_kb(process.pid, "Anonymous")
    process.send(signal.SIGTERM)
    assert process.finish().out == "3000\n"
    assert held <= 24, held
