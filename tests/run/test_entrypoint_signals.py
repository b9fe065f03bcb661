# SPDX-License-Identifier: MIT
"""Role entrypoint: every signal that nsinit is sent reaches the program once, at any moment, with its value."""

import contextlib
import os
import re
import shutil
import signal

import pytest
from harness import checked, children_of, command_of, descendants_of, send_values, lives, state_of, status_field, until

FORWARDED = sorted(set(range(1, 65)) - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD})


def ready(process):
    assert process.line() == "ready"
    return process


# ---- forwarding ----


def test_every_signal_is_forwarded_once(init, probe):
    process = ready(init.start("", [probe, "signals", "--until", "TERM"]))
    for number in FORWARDED:
        if number != signal.SIGTERM:
            process.send(number)
            assert process.line() == str(number)
    process.send(signal.SIGTERM)
    assert process.line() == "15"
    result = process.finish()
    assert (result.status, result.out, result.err) == (0, "", "")


def test_sigchld_is_not_forwarded(init, probe):
    """Of what is pending the kernel gives the lowest first: a CHLD for the program would come before the 40."""
    process = ready(init.start("", [probe, "signals"]))
    process.send(signal.SIGCHLD)
    process.send(40)
    assert process.line() == "40"
    process.send(signal.SIGTERM)
    assert process.line() == "15"
    process.finish()


def test_signal_ends_the_program_and_shows_in_the_status(init, probe):
    process = ready(init.start("", [probe, "sleep"]))
    process.send(signal.SIGTERM)
    result = process.finish()
    assert (result.status, result.err) == (143, "")


@pytest.mark.parametrize("number", [34, 35, 50, 64])
def test_real_time_values_are_kept(init, probe, number):
    process = ready(init.start("", [probe, "signals"]))
    for value in (0, 1, 305419896):
        process.send(number, value)
        assert process.line() == f"{number} {value}"
    process.send(signal.SIGTERM)
    process.finish()


def test_standard_signal_keeps_its_value(init, probe):
    process = ready(init.start("", [probe, "signals"]))
    process.send(signal.SIGUSR1, 77)
    assert process.line() == "10 77"
    process.send(signal.SIGTERM)
    process.finish()


def test_fault_signals_sent_by_others_are_forwarded(init, probe):
    """SEGV and the like are our own end only when the kernel raised them; sent by kill they are like any other."""
    process = ready(init.start("", [probe, "signals"]))
    for number in (signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT, signal.SIGTRAP, signal.SIGSYS):
        process.send(number)
        assert process.line() == str(int(number))
    process.send(signal.SIGTERM)
    assert process.finish().status == 0


def test_broken_pipe_of_our_log_is_not_for_the_program(init, probe):
    """Each line of -vv raises a PIPE of ours, which would come before the next signal."""
    reader, writer = os.pipe()
    os.close(reader)
    process = ready(init.start("-vv", [probe, "signals"], stderr=writer))
    os.close(writer)
    for number in (signal.SIGUSR1, 40):
        process.send(number)
        assert process.line() == str(int(number))
    process.send(signal.SIGPIPE)
    assert process.line() == "13"
    process.send(signal.SIGTERM)
    assert process.line() == "15"
    assert process.finish().status == 0


