# SPDX-License-Identifier: MIT
"""Role entrypoint: orphans, the end of a program that does not end, the end of what it leaves, and the pause program."""

import os
import re
import select
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from harness import (
    PATIENCE, checked, children_of, command_of, descendants_of, lives, send_values, stat_fields, state_of, status_field, until,
    waits_in,
)

PTRACE_SEIZE = 0x4206


def ready(process):
    assert process.line() == "ready"
    return process


def adopted(process):
    """What `probe leave` left, once it is a child of nsinit's."""
    found = until(lambda: [p for p in children_of(process.pid) if re.match(r"\S+probe leave ", command_of(p))], "the orphan")
    assert len(found) == 1, [command_of(p) for p in found]
    return found[0]


# ---- reaping ----


def test_a_hundred_thousand_orphans_leave_no_zombie(pid1, probe):
    """The probe waits for each batch to be reaped, or fails; a tenth of them arrive alive."""
    result = pid1.run("", [probe, "orphans", "100000"])
    assert (result.status, result.out, result.err) == (0, "100000 reaped\n", "")


def test_orphans_are_reaped(init, probe):
    result = init.run("", [probe, "orphans", "2000"])
    assert (result.status, result.out, result.err) == (0, "2000 reaped\n", "")


def test_orphans_are_reaped_while_signals_arrive(init, probe):
    process = ready(init.start("", ["sh", "-c", f"{probe} orphans 2000 >&2 & exec {probe} count 500 40"]))
    send_values(process, 40, range(500))
    assert process.line() == "enough"
    orphans = [p for p in descendants_of(process.pid) if " orphans " in command_of(p)]
    until(lambda: all(not lives(p) for p in orphans), "the end of the orphans' maker")
    process.send(signal.SIGTERM)
    result = process.finish()
    assert (result.status, result.out, result.err) == (0, "500\n", "2000 reaped\n")


def test_an_orphan_becomes_our_child(init, probe):
    process = ready(init.start("", ["sh", "-c", f"{probe} leave 0 sleep; exec {probe} sleep"]))
    orphan = adopted(process)
    assert process.line() == "ready"
    os.kill(orphan, signal.SIGKILL)
    until(lambda: state_of(orphan) is None, "the reaping of the orphan")
    process.send(signal.SIGTERM)
    assert process.finish().status == 143


@pytest.mark.parametrize("option", ["-w", "--warn-reap"])
def test_warn_reap_names_each_orphan_and_not_the_program(init, probe, option):
    result = init.run(option, ["sh", "-c", f"{probe} orphans 3; exit 4"])
    assert (result.status, result.out) == (4, "3 reaped\n")
    assert len(re.findall(r"^nsinit: [^\n]*\breaped[^\n]* \d+[^\n]*$", result.err, re.M)) == 3, result
    assert len(result.err.splitlines()) == 3, result


# ---- grace: a program that outlives its TERM ----


@pytest.mark.parametrize("options, environment", [
    ("--grace 200ms", {}), ("--grace=200ms", {}), ("--grace 0", {}), ("", {"NSINIT_GRACE": "200ms"}),
    ("--grace 200ms", {"NSINIT_GRACE": "1h"}),
])
def test_grace_kills_a_stubborn_program(init, probe, options, environment):
    process = ready(init.start(options, [probe, "stubborn"], env=environment))
    process.send(signal.SIGTERM)
    assert process.finish().status == 137


def test_grace_is_told_of_with_v(init, probe):
    process = ready(init.start("-v --grace 100ms", [probe, "stubborn"]))
    process.send(signal.SIGTERM)
    assert re.search(r"^nsinit: process \d+ outlived its grace of 100 ms: KILL$", process.finish().err, re.M)


@pytest.mark.parametrize("options", ["-r TERM:HUP", "-r USR1:TERM"])
def test_grace_is_counted_from_a_rewritten_term_too(init, probe, options):
    """From the TERM that asks for the end, whatever the program gets; and from what the program gets as one."""
    process = ready(init.start(f"--grace 200ms {options}", [probe, "stubborn"]))
    process.send(signal.SIGTERM if options.startswith("-r TERM") else signal.SIGUSR1)
    assert process.finish().status == 137


