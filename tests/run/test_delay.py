# SPDX-License-Identifier: MIT
"""--delay: the first TERM is held, so that a load balancer can stop sending; a second one cuts it short."""

import re
import signal

import pytest
from harness import state_of, until
from peers import program_of, ready, stopped, waits_as

HOUR = "--delay 1h"


def held(process):
    """
    Sends a TERM, and a real-time signal after it. Of signals that are pending together the kernel gives the lowest
    first, so that only the second arrives shows that the TERM was taken and held.
    """
    process.send(signal.SIGTERM)
    process.send(40)
    assert process.line() == "40"


@pytest.mark.parametrize("options, environment", [
    (HOUR, {}), ("--delay=60m", {}), ("--delay 3600", {}), ("", {"NSINIT_DELAY": "1h"}), (HOUR, {"NSINIT_DELAY": "0"}),
])
def test_term_is_held_and_a_second_one_cuts_it_short(init, probe, options, environment):
    process = ready(init.start(options, [probe, "signals"], env=environment))
    held(process)
    process.send(signal.SIGTERM)
    assert process.line() == "15"
    result = process.finish()
    assert (result.status, result.out, result.err) == (0, "", "")


@pytest.mark.parametrize("options, environment", [("--delay 100ms", {}), ("", {"NSINIT_DELAY": "100ms"}), ("--delay 0 --delay 100ms", {})])
def test_held_term_is_sent_when_the_time_is_over(init, probe, options, environment):
    process = ready(init.start(options, [probe, "signals"], env=environment))
    process.send(signal.SIGTERM)
    assert process.line() == "15"
    assert process.finish().status == 0


@pytest.mark.parametrize("options", ["", "--delay 0", "--delay 0ms"])
def test_without_a_delay_nothing_is_held(init, probe, options):
    process = ready(init.start(options, [probe, "signals"]))
    process.send(signal.SIGTERM)
    assert process.line() == "15"
    process.finish()


def test_term_arrives_once_and_later_ones_are_not_held(init, probe):
    process = ready(init.start(HOUR, [probe, "signals", "--until", "USR2"]))
    held(process)
    for _ in range(3):
        process.send(signal.SIGTERM)
        assert process.line() == "15"
    process.send(signal.SIGUSR2)
    assert process.line() == "12"
    result = process.finish()
    assert (result.status, result.out) == (0, "")


def test_term_after_a_delay_that_is_over_is_not_held(init, probe):
    """It counts as the second: the first has had its time."""
    process = ready(init.start("--delay 100ms", [probe, "signals", "--until", "USR2"]))
    for _ in range(2):
        process.send(signal.SIGTERM)
        assert process.line() == "15"
    process.send(signal.SIGUSR2)
    assert process.line() == "12"
    process.finish()


@pytest.mark.parametrize("number", [1, 2, 3, 10, 12, 18, 28, 40])
def test_other_signals_are_not_held(subreaper, probe, number):
    process = ready(subreaper.start(HOUR, [probe, "signals", "--until", str(number)]))
    process.send(number)
    assert process.line() == str(number)
    assert process.finish().status == 0


def test_a_program_that_ends_meanwhile_is_not_waited_for(init, probe, scratch):
    """The load balancer is content, the program ends by itself: so do we, within the hour."""
    process = ready(init.start(HOUR, [probe, "on", "USR1", scratch / "seen", "3"]))
    process.send(signal.SIGTERM)
    process.send(signal.SIGUSR1)
    assert process.finish().status == 3


def test_status_of_a_held_term(init, probe):
    process = ready(init.start("--delay 100ms", [probe, "sleep"]))
    process.send(signal.SIGTERM)
    assert process.finish().status == 143