def test_log_that_nobody_empties_holds_nothing_up(init, probe):
    """Its lines are lost, one a signal and more, and all else goes on."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"x" * 4096)
    os.set_blocking(writer, True)
    process = ready(init.start("-vv", [probe, "signals"], stderr=writer))
    os.close(writer)
    for number in (signal.SIGUSR1, 40, signal.SIGTERM):
        process.send(number)
        assert process.line() == str(int(number))
    assert process.finish().status == 0
    os.close(reader)


def test_storm_of_signals_arrives_whole_and_in_order(init, probe):
    process = ready(init.start("", [probe, "signals", "--until", "TERM"]))
    send_values(process, 40, range(10000))
    assert [process.line() for _ in range(10000)] == [f"40 {i}" for i in range(10000)]
    process.send(signal.SIGTERM)
    assert process.lines_until("15") == ["15"]
    assert process.finish().status == 0


def test_storm_of_mixed_signals(init, probe):
    process = ready(init.start("", [probe, "signals", "--until", "TERM"]))
    for i in range(2000):
        send_values(process, 34 + i % 31, [i])
    lines = [process.line() for _ in range(2000)]
    assert sorted(lines) == sorted(f"{34 + i % 31} {i}" for i in range(2000))
    process.send(signal.SIGTERM)
    assert process.lines_until("15") == ["15"]
    process.finish()


def test_exact_count(init, probe):
    process = ready(init.start("", [probe, "count", "3000", "50"]))
    send_values(process, 50, range(3000))
    assert process.line() == "enough"
    process.send(signal.SIGTERM)
    assert process.line() == "3000"
    process.finish()


def test_full_queue_of_a_slow_program_loses_nothing(root, nsinit, probe):
    """
    The program may queue 4 signals and is stopped meanwhile: nsinit holds the others, in order.
    The limit counts all signals queued for a user, so the program is a user that nothing else here runs as.
    """
    other_user = ["setpriv", "--reuid=29999", "--regid=29999", "--clear-groups"]
    process = ready(root.start([nsinit, "-s", "--", "prlimit", "--sigpending=4", *other_user, probe, "signals"]))
    (program,) = children_of(process.pid)
    os.kill(program, signal.SIGSTOP)
    until(lambda: state_of(program) == "T", "the stop of the program")
    for value in range(20):
        checked("sigqueue", process.pid, 45, value)
    until(lambda: status_field(program, "SigQ").startswith(("4/", "5/")), "the program's queue to fill")
    os.kill(program, signal.SIGCONT)
    lines = [line for line in (process.line() for _ in range(21)) if line != "18"]
    assert lines == [f"45 {i}" for i in range(20)]
    process.send(signal.SIGTERM)
    process.finish()


# ---- who gets them ----


@pytest.mark.parametrize("name", ["USR1", "INT", "CONT"])
def test_program_alone_gets_the_signal(init, probe, scratch, name):
    """INT and CONT as well, where there is no terminal."""
    number = int(getattr(signal, f"SIG{name}"))
    process = init.start("", ["sh", "-c", f"{probe} on {name} {scratch}/member 0 & exec {probe} signals"])
    assert [process.line(), process.line()] == ["ready"] * 2
    (member,) = [p for p in descendants_of(process.pid) if f" on {name} " in command_of(p)]
    process.send(number)
    assert process.line() == str(number)
    until(lambda: state_of(member) in ("S", None), "the other member's wait")
    assert lives(member) and not (scratch / "member").exists()
    os.kill(member, signal.SIGKILL)
    process.send(signal.SIGTERM)
    process.finish()


@pytest.mark.parametrize("options, environment", [
    ("-g", {}), ("--group", {}), ("", {"NSINIT_GROUP": "1"}),
])
def test_group_gets_the_signal(init, probe, scratch, options, environment):
    script = f"{probe} on USR1 {scratch}/member 0 & {probe} on USR1 {scratch}/other 0 & exec {probe} signals"
    process = init.start(options, ["sh", "-c", script], env=environment)
    assert [process.line() for _ in range(3)] == ["ready"] * 3
    process.send(signal.SIGUSR1)
    assert process.line() == "10"
    until(lambda: (scratch / "member").exists() and (scratch / "other").exists(), "the signal to the group")
    process.send(signal.SIGTERM)
    process.finish()


def test_program_leads_a_process_group_of_its_own(init, probe):
    report = init.run("", [probe]).report
    assert report["pgid"] == report["pid"]


@pytest.mark.parametrize("option", ["-c", "--single-child"])
def test_single_child_stays_in_the_group(user, nsinit, probe, option):
    process = user.start([nsinit, "-s", option, "--", probe], start_new_session=True)
    report = process.finish().report
    assert report["pgid"] == process.pid


def test_single_child_has_no_group_to_tell(init, probe):
    """-g beside -c: the group is nsinit's, so the signal is for the program, and comes once."""
    process = ready(init.start("-c -g", [probe, "signals"]))
    process.send(signal.SIGUSR1)
    assert process.line() == "10"
    process.send(signal.SIGTERM)
    assert process.line() == "15"
    process.finish()


# ---- rewriting ----


@pytest.mark.parametrize("options, sent, got", [
    ("-r TERM:QUIT", 15, "3"),
    ("-r 15:3", 15, "3"),
    ("-r SIGTERM:SIGQUIT", 15, "3"),
    ("-r sigterm:quit", 15, "3"),
    ("--rewrite=TERM:QUIT", 15, "3"),
    ("-r TERM:QUIT,HUP:USR2", 1, "12"),
    ("-r TERM:QUIT -r HUP:USR2", 15, "3"),
    ("-r TERM:QUIT -r HUP:USR2", 1, "12"),
    ("-r INT:HUP,HUP:INT", 1, "2"),
    ("-r INT:HUP,HUP:INT", 2, "1"),
    ("-r RTMIN:USR1", 34, "10"),
    ("-r RTMIN+3:USR1", 37, "10"),
    ("-r RTMAX:USR1", 64, "10"),
    ("-r RTMAX-2:USR1", 62, "10"),
    ("-r SIGRTMIN+3:SIGRTMAX", 37, "64"),
    ("-r WINCH:RTMIN", 28, "34 0"),
    ("-r 64:63", 64, "63"),
])
def test_rewrite(subreaper, probe, options, sent, got):
    process = ready(subreaper.start(options, [probe, "signals", "--until", "USR1"]))
    process.send(sent)
    assert process.line() == got
    if got != "10":
        process.send(signal.SIGUSR1)
        assert process.line() == "10"
    assert process.finish().status == 0


