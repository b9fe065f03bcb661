# SPDX-License-Identifier: MIT
"""
nsinit under the name catatonit: what catatonit 0.1.7 does, tested on catatonit too, and what nsinit does better;
test_personality_common.py has the rest.
"""

import json
import os
import re
import select
import signal

import pexpect
import pytest
from harness import PATIENCE, state_of, until
from peers import both, everyone, one_line, orphan_of, peer, peers_of, program_of, ready, say_goodbye, waits_as

ERROR = r"ERROR \(catatonit:\d+\): "


catatonit = peers_of("catatonit", everyone("catatonit"))
child_catatonit = peers_of("catatonit", both("catatonit"))  # not PID 1: what is the same in both ways
our_child_catatonit = peers_of("catatonit", ["nsinit-child"])


# ---- the status and the command line ----


@pytest.mark.parametrize("option", ["-V", "--version"])
def test_version_is_one_line_on_stdout_in_the_form_of_tini(child_catatonit, option):
    """Docker and podman read it as they read tini's."""
    result = child_catatonit.raw(option)
    assert (result.status, result.err) == (0, "")
    assert re.fullmatch(r"tini version \d+\.\d+\.\d+_catatonit\n", result.out), result


def test_license_is_on_stdout(child_catatonit):
    result = child_catatonit.raw("-L")
    assert (result.status, result.err) == (0, "") and len(result.out) > 20


@pytest.mark.parametrize("environment, talks", [({"CATATONIT_DEBUG": ""}, True), ({"CATATONIT_DEBUG": "0"}, True), ({}, False)])
def test_debugging_goes_to_stderr(child_catatonit, environment, talks):
    """The variable counts if it is there at all."""
    result = child_catatonit.run("", ["sh", "-c", "echo $$; exit 4"], env=environment)
    assert result.status == 4 and re.fullmatch(r"\d+\n", result.out), result
    assert bool(result.err) == talks
    # the real one's parent and child write into each other's lines
    assert child_catatonit.real or all(re.match(r"(DEBUG|INFO) \(catatonit:\d+\): ", line) for line in result.err.splitlines()), result.err
    assert not talks or result.out.strip() in result.err, "the program's pid"


# ---- the program's place ----


def test_program_and_init_stay_where_they_were(catatonit, probe, scratch):
    """As of 0.1.7: later releases go to the root themselves."""
    process = ready(catatonit.start("", [probe, "signals"], cwd=scratch))
    assert os.readlink(f"/proc/{program_of(process)}/cwd") == os.readlink(f"/proc/{process.pid}/cwd") == str(scratch)
    say_goodbye(process)


def test_descriptors_are_for_the_program_only(catatonit, probe):
    """Both find the pipe's reader at its end as soon as the program, which was passed the writer, is gone or has closed it."""
    reader, writer = os.pipe()
    try:
        script = f"exec {writer}>&-; exec {probe} signals"
        process = ready(catatonit.start("", ["bash", "-c", script], pass_fds=[writer]))
    finally:
        os.close(writer)
    at_end = select.select([reader], [], [], PATIENCE)[0]
    os.close(reader)
    say_goodbye(process)
    assert at_end, "the init holds the pipe open"


def test_listen_pid_becomes_the_programs(catatonit, probe):
    """What was meant for the init, as the process that systemd or podman started, is meant for the program."""
    setup = ["sh", "-c", 'LISTEN_PID=$$ exec "$@"', "x", *catatonit.command("", [probe])]
    report = catatonit.caller.run(setup, env={"LISTEN_FDS": "1"}, pid1=catatonit.pid1).report
    assert f"LISTEN_PID={report['pid']}" in report["env"] and "LISTEN_FDS=1" in report["env"]


@pytest.mark.parametrize("value", ["999999", "x", ""])
def test_listen_pid_of_somebody_else_is_kept(child_catatonit, probe, value):
    report = child_catatonit.run("", [probe], env={"LISTEN_PID": value}).report
    assert f"LISTEN_PID={value}" in report["env"]


# ---- signals and orphans ----


def test_it_adopts_without_being_asked(catatonit, probe):
    process = catatonit.start("", ["sh", "-c", f"{probe} leave 0 sleep; exec {probe} signals"])
    assert [process.line(), process.line()] == ["ready"] * 2
    orphan, parent = orphan_of()
    assert parent == process.pid
    os.kill(orphan, signal.SIGKILL)
    until(lambda: state_of(orphan) is None, "the reaping of the orphan")
    say_goodbye(process)


# ---- pause ----


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_pause_ends_with_0(catatonit, number):
    process = waits_as(catatonit.start("-P", []), "catatonit")
    process.send(number)
    result = process.finish()
    assert (result.status, result.out, result.err) == (0, "", "")


def test_pause_is_ended_by_nothing_else(catatonit):
    process = waits_as(catatonit.start("-P", []), "catatonit")
    for number in (1, 10, 12, 13, 14, 17, 18, 20, 28, 40):
        process.send(number)
    waits_as(process, "catatonit")
    process.send(signal.SIGTERM)
    assert process.finish().status == 0


def test_pause_lets_go_of_descriptors(catatonit):
    reader, writer = os.pipe()
    try:
        process = waits_as(catatonit.start("-P", [], pass_fds=[writer]), "catatonit")
    finally:
        os.close(writer)
    at_end = select.select([reader], [], [], PATIENCE)[0]
    os.close(reader)
    process.send(signal.SIGTERM)
    assert process.finish().status == 0
    assert at_end, "the pause program holds the pipe open"


@pytest.mark.parametrize("who", ["nsinit", "catatonit"])
def test_pause_reaps(nsinit, directory, root, probe, who):
    process = waits_as(peer("catatonit", f"{who}-pid1", nsinit, directory).start("-P", []), "catatonit")
    result = root.run(["nsenter", "-t", process.pid, "-p", "-m", probe, "orphans", "300"])
    assert (result.status, result.out) == (0, "300 reaped\n")
    process.send(signal.SIGTERM)
    assert process.finish().status == 0


# ---- the terminal ----


@pytest.mark.parametrize("redirect", [None, "null"])
def test_program_has_the_foreground_of_the_terminal(catatonit, probe, redirect):
    """Through /dev/tty, so stdin may be something else."""
    def setup():
        if redirect:
            os.close(0)
            os.open("/dev/null", os.O_RDONLY)

    child = catatonit.pty("", [probe, "tty"], setup=setup)
    child.expect(pexpect.EOF)
    facts = json.loads(child.before)
    assert facts["foreground"] == facts["pgid"], facts


# ---- where nsinit does better ----


def test_message_names_the_program(our_child_catatonit):
    """catatonit calls it pid1."""
    one_line(our_child_catatonit.run("", ["no-such-program"]).err, ERROR, "no-such-program")


def test_pause_with_a_program_is_an_error_of_ours(our_child_catatonit, probe, scratch):
    """catatonit drops the program without a word."""
    result = our_child_catatonit.run("-P", [probe, "write", scratch / "ran"])
    assert result.status == 1 and not (scratch / "ran").exists()
    one_line(result.err, ERROR, "probe")