def test_delayed_term_goes_to_the_group(init, probe, scratch):
    script = f"{probe} on TERM {scratch}/member 0 & exec {probe} signals --until USR2"
    process = init.start(f"{HOUR} -g", ["sh", "-c", script])
    assert [process.line(), process.line()] == ["ready"] * 2
    process.send(signal.SIGTERM)
    process.send(signal.SIGWINCH)  # which the member ignores
    assert process.line() == "28"
    assert not (scratch / "member").exists()
    process.send(signal.SIGTERM)
    assert process.line() == "15"
    until(lambda: (scratch / "member").exists(), "the TERM of the other member")
    process.send(signal.SIGUSR2)
    process.lines_until("12")
    assert process.finish().status == 0


def test_what_term_becomes_is_held(init, probe):
    """The engine's signal counts, not the one that the program wants instead."""
    process = ready(init.start(f"{HOUR} -r TERM:QUIT", [probe, "signals", "--until", "QUIT"]))
    held(process)
    process.send(signal.SIGTERM)
    assert process.line() == "3"
    assert process.finish().status == 0


def test_a_rewritten_term_arrives_when_the_time_is_over(init, probe):
    process = ready(init.start("--delay 100ms -r TERM:QUIT", [probe, "signals", "--until", "QUIT"]))
    process.send(signal.SIGTERM)
    assert process.line() == "3"
    assert process.finish().status == 0


def test_grace_begins_when_the_term_is_sent(init, probe):
    """A grace of nothing would kill at once; that another signal still arrives shows that it has not begun."""
    process = ready(init.start(f"{HOUR} --grace 0", [probe, "signals", "--until", "USR2"]))
    held(process)
    process.send(signal.SIGTERM)
    assert process.finish().status == 137


def test_delay_and_grace_one_after_the_other(init, probe):
    process = ready(init.start("--delay 100ms --grace 100ms", [probe, "stubborn"]))
    process.send(signal.SIGTERM)
    assert process.finish().status == 137


def test_drain_follows_a_delay(init, probe, scratch):
    process = init.start("--delay 100ms --drain 1h", ["sh", "-c", f"{probe} leave 0 on TERM {scratch}/seen 0; exec {probe} sleep"])
    assert [process.line(), process.line()] == ["ready"] * 2
    process.send(signal.SIGTERM)
    assert process.finish().status == 143
    assert (scratch / "seen").read_text() == "15\n"


def test_delay_is_told_of_with_v(init, probe):
    process = ready(init.start(f"-v {HOUR}", [probe, "signals"]))
    held(process)
    process.send(signal.SIGTERM)
    result = process.finish()
    assert result.status == 0 and re.search(r"^nsinit: .*TERM.*$", result.err, re.M), result


def test_stopped_program_gets_the_term_later(init, probe):
    process = ready(init.start("--delay 50ms", [probe, "signals"]))
    program = program_of(process)
    process.send(signal.SIGSTOP if not init.pid1 else signal.SIGTSTP)
    if init.pid1:
        assert process.line() == "20"
    else:
        stopped(process.pid)
    process.send(signal.SIGTERM)
    process.send(signal.SIGCONT)
    assert sorted([process.line(), process.line()]) == ["15", "18"]
    assert process.finish().status == 0
    assert state_of(program) is None


def test_no_wait_without_a_program(init):
    process = waits_as(init.start(f"{HOUR} -P", []), "nsinit")
    process.send(signal.SIGTERM)
    assert process.finish().status == 0


def test_in_a_container_too(caller, nsinit, probe):
    """The launcher passes every TERM on; who holds it is PID 1 inside."""
    process = ready(caller.start([nsinit, "--delay", "1h", "--", probe, "signals"]))
    held(process)
    process.send(signal.SIGTERM)
    assert process.line() == "15"
    assert process.finish().status == 0
    process = ready(caller.start([nsinit, "--delay", "100ms", "--", probe, "sleep"]))
    process.send(signal.SIGTERM)
    assert process.finish().status == 143


def test_dry_run_shows_it(user, nsinit, probe):
    out = user.run([nsinit, "-s", "--delay", "1500ms", "--dry-run", "--", probe]).out
    assert re.search(r"^delay.*\b1500 ms$", out, re.M), out