@pytest.mark.parametrize("options", ["-r HUP:0", "-r 1:0", "-r USR2:0,HUP:0"])
def test_rewrite_to_zero_drops(init, probe, options):
    process = ready(init.start(options, [probe, "signals"]))
    process.send(signal.SIGHUP)
    process.send(signal.SIGTERM)
    assert process.lines_until("15") == ["15"]
    process.finish()


def test_rewrite_keeps_the_value(init, probe):
    process = ready(init.start("-r RTMIN+1:RTMIN+2", [probe, "signals"]))
    process.send(35, 99)
    assert process.line() == "36 99"
    process.send(signal.SIGTERM)
    process.finish()


def test_rewrite_from_the_environment(init, probe):
    process = ready(init.start("", [probe, "signals", "--until", "QUIT"], env={"NSINIT_REWRITE": "TERM:QUIT"}))
    process.send(signal.SIGTERM)
    assert process.line() == "3"
    process.finish()


def test_rewrite_for_the_whole_group(init, probe, scratch):
    script = f"{probe} on QUIT {scratch}/member 0 & exec {probe} signals --until QUIT"
    process = init.start("-g -r TERM:QUIT", ["sh", "-c", script])
    assert [process.line(), process.line()] == ["ready"] * 2
    process.send(signal.SIGTERM)
    assert process.line() == "3"
    process.finish()
    if not init.pid1:  # PID 1 takes the others with it when the program has ended
        until(lambda: (scratch / "member").exists(), "the signal to the group")


# ---- the start ----


@pytest.mark.parametrize("way", ["pid1", "child"])
@pytest.mark.parametrize("options", ["", "-g", "-c", "--grace 60s"])
def test_no_term_is_lost_during_the_start(root, nsinit, probe, way, options):
    """TERM between 0 and 1 ms after the moment that nsinit has its signals blocked; the probe counts."""
    command = [nsinit, "-s", *options.split(), "--", probe, "sleep"]
    assert root.run([probe, "starts", "100", "1000", way, *command]).out == "100 right, 0 wrong, 0 lost\n"


def start_calls(user, nsinit, probe, scratch):
    """The system calls between the blocked mask and the program's exec, by name, as strace of one start shows them."""
    user.run(["strace", "-f", "-o", scratch / "calls", nsinit, "-s", "--", probe, "exit", "0"])
    names = re.findall(r"^\d+\s+(\w+)\(", (scratch / "calls").read_text(), re.M)
    starts = [i for i, name in enumerate(names) if name == "execve"]
    assert len(starts) == 2, names
    first = names.index("rt_sigprocmask")
    return sorted(set(names[first + 1:starts[1]]))


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace to delay system calls")
def test_term_during_a_delayed_start_is_not_lost(user, nsinit, probe, scratch):
    """Each system call of the start is held for a tenth of a second in turn, with TERM sent meanwhile."""
    calls = start_calls(user, nsinit, probe, scratch)
    assert calls, "nothing to delay"
    started = []
    for call in [c for c in calls if c != "rt_sigprocmask"]:
        when = "2" if call == "execve" else "1+"
        process = user.start(["strace", "-f", "-qq", "-o", scratch / call, "-e", f"trace={call}",
                              "-e", f"inject={call}:delay_enter=100000:when={when}", nsinit, "-s", "--", probe, "sleep"])
        started.append((call, process))
    for call, process in started:
        (tracee,) = until(lambda: [p for p in children_of(process.pid) if blocks_term(p)], f"the start under {call}")
        os.kill(tracee, signal.SIGTERM)
    for call, process in started:
        assert process.finish().status == 143, call


def blocks_term(pid):
    """Or has done: in sigtimedwait, with its program started, the signals that are waited for do not show."""
    try:
        if children_of(pid):
            return True
        return int(status_field(pid, "SigBlk"), 16) >> (signal.SIGTERM - 1) & 1
    except (OSError, AttributeError):
        return False


# ---- stop and continue ----


def test_stop_and_continue_reach_the_program(init, probe):
    """What TSTP does to the program, CONT undoes: nsinit stays able to forward it."""
    process = ready(init.start("", [probe, "sleep"]))
    (program,) = children_of(process.pid)
    process.send(signal.SIGTSTP)
    until(lambda: state_of(program) == "T", "the stop of the program")
    process.send(signal.SIGCONT)
    until(lambda: state_of(program) == "S", "the program's going on")
    until(lambda: state_of(process.pid) == "S", "nsinit's going on")
    process.send(signal.SIGTERM)
    assert process.finish().status == 143


def test_program_that_stops_itself_is_not_taken_for_dead(init, probe):
    process = ready(init.start("", [probe, "stop", "STOP"]))
    (program,) = children_of(process.pid)
    until(lambda: state_of(program) == "T", "the stop of the program")
    os.kill(program, signal.SIGCONT)
    process.send(signal.SIGCONT)
    assert process.line() == "continued"
    assert process.finish().status == 0
