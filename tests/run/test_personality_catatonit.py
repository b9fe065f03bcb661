# SPDX-License-Identifier: MIT
"""nsinit under the name catatonit: what catatonit 0.1.7 does, tested on catatonit too, and what nsinit does better."""

import json
import os
import re
import select
import signal

import pexpect
import pytest
from harness import PATIENCE, children_of, lives, state_of, until
from peers import (
    BLOCKED, IGNORED, OURS, block_and_ignore, both, everyone, one_line, orphan_of, peer, peers_of, program_of, ready, running,
    stopped, waits_as,
)

ERROR = r"ERROR \(catatonit:\d+\): "
FAULTS = {4, 5, 6, 7, 8, 11, 31}  # sent by kill they end catatonit itself
IGNORED_BY_CATATONIT = {20, 21, 22}
FORWARDED = sorted(set(range(1, 65)) - {9, 15, 17, 18, 19, 32, 33} - FAULTS - IGNORED_BY_CATATONIT)


catatonit = peers_of("catatonit", everyone("catatonit"))
our_catatonit = peers_of("catatonit", OURS)
child_catatonit = peers_of("catatonit", both("catatonit"))  # not PID 1: what is the same in both ways
our_child_catatonit = peers_of("catatonit", ["nsinit-child"])


def say_goodbye(process):
    process.send(signal.SIGTERM)
    process.lines_until("15")
    assert process.finish().status == 0


# ---- the status and the command line ----


@pytest.mark.parametrize("status", [0, 1, 42, 127, 255])
def test_exit_status_is_the_programs(child_catatonit, probe, status):
    result = child_catatonit.run("", [probe, "exit", str(status)])
    assert (result.status, result.out, result.err) == (status, "", "")


@pytest.mark.parametrize("number", [2, 9, 11, 15, 64])
def test_death_by_signal_is_128_plus_number(catatonit, probe, number):
    assert catatonit.run("", [probe, "die", str(number)]).status == 128 + number


@pytest.mark.parametrize("option", ["-V", "--version"])
def test_version_is_one_line_on_stdout_in_the_form_of_tini(child_catatonit, option):
    """Docker and podman read it as they read tini's."""
    result = child_catatonit.raw(option)
    assert (result.status, result.err) == (0, "")
    assert re.fullmatch(r"tini version \d+\.\d+\.\d+_catatonit\n", result.out), result


def test_help_names_every_option_on_stderr(child_catatonit):
    result = child_catatonit.raw("-h")
    assert (result.status, result.out) == (0, "")
    for word in ("-g", "-h", "-L", "-P", "-V", "--version"):
        assert re.search(rf"(?<!\w){word}\b", result.err), word


def test_license_is_on_stdout(child_catatonit):
    result = child_catatonit.raw("-L")
    assert (result.status, result.err) == (0, "") and len(result.out) > 20


@pytest.mark.parametrize("words", [[], ["--"], ["-g"], ["-Z", "true"], ["--nope", "true"]])
def test_bad_command_line_is_1_and_said_on_stderr(child_catatonit, words):
    result = child_catatonit.raw(*words)
    assert result.status == 1 and result.out == "" and result.err, result


@pytest.mark.parametrize("words", [[], ["-Z", "true"], ["--nope", "true"]])
def test_bad_command_line_is_one_line_of_ours(our_child_catatonit, words):
    result = our_child_catatonit.raw(*words)
    assert result.status == 1
    one_line(result.err, ERROR)


@pytest.mark.parametrize("name, reason", [
    ("missing", "No such file or directory"), ("plain", "Permission denied"), ("dir", "Permission denied"), ("plain/x", "Not a directory"),
])
def test_program_that_cannot_be_started_is_1(child_catatonit, scratch, name, reason):
    (scratch / "plain").write_text("#!/bin/sh\n")
    (scratch / "plain").chmod(0o644)
    (scratch / "dir").mkdir()
    result = child_catatonit.run("", [scratch / name])
    assert (result.status, result.out) == (1, "")
    one_line(result.err, ERROR + "failed to exec ", reason)


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


def test_program_leads_a_process_group_and_stays_in_the_session(catatonit, probe):
    report = catatonit.run("", [probe]).report
    assert report["pgid"] == report["pid"] and report["sid"] != report["pid"]


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


def test_program_gets_the_descriptors_and_the_environment(child_catatonit, probe):
    first, second = os.pipe()
    try:
        options = {"env": {"A": "b", "LISTEN_FDS": "2"}, "pass_fds": [first, second]}
        bare = child_catatonit.caller.run([probe], **options).report
        under = child_catatonit.run("", [probe], **options).report
    finally:
        os.close(first)
        os.close(second)
    assert under["env"] == bare["env"] and sorted(under["fds"]) == sorted(bare["fds"])


def test_listen_pid_becomes_the_programs(catatonit, probe):
    """What was meant for the init, as the process that systemd or podman started, is meant for the program."""
    setup = ["sh", "-c", 'LISTEN_PID=$$ exec "$@"', "x", *catatonit.command("", [probe])]
    report = catatonit.caller.run(setup, env={"LISTEN_FDS": "1"}, pid1=catatonit.pid1).report
    assert f"LISTEN_PID={report['pid']}" in report["env"] and "LISTEN_FDS=1" in report["env"]