def test_grace_does_not_begin_with_a_term_that_is_dropped(init, probe):
    process = ready(init.start("--grace 0 -r TERM:0", [probe, "signals", "--until", "USR1"]))
    process.send(signal.SIGTERM)
    process.send(signal.SIGUSR2)
    assert process.line() == "12"
    process.send(signal.SIGUSR1)
    assert process.finish().status == 0


def test_grace_is_counted_from_the_first_term(init, probe):
    """Who sends one again and again does not put the end off."""
    process = ready(init.start("--grace 200ms", [probe, "stubborn"]))

    def ended():
        process.send(signal.SIGTERM)
        return process.poll() is not None

    until(ended, "the end")
    assert process.finish().status == 137


def test_grace_does_not_wait_for_a_program_that_behaves(init, probe, scratch):
    process = ready(init.start("--grace 1h", [probe, "on", "TERM", scratch / "seen", "3"]))
    process.send(signal.SIGTERM)
    assert process.finish().status == 3
    assert (scratch / "seen").read_text() == "15\n"


def test_grace_is_counted_from_the_term_and_from_no_other_signal(init, probe):
    """HUP and INT leave a stubborn program alone, however small the grace: USR1, sent later, still arrives."""
    process = ready(init.start("--grace 0", [probe, "signals", "--until", "USR1"]))
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR2):
        process.send(number)
        assert process.line() == str(int(number))
    process.send(signal.SIGUSR1)
    assert process.line() == "10"
    assert process.finish().status == 0


def test_without_grace_a_stubborn_program_lives_on(init, probe):
    process = ready(init.start("", [probe, "signals", "--until", "USR1"]))
    for _ in range(3):
        process.send(signal.SIGTERM)
        assert process.line() == "15"
    process.send(signal.SIGUSR1)
    assert process.line() == "10"
    assert process.finish().status == 0


def test_grace_with_group_kills_the_group(subreaper, probe):
    process = subreaper.start("-g --grace 100ms", ["sh", "-c", f"trap '' TERM; {probe} stubborn & exec {probe} stubborn"])
    assert [process.line(), process.line()] == ["ready"] * 2
    member = [p for p in descendants_of(process.pid) if p not in children_of(process.pid)]
    process.send(signal.SIGTERM)
    assert process.finish().status == 137
    assert len(member) == 1
    until(lambda: state_of(member[0]) in (None, "Z"), "the end of the other member")


# ---- wait: for what the program leaves ----


def left_alone(process):
    """Until the program has ended and nsinit, waiting, has only what it left: that is in a group whose leader was the program."""
    def found():
        children = [(p, fields) for p in children_of(process.pid) if (fields := stat_fields(p))]
        return len(children) == 1 and str(children[0][0]) != children[0][1][2] and state_of(process.pid) == "S" and children

    return until(found, "the wait for what is left")[0][0]


