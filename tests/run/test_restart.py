# SPDX-License-Identifier: MIT
"""--restart SIG: on SIG the program ends as by a TERM, and starts again."""

import json
import shutil
import signal
import time

import pytest
from harness import children_of, lives, status_field, until
from peers import program_of, ready
from test_listen import EXEC


def again(process, number=signal.SIGHUP, says=("15", "ready")):
    """Sends the signal, and waits for the probe's last words and the next one's first."""
    process.send(number)
    assert [process.line() for _ in says] == list(says)


def taken(process):
    """Lower numbers are taken first, so what was sent before may still be there."""
    until(lambda: int(status_field(process.pid, "ShdPnd"), 16) == 0, "nsinit's taking every signal")


def end(process, status=0):
    process.send(signal.SIGTERM)
    assert process.line() == "15"
    result = process.finish()
    assert result.status == status, result
    return result


@pytest.mark.parametrize("options, environment, number", [
    ("--restart HUP", {}, 1), ("--restart SIGUSR2", {}, 12), ("--restart 1", {}, 1), ("--restart RTMIN+3", {}, 37),
    ("--restart CONT", {}, 18), ("--restart INT", {}, 2), ("", {"NSINIT_RESTART": "HUP"}, 1),
])
def test_program_ends_and_starts_again(init, probe, options, environment, number):
    process = ready(init.start(options, [probe, "signals"], env=environment))
    for _ in range(3):
        before = program_of(process)
        again(process, number)
        assert program_of(process) != before
    assert end(process).err == ""


def test_end_of_its_own_is_the_end(init, probe):
    assert init.run("--restart HUP", [probe, "exit", "3"]).status == 3


def test_status_is_that_of_the_last_run(init, scratch):
    """It is the number of runs before."""
    script = f"""
        runs=$(cat {scratch}/runs 2>/dev/null)
        echo x$runs >{scratch}/runs
        trap "exit ${{#runs}}" TERM
        echo ready
        while :; do sleep 0.01; done"""
    process = init.start("--restart HUP", ["sh", "-c", script])
    assert process.line() == "ready"
    again(process, says=["ready"])
    process.send(signal.SIGTERM)
    assert process.finish().status == 1


def test_term_ends_it_for_good(init, probe):
    """Also a TERM that comes while the restart waits for the end, and a restart that comes after a TERM."""
    process = ready(init.start("--restart HUP", [probe, "signals", "--until", "QUIT"]))
    process.send(signal.SIGHUP)
    assert process.line() == "15"
    process.send(signal.SIGTERM)
    assert process.line() == "15"
    process.send(signal.SIGHUP)
    process.send(signal.SIGUSR1)
    assert process.line() == "10"
    process.send(signal.SIGQUIT)
    assert process.line() == "3"
    assert process.finish().status == 0


def test_signals_that_come_together_are_one_restart(init, probe):
    process = ready(init.start("--restart RTMIN", [probe, "signals", "--until", "QUIT"]))
    for _ in range(5):
        process.send(34)
    assert process.line() == "15"
    taken(process)
    process.send(signal.SIGQUIT)
    assert [process.line(), process.line()] == ["3", "ready"]
    process.send(signal.SIGQUIT)
    assert process.line() == "3"
    assert process.finish().status == 0


def test_end_is_rewritten_as_a_term_is(init, probe):
    process = ready(init.start("--restart HUP -r TERM:QUIT", [probe, "signals", "--until", "QUIT"]))
    again(process, says=["3", "ready"])
    process.send(signal.SIGTERM)
    assert process.line() == "3"
    assert process.finish().status == 0


def test_it_is_not_delayed(init, probe):
    process = ready(init.start("--restart HUP --delay 1h", [probe, "signals"]))
    again(process)
    process.send(signal.SIGTERM)
    taken(process)
    process.send(signal.SIGUSR1)
    assert process.line() == "10"  # the TERM waits
    process.send(signal.SIGHUP)  # and nothing starts again meanwhile
    process.send(signal.SIGUSR1)
    assert process.line() == "10"
    end(process)


def test_grace_is_for_each_run(init, probe):
    """A program that outlives its TERM is killed and started again; the next one has its own time."""
    process = ready(init.start("-v --restart HUP --grace 50ms", [probe, "signals", "--until", "QUIT"]))
    for _ in range(2):
        again(process)
    process.send(signal.SIGTERM)
    assert process.line() == "15"
    result = process.finish()
    assert result.status == 137
    assert result.err.count("outlived its grace") == 3