@pytest.mark.parametrize("value", ["999999", "x", ""])
def test_listen_pid_of_somebody_else_is_kept(child_catatonit, probe, value):
    report = child_catatonit.run("", [probe], env={"LISTEN_PID": value}).report
    assert f"LISTEN_PID={value}" in report["env"]


def test_mask_and_ignored_signals_are_kept(catatonit, probe):
    """catatonit adds TSTP, TTIN and TTOU to the mask."""
    report = catatonit.run("", [probe], setup=block_and_ignore).report
    assert set(report["blocked"]) - IGNORED_BY_CATATONIT == {int(n) for n in BLOCKED}
    assert {int(n) for n in IGNORED} <= set(report["ignored"])
    if not catatonit.real:
        assert not set(report["blocked"]) & IGNORED_BY_CATATONIT


# ---- signals and orphans ----


def test_signals_are_forwarded(catatonit, probe):
    process = ready(catatonit.start("", [probe, "signals"]))
    for number in FORWARDED:
        process.send(number)
        assert process.line() == str(number)
    say_goodbye(process)


@pytest.mark.parametrize("options, reached", [("", False), ("-g", True)])
def test_who_gets_a_signal(catatonit, probe, scratch, options, reached):
    process = catatonit.start(options, ["sh", "-c", f"{probe} on USR1 {scratch}/member 0 & exec {probe} signals"])
    assert [process.line(), process.line()] == ["ready"] * 2
    process.send(signal.SIGUSR1)
    assert process.line() == "10"
    if reached:
        until(lambda: (scratch / "member").exists(), "the signal to the other member")
    else:
        (member,) = children_of(program_of(process))
        assert lives(member) and not (scratch / "member").exists()
        os.kill(member, signal.SIGKILL)
    say_goodbye(process)


def test_orphans_are_reaped(catatonit, probe):
    result = catatonit.run("", [probe, "orphans", "300"])
    assert (result.status, result.out, result.err) == (0, "300 reaped\n", "")


def test_it_adopts_without_being_asked(catatonit, probe):
    process = catatonit.start("", ["sh", "-c", f"{probe} leave 0 sleep; exec {probe} signals"])
    assert [process.line(), process.line()] == ["ready"] * 2
    orphan, parent = orphan_of()
    assert parent == process.pid
    os.kill(orphan, signal.SIGKILL)
    until(lambda: state_of(orphan) is None, "the reaping of the orphan")
    say_goodbye(process)


def test_one_inside_another(child_catatonit, probe):
    result = child_catatonit.run("", [child_catatonit.path, "-g", "--", probe, "exit", "5"])
    assert (result.status, result.out, result.err) == (5, "", "")


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


def test_own_and_stop_signals_of_catatonit_are_forwarded_by_us(our_catatonit, probe):
    process = ready(our_catatonit.start("", [probe, "signals"]))
    for number in sorted(FAULTS | IGNORED_BY_CATATONIT | {32, 33}):
        process.send(number)
        assert process.line() == str(number)
    say_goodbye(process)


def test_real_time_values_are_kept_by_us(our_catatonit, probe):
    process = ready(our_catatonit.start("", [probe, "signals"]))
    for value in range(50):
        process.send(41, value)
    assert [process.line() for _ in range(50)] == [f"41 {value}" for value in range(50)]
    say_goodbye(process)


def test_options_of_the_program_need_no_dashes_before_them(our_child_catatonit):
    """`catatonit sh -c ...`: with glibc's getopt catatonit takes the -c for its own."""
    result = our_child_catatonit.raw("sh", "-c", "echo $0; exit 3", "-V")
    assert (result.status, result.out, result.err) == (3, "-V\n", "")


def test_message_names_the_program(our_child_catatonit):
    """catatonit calls it pid1."""
    one_line(our_child_catatonit.run("", ["no-such-program"]).err, ERROR, "no-such-program")


def test_pause_with_a_program_is_an_error_of_ours(our_child_catatonit, probe, scratch):
    """catatonit drops the program without a word."""
    result = our_child_catatonit.run("-P", [probe, "write", scratch / "ran"])
    assert result.status == 1 and not (scratch / "ran").exists()
    one_line(result.err, ERROR, "probe")


def test_ignored_sigchld_does_not_hang_us(our_catatonit, probe):
    """catatonit waits for ever."""
    def ignore():
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)

    assert our_catatonit.run("", [probe, "exit", "3"], setup=ignore).status == 3


@pytest.mark.parametrize("closed", [[0], [1], [2], [0, 1, 2]])
def test_closed_descriptors_are_no_error_for_us(our_child_catatonit, probe, closed):
    assert our_child_catatonit.run("", [probe, "exit", "5"], setup=lambda: [os.close(fd) for fd in closed]).status == 5


def test_group_start_loses_no_signal_of_ours(root, nsinit, directory, probe):
    """With -g catatonit loses what comes before the group is there."""
    path = peer("catatonit", "nsinit-child", nsinit, directory).path
    assert root.run([probe, "starts", "100", "1000", "child", path, "-g", "--", probe, "sleep"]).out == "100 right, 0 wrong, 0 lost\n"


def test_stop_and_continue(our_catatonit, probe):
    process = ready(our_catatonit.start("", [probe, "signals"]))
    program = program_of(process)
    os.kill(program, signal.SIGSTOP)
    stopped(program)
    process.send(signal.SIGCONT)
    assert process.line() == "18"
    running(program)
    say_goodbye(process)