@pytest.mark.parametrize("options, environment", [
    ("--wait", {}), ("", {"NSINIT_WAIT": "1"}), ("--wait --drain 1h", {}), ("--wait --grace 0", {}),
])
def test_wait_is_for_all_that_is_left_and_tells_nobody_to_end(init, probe, scratch, options, environment):
    """As a daemon that goes to the background. The second one is a child of the first, and becomes ours."""
    script = f"sh -c '{probe} leave 0 on USR1 {scratch}/second 0; exec {probe} on USR1 {scratch}/first 0' >&2 & exit 5"
    process = init.start(options, ["sh", "-c", script], env=environment)

    def those_that_wait():
        found = {Path(command.split()[-2]).name: pid for pid in children_of(process.pid) if (command := command_of(pid))}
        return set(found) == {"first", "second"} and found

    found = until(those_that_wait, "the end of the program")
    first, second = found["first"], found["second"]
    until(lambda: all(state_of(p) == "S" for p in (first, second, process.pid)), "the waits")
    os.kill(first, signal.SIGUSR1)
    until(lambda: state_of(first) is None, "the reaping of the first")
    assert lives(process.pid)
    os.kill(second, signal.SIGUSR1)
    assert process.finish().status == 5
    assert [(scratch / name).read_text() for name in ("first", "second")] == ["10\n", "10\n"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_wait_is_over_when_it_is_told_so(init, probe, scratch, number):
    """Then comes what else was asked for: here the drain, which lets what is left end."""
    process = ready(init.start("--wait --drain 1h", [probe, "leave", "6", "on", "TERM", scratch / "seen", "0"]))
    left_alone(process)
    process.send(signal.SIGHUP)
    process.send(number)
    assert process.finish().status == 6
    assert (scratch / "seen").read_text() == "15\n"


def test_wait_without_a_drain_leaves_at_once(subreaper, probe):
    process = ready(subreaper.start("--wait", [probe, "leave", "7", "sleep"]))
    left = left_alone(process)
    process.send(signal.SIGTERM)
    assert process.wait() == 7
    assert lives(left)
    os.kill(left, signal.SIGKILL)
    process.finish()


def test_no_wait_after_a_term_for_the_program(init, probe, scratch):
    """One is all that an engine sends before its KILL."""
    process = init.start("--wait --drain 1h", ["sh", "-c", f"{probe} leave 0 on TERM {scratch}/seen 0; exec {probe} sleep"])
    assert [process.line(), process.line()] == ["ready"] * 2
    process.send(signal.SIGTERM)
    assert process.finish().status == 143
    assert (scratch / "seen").read_text() == "15\n"


def test_grace_that_was_not_needed_does_not_end_the_wait(init, probe, scratch):
    """It is over 0.3 s after the USR1, which is no TERM for nsinit."""
    script = f"{probe} leave 0 on USR2 {scratch}/seen 0; exec {probe} signals"
    process = init.start("-r USR1:TERM --grace 300ms --wait", ["sh", "-c", script])
    assert [process.line(), process.line()] == ["ready"] * 2
    process.send(signal.SIGUSR1)
    end = time.monotonic() + 0.4
    left = left_alone(process)
    until(lambda: time.monotonic() > end, "the end of the grace")
    assert lives(process.pid)
    os.kill(left, signal.SIGUSR2)
    process.finish()
    assert (scratch / "seen").read_text() == "12\n"


def test_no_wait_for_nobody(init, probe):
    assert init.run("--wait", [probe, "exit", "8"]).status == 8


# ---- drain: what the program leaves ----


@pytest.mark.parametrize("options, environment", [("--drain 1h", {}), ("", {"NSINIT_DRAIN": "1h"})])
def test_drain_lets_term_handlers_run_and_leaves_when_they_are_done(init, probe, scratch, options, environment):
    """Three leftovers, one of them not a child of ours but a child of another one; an hour is not waited for."""
    script = (f"{probe} leave 0 on TERM {scratch}/first 0; setsid {probe} leave 0 on TERM {scratch}/second 0; "
              f"sh -c \"trap 'wait; exit' TERM; {probe} on TERM {scratch}/third 0 & echo \\$! >{scratch}/pid; wait\" & "
              f"until [ -s {scratch}/pid ]; do :; done; cat >/dev/null; exit 5")
    process = init.start(options, ["sh", "-c", script], env=environment, stdin=subprocess.PIPE)
    assert [process.line(), process.line(), process.line()] == ["ready"] * 3
    process.stdin.close()
    process.stdin = None
    result = process.finish()
    assert (result.status, result.err) == (5, "")
    for name in ("first", "second", "third"):
        assert (scratch / name).read_text() == "15\n", name


def test_drain_kills_and_names_what_stays(init, probe, scratch):
    process = init.start("--drain 300ms", ["sh", "-c", f"{probe} leave 0 stubborn; {probe} leave 0 on TERM {scratch}/good 0; exit 6"])
    result = process.finish()
    assert result.status == 6
    assert (scratch / "good").read_text() == "15\n"
    lines = [line for line in result.err.splitlines() if "probe" in line]
    assert len(lines) == 1 and lines[0].startswith("nsinit: ") and re.search(r"\b\d+\b", lines[0]), result
    assert "KILL" in lines[0]


def test_drain_tells_what_is_known_of_who_stays(pid1, probe):
    """Its state, and where the kernel tells it, what it waits in."""
    process = ready(pid1.start("--drain 1h", [probe, "leave", "6", "stubborn"]))
    left = left_alone(process)
    until(lambda: waits_in(left, "pause"), "the sleep of who stays")
    wchan = Path(f"/proc/{left}/wchan").read_text()
    process.send(signal.SIGTERM)
    where = f", in {wchan}" if wchan not in ("", "0") else ""
    assert re.fullmatch(rf"nsinit: drain: \d+ \(probe\) outlived its drain: KILL; state S{where}\n", process.finish().err)


def test_drain_names_only_some_of_many(init, probe):
    """To look for all of thousands would keep them alive."""
    result = init.run("--drain 0", ["sh", "-c", f"for i in $(seq 20); do {probe} leave 0 stubborn; done; exit 6"])
    lines = result.err.splitlines()
    assert result.status == 6 and lines[-1] == "nsinit: drain: and others", result
    assert len(lines) == 17 and all(re.match(r"nsinit: drain: \d+ \(probe\) outlived its drain: KILL; ", line) for line in lines[:-1])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_drain_is_cut_short(init, probe, number):
    """By somebody in a hurry; of other signals it takes no notice."""
    process = ready(init.start("--drain 1h", [probe, "leave", "6", "stubborn"]))
    left = left_alone(process)
    process.send(signal.SIGHUP)
    process.send(number)
    result = process.finish()
    assert result.status == 6 and "KILL" in result.err
    assert state_of(left) is None


def test_who_outlives_a_kill_is_named_and_not_waited_for(pid1, probe):
    """
    The first process of a PID namespace has ended when those in it have been reaped, and that of one which is traced
    is the tracer's to do. So the tracer, which is this process, holds up both until it has read the message.
    """
    script = f"unshare -pf sh -c '{probe} stubborn & exec {probe} stubborn' & cat >/dev/null; exit 6"
    process = ready(ready(pid1.start("--drain 100ms", ["sh", "-c", script], stdin=subprocess.PIPE)))
    first, traced = [p for p in descendants_of(process.pid) if command_of(p) == f"{probe} stubborn"]
    held = int(status_field(first, "NSpid").split()[1])
    checked("ptrace", PTRACE_SEIZE, traced, None, None)
    process.stdin.close()
    process.stdin = None
    said = b""
    while b"does not die" not in said:
        piece = select.select([process.stderr], [], [], PATIENCE)[0] and os.read(process.stderr.fileno(), 1000)
        assert piece, said
        said += piece
    os.waitpid(traced, os.WNOHANG)
    result = process.finish()
    assert result.status == 6
    said = (said.decode() + result.err).splitlines()
    assert [line for line in said if line.startswith(f"nsinit: drain: {held} (probe) does not die; state ")], said


def test_drain_reaches_what_is_stopped(init, probe, scratch):
    """A stopped process takes its TERM only when it goes on."""
    process = init.start("--drain 1h", ["sh", "-c", f"{probe} leave 0 on TERM {scratch}/seen 0; cat >/dev/null; exit 7"],
                         stdin=subprocess.PIPE)
    assert process.line() == "ready"
    leftover = adopted(process)
    os.kill(leftover, signal.SIGSTOP)
    until(lambda: state_of(leftover) == "T", "the stop of the leftover")
    process.stdin.close()
    process.stdin = None
    assert process.finish().status == 7
    assert (scratch / "seen").read_text() == "15\n"


def test_drain_without_leftovers_ends_at_once(init, probe):
    result = init.run("--drain 1h", [probe, "exit", "8"])
    assert (result.status, result.err) == (8, "")


def test_drain_after_a_signal_keeps_the_programs_status(init, probe, scratch):
    process = init.start("--drain 1h", ["sh", "-c", f"{probe} leave 0 on TERM {scratch}/seen 0; exec {probe} sleep"])
    assert [process.line(), process.line()] == ["ready"] * 2
    process.send(signal.SIGTERM)
    assert process.finish().status == 143
    assert (scratch / "seen").read_text() == "15\n"


def test_drain_leaves_alone_what_is_not_ours(subreaper, probe):
    """A subreaper drains its descendants only: the probe beside it, of the same user, goes on."""
    other = ready(subreaper.caller.start([probe, "sleep"]))
    assert subreaper.run("--drain 1h", [probe, "leave", "3", "sleep"]).status == 3
    assert lives(other.pid)
    other.send(signal.SIGKILL)
    other.finish()


def test_without_drain_pid_1_waits_for_nothing(pid1, probe):
    result = pid1.run("", [probe, "leave", "9", "stubborn"])
    assert (result.status, result.err) == (9, "")


# ---- parent death ----


@pytest.mark.parametrize("option, number", [("-p TERM", 15), ("-p 10", 10), ("--parent-death=SIGRTMIN+1", 35)])
def test_parent_death_signal_reaches_the_program(user, nsinit, probe, scratch, option, number):
    """The parent is a shell that is killed; what its death brings is a signal like any other."""
    parent = user.start(["sh", "-c", f"{nsinit} -s {option} -- {probe} on {number} {scratch}/seen 0 & wait"])
    assert parent.line() == "ready"
    (init,) = children_of(parent.pid)
    parent.send(signal.SIGKILL)
    until(lambda: (scratch / "seen").exists(), "the signal of the parent's death")
    assert parent.finish().status == -9
    until(lambda: not lives(init), "nsinit's end")
    assert (scratch / "seen").read_text() == f"{number}\n"


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace to delay a system call")
def test_parent_that_dies_before_it_is_watched_has_died_too(user, nsinit, probe, scratch):
    """The kernel tells of no death from before it was asked to: the second prctl, which asks, is delayed."""
    calls = scratch / "calls"
    strace = f"strace -D -qq -o {calls} -e trace=prctl,getppid -e inject=prctl:delay_enter=300000:when=2"
    parent = user.start(["sh", "-c", f"{strace} {nsinit} -s -p TERM -- {probe} sleep & wait"])
    until(lambda: calls.exists() and "getppid()" in calls.read_text(), "the look at the parent")
    (init,) = children_of(parent.pid)
    parent.send(signal.SIGKILL)
    until(lambda: not lives(init), "the end by the signal of the parent's death")
    assert parent.finish().status == -9


def test_parent_death_is_nothing_without_the_option(user, nsinit, probe):
    parent = user.start(["sh", "-c", f"{nsinit} -s -- {probe} signals & wait"])
    assert parent.line() == "ready"
    (init,) = children_of(parent.pid)
    parent.send(signal.SIGKILL)
    os.waitid(os.P_PID, parent.pid, os.WEXITED | os.WNOWAIT)
    os.kill(init, signal.SIGUSR1)
    assert parent.line() == "10"
    os.kill(init, signal.SIGTERM)
    assert parent.line() == "15"
    parent.finish()


# ---- pause ----


@pytest.mark.parametrize("option", ["-P", "--pause"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_pause_ends_with_0_on_term_and_int(init, option, number):
    process = init.start(option, [])
    until(lambda: sleeping_in_wait(process.pid), "the pause")
    process.send(number)
    result = process.finish()
    assert (result.status, result.out, result.err) == (0, "", "")


def test_pause_is_ended_by_nothing_else(init):
    process = init.start("-P", [])
    until(lambda: sleeping_in_wait(process.pid), "the pause")
    for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGCHLD, signal.SIGCONT, signal.SIGWINCH, 40):
        process.send(number)
    until(lambda: sleeping_in_wait(process.pid), "the pause")
    assert lives(process.pid)
    process.send(signal.SIGTERM)
    assert process.finish().status == 0


def test_pause_reaps(pid1, root, probe):
    process = pid1.start("-P", [])
    until(lambda: sleeping_in_wait(process.pid), "the pause")
    result = root.run(["nsenter", "-t", process.pid, "-p", "-m", probe, "orphans", "2000"])
    assert (result.status, result.out) == (0, "2000 reaped\n")
    process.send(signal.SIGTERM)
    assert process.finish().status == 0


def sleeping_in_wait(pid):
    """It is nsinit by now (the name changes with exec) and waits with nothing pending."""
    fields = stat_fields(pid)
    with open(f"/proc/{pid}/comm") as name, open(f"/proc/{pid}/status") as status:
        pending = re.search(r"^ShdPnd:\t(\w+)$", status.read(), re.M).group(1)
        return fields[0] == "S" and name.read() == "nsinit\n" and int(pending, 16) == 0