def test_grace_of_a_program_that_behaved_is_over_with_it(init, probe):
    process = ready(init.start("-v --restart HUP --grace 200ms", [probe, "signals"]))
    again(process)
    time.sleep(0.4)
    process.send(signal.SIGUSR1)
    assert process.line() == "10"
    assert "grace" not in end(process).err


def test_other_signals_go_to_the_new_program(init, probe):
    process = ready(init.start("--restart HUP", [probe, "signals"]))
    again(process)
    process.send(signal.SIGUSR1)
    assert process.line() == "10"
    process.send(40)
    assert process.line() == "40"
    end(process)


def test_group_ends_with_group(init, probe, scratch):
    """What the old program has left in its group gets the TERM with -g."""
    process = init.start("-g --restart HUP", ["sh", "-c", f"{probe} on TERM {scratch}/member 0 & exec {probe} signals"])
    assert [process.line(), process.line()] == ["ready"] * 2
    process.send(signal.SIGHUP)
    until(lambda: (scratch / "member").exists(), "the member's TERM")
    process.lines_until("15")
    assert [process.line(), process.line()] == ["ready"] * 2
    process.send(signal.SIGTERM)
    process.lines_until("15")
    assert process.finish().status == 0


def test_program_that_is_gone_shows_in_the_status(init, probe, scratch):
    program = scratch / "program"
    shutil.copy(probe, program)
    process = ready(init.start("--restart HUP", [program, "signals"]))
    program.unlink()
    process.send(signal.SIGHUP)
    assert process.line() == "15"
    result = process.finish()
    assert result.status == 127
    assert len(result.err.splitlines()) == 1 and str(program) in result.err and "No such file" in result.err


def test_leftovers_are_drained_at_the_end_only(init, probe):
    """A restart leaves alone what the old program has left; the end does not."""
    process = init.start("--restart HUP --drain 1h", ["sh", "-c", f"{probe} sleep >/dev/null & exec {probe} signals"])
    ready(process)
    program = program_of(process)
    (left,) = until(lambda: children_of(program), "the leftover")
    process.send(signal.SIGHUP)
    process.lines_until("15")
    ready(process)
    assert lives(left)
    process.send(signal.SIGTERM)
    process.lines_until("15")
    assert process.finish().status == 0
    assert not lives(left)


def test_both_runs_get_the_same(init, probe):
    """Environment, directory, descriptors, mask, capabilities and all else that the probe reports, but for ids of processes."""
    process = init.start("--restart HUP --env A=B", ["sh", "-c", f"{probe}; exec {probe} signals"])
    reports = []
    for _ in range(2):
        report = json.loads(process.line())
        reports.append({key: value for key, value in report.items() if key not in ("pid", "ppid", "pgid", "tty")})
        ready(process)
        process.send(signal.SIGHUP)
        assert process.line() == "15"
    assert reports[0] == reports[1]
    process.line(), ready(process)
    end(process)


def test_listen_pid_is_that_of_the_new_program(subreaper, probe):
    program = ["sh", "-c", f'echo "$$ $LISTEN_PID"; exec {probe} signals']
    process = subreaper.caller.start([*EXEC, *subreaper.command("--restart HUP", program)])
    for _ in range(2):
        pid, listen = process.line().split()
        assert pid == listen
        ready(process)
        process.send(signal.SIGHUP)
        assert process.line() == "15"
    process.line(), ready(process)
    end(process)


def test_in_a_container_too(caller, nsinit, probe):
    process = ready(caller.start([nsinit, "--restart", "HUP", "--", probe, "signals"]))
    again(process)
    again(process)
    end(process)


@pytest.mark.parametrize("value, words", [
    ("NOPE", ["not a signal"]), ("0", ["not a signal"]), ("65", ["not a signal"]), ("KILL", ["give another signal"]),
    ("CHLD", ["give another signal"]), ("TERM", ["for good", "HUP"]),
])
def test_bad_value(init, probe, value, words):
    result = init.run(f"--restart {value}", [probe, "exit", "0"])
    assert result.status == 125
    assert len(result.err.splitlines()) == 1 and all(word in result.err for word in ["--restart", value, *words])


@pytest.mark.parametrize("options, program", [("--restart HUP -P", False), ("--restart HUP --on HUP=/bin/true", True)])
def test_what_cannot_be_together(init, probe, options, program):
    result = init.run(options, [probe, "exit", "0"] if program else [])
    assert result.status == 125
    assert len(result.err.splitlines()) == 1 and "leave one" in result.err or "another" in result.err


def test_dry_run_shows_it(init, probe):
    result = init.run("--restart HUP --dry-run", [probe, "exit", "0"])
    assert result.status == 0 and "on HUP: the program again\n" in result.out
