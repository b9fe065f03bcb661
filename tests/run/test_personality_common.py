# SPDX-License-Identifier: MIT
"""
What tini, dumb-init and catatonit have in common, tested on nsinit under their names and on themselves; in what they differ
says a row each. What only one of them has, or only nsinit does better, is in the file of that one.
"""

import os
import re
import signal
from typing import NamedTuple

import pytest
from harness import children_of, lives, until
from peers import (
    BLOCKED, IGNORED, OURS, block_and_ignore, both, everyone, one_line, peer, program_of, ready, running, say_goodbye, stopped, waits_as,
)


class Facts(NamedTuple):
    says: str            # how a failure of the init itself begins
    failed_exec: str     # what follows where it is that of a program's start
    reason: str          # and how the program and the reason stand in it
    not_found: int
    not_executable: int
    help_on: str
    help_names: tuple
    not_forwarded: set   # these end or stop the real one itself, or mean something to it


FACTS = {
    "tini": Facts(r"\[FATAL tini \(\d+\)\] ", "exec ", "{path} failed: {reason}", 127, 126, "out",
                  ("--version", "-h", "-s", "-p", "-v", "-w", "-g", "-e", "-l",
                   "TINI_SUBREAPER", "TINI_VERBOSITY", "TINI_KILL_PROCESS_GROUP"), {4, 5, 6, 7, 8, 11, 20, 21, 22, 31}),
    "dumb-init": Facts(r"\[dumb-init\] ", "", "{path}: {reason}", 2, 2, "err",
                       ("-c", "--single-child", "-r", "--rewrite", "-v", "--verbose", "-h", "--help", "-V", "--version"),
                       {20, 21, 22, *range(32, 65)}),
    "catatonit": Facts(r"ERROR \(catatonit:\d+\): ", "failed to exec ", ": {reason}", 1, 1, "err",
                       ("-g", "-h", "-L", "-P", "-V", "--version"), {4, 5, 6, 7, 8, 11, 20, 21, 22, 31}),
}


def ours(_):
    return OURS


def our_child(_):
    return ["nsinit-child"]


@pytest.fixture
def init(request, nsinit, directory):
    """A Peer, instead of the Init that others mean by it."""
    return peer(*request.param, nsinit, directory)


def each(variants, columns="", rows=((),)):
    """For each init in each of its variants: `init`, and these columns of the rows, which are the same for all or a list for each name."""
    cases = [pytest.param((name, variant), *row, id=f"{name}-{variant}-{number}")
             for name in (rows if isinstance(rows, dict) else FACTS) for variant in variants(name)
             for number, row in enumerate(rows[name] if isinstance(rows, dict) else rows)]
    return pytest.mark.parametrize(["init", *columns.split()], cases, indirect=["init"])


# ---- the status and the command line ----


@each(both, "status", [(0,), (1,), (2,), (42,), (126,), (127,), (143,), (255,)])
def test_exit_status_is_the_programs(init, probe, status):
    result = init.run("", [probe, "exit", str(status)])
    assert (result.status, result.out, result.err) == (status, "", "")


@each(everyone, "number", [(2,), (6,), (9,), (11,), (15,), (64,)])
def test_death_by_signal_is_128_plus_number(init, probe, number):
    assert init.run("", [probe, "die", str(number)]).status == 128 + number


UNKNOWN = [([],), (["-Z", "true"],), (["--nope", "true"],)]
WRONG = {
    "tini": [*UNKNOWN, (["-v"],), (["--help"],), (["-e"],), (["-p"],), (["-s", "--"],)],
    "dumb-init": [*UNKNOWN, (["-v"],), (["--"],), (["-r"],), (["-r", "15", "true"],), (["-r", "0:3", "true"],), (["-r", "15:-1", "true"],),
                  (["-r", "15,3", "true"],), (["-r", "", "true"],), (["-r", ":", "true"],), (["-r", "x:y", "true"],),
                  (["-r", "99:1", "true"],)],
    "catatonit": [*UNKNOWN, (["--"],), (["-g"],)],
}


@each(both, "words", WRONG)
def test_bad_command_line_is_1_and_said_on_stderr(init, words):
    result = init.raw(*words)
    assert result.status == 1 and result.out == "" and result.err, result
    if not init.real:
        one_line(result.err, FACTS[init.name].says)


@each(both)
def test_help_names_every_option(init):
    facts, result = FACTS[init.name], init.raw("-h")
    said, other = (result.out, result.err) if facts.help_on == "out" else (result.err, result.out)
    assert (result.status, other) == (0, "")
    for word in facts.help_names:
        assert re.search(rf"(?<!\w){word}\b", said), word


@each(everyone, "name reason", [("missing", "No such file or directory"), ("plain", "Permission denied"), ("dir", "Permission denied")])
def test_program_that_cannot_be_started(init, scratch, name, reason):
    (scratch / "plain").write_text("#!/bin/sh\n")
    (scratch / "plain").chmod(0o644)
    (scratch / "dir").mkdir()
    facts, result = FACTS[init.name], init.run("", [scratch / name])
    assert (result.status, result.out) == (facts.not_found if name == "missing" else facts.not_executable, "")
    one_line(result.err, facts.says + facts.failed_exec, facts.reason.format(path=scratch / name, reason=reason))


@each(lambda name: our_child(name) if name == "tini" else both(name))  # tini itself says 126
def test_path_through_a_file_is_not_found(init, scratch):
    (scratch / "file").write_text("")
    facts, result = FACTS[init.name], init.run("", [scratch / "file/x"])
    assert (result.status, result.out) == (facts.not_found, "")
    one_line(result.err, facts.says + facts.failed_exec, facts.reason.format(path=scratch / "file/x", reason="Not a directory"))


@each(both, "options", {"tini": [("-s -g",)], "dumb-init": [("",), ("-c",)], "catatonit": [("-g",)]})
def test_one_inside_another(init, probe, options):
    """The README of dumb-init: in single-child mode several can be strung together."""
    result = init.run(options, [init.path, *options.split(), "--", probe, "exit", "5"])
    assert (result.status, result.out, result.err) == (5, "", "")


# ---- signals and orphans ----


@each(everyone, "options", {"tini": [("",)], "dumb-init": [("",), ("-c",)], "catatonit": [("",)]})
def test_signals_are_forwarded(init, probe, options):
    process = ready(init.start(options, [probe, "signals"]))
    never = {9, 15, 17, 19, 32, 33} | ({18} if init.name != "dumb-init" else set())
    for number in sorted(set(range(1, 65)) - never - FACTS[init.name].not_forwarded):
        process.send(number)
        assert process.line() == str(number)
    say_goodbye(process)


@each(everyone, "options environment reached", {
    "tini": [("", {}, False), ("-g", {}, True), ("", {"TINI_KILL_PROCESS_GROUP": ""}, True), ("", {"TINI_KILL_PROCESS_GROUP": "1"}, True)],
    "dumb-init": [("", {}, True), ("", {"DUMB_INIT_SETSID": "1"}, True), ("", {"DUMB_INIT_SETSID": ""}, True),
                  ("-c", {}, False), ("--single-child", {}, False), ("", {"DUMB_INIT_SETSID": "0"}, False)],
    "catatonit": [("", {}, False), ("-g", {}, True)],
})
def test_who_gets_a_signal(init, probe, scratch, options, environment, reached):
    """Another member of the program's group too, or not."""
    process = init.start(options, ["sh", "-c", f"{probe} on USR1 {scratch}/member 0 & exec {probe} signals"], env=environment)
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


@each(lambda name: ["nsinit-pid1", "dumb-init-pid1"] if name == "dumb-init" else everyone(name))  # which is no subreaper
def test_orphans_are_reaped(init, probe):
    result = init.run("", [probe, "orphans", "300"])
    assert (result.status, result.out, result.err) == (0, "300 reaped\n", "")


# ---- what the program finds ----


@each(everyone, rows={"tini": [()], "catatonit": [()]})
def test_program_leads_a_process_group_and_stays_in_the_session(init, probe):
    report = init.run("", [probe]).report
    assert report["pgid"] == report["pid"] and report["sid"] != report["pid"]


@each(everyone, rows={"tini": [()], "catatonit": [()]})
def test_mask_and_ignored_signals_are_kept(init, probe):
    """catatonit itself adds TSTP, TTIN and TTOU to the mask."""
    report = init.run("", [probe], setup=block_and_ignore).report
    added = {20, 21, 22} if init.name == "catatonit" and init.real else set()
    assert set(report["blocked"]) - added == {int(n) for n in BLOCKED}
    assert {int(n) for n in IGNORED} <= set(report["ignored"])


@each(everyone, "variable", {"tini": [("TINI_SUBREAPER",)], "dumb-init": [("DUMB_INIT_SETSID",)], "catatonit": [("LISTEN_FDS",)]})
def test_environment_directory_and_descriptors_are_kept(init, probe, scratch, variable):
    first, second = os.pipe()
    try:
        options = {"env": {"A": "b", variable: "1"}, "cwd": scratch, "pass_fds": [first, second]}
        bare = init.caller.run([probe], pid1=init.pid1, **options).report
        under = init.run("", [probe], **options).report
    finally:
        os.close(first)
        os.close(second)
    assert under["env"] == bare["env"] and under["cwd"] == bare["cwd"] == str(scratch)
    assert sorted(under["fds"]) == sorted(bare["fds"]) == sorted(["0", "1", "2", str(first), str(second)])


# ---- where nsinit does better than more than one of them ----


@each(ours)
def test_signals_that_the_real_one_keeps_are_forwarded_by_us(init, probe):
    process = ready(init.start("", [probe, "signals"]))
    stops = {20, 21, 22} if init.name == "dumb-init" else set()
    for number in sorted((FACTS[init.name].not_forwarded | {32, 33}) - stops):
        process.send(number)
        assert process.line() == str(number)
    say_goodbye(process)


@each(ours, rows={"tini": [()], "catatonit": [()]})
def test_real_time_values_are_kept_by_us(init, probe):
    process = ready(init.start("", [probe, "signals"]))
    for value in range(50):
        process.send(41, value)
    assert [process.line() for _ in range(50)] == [f"41 {value}" for value in range(50)]
    say_goodbye(process)


@each(our_child, "words", {"tini": [(["-s"],)], "dumb-init": [([],)], "catatonit": [([],)]})
def test_options_of_the_program_need_no_dashes_before_them(init, words):
    """`tini sh -c ...`: with glibc's getopt tini and catatonit take the -c for their own."""
    result = init.raw(*words, "sh", "-c", "echo $0; exit 3", "-V")
    assert (result.status, result.out, result.err) == (3, "-V\n", "")


@each(ours)
def test_ignored_sigchld_does_not_hang_us(init, probe):
    """tini and catatonit wait for ever."""
    def ignore():
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)

    assert init.run("", [probe, "exit", "3"], setup=ignore).status == 3
    if init.pid1 or init.name != "dumb-init":
        assert init.run("", [probe, "orphans", "100"], setup=ignore).out == "100 reaped\n"


@each(our_child, "closed", [([0],), ([1],), ([2],), ([0, 1, 2],)])
def test_closed_descriptors_are_no_error_for_us(init, probe, closed):
    """tini ends when its stdin is closed."""
    assert init.run("", [probe, "exit", "5"], setup=lambda: [os.close(fd) for fd in closed]).status == 5


@pytest.mark.parametrize("init", [(name, "nsinit-child") for name in FACTS], indirect=True, ids=FACTS)
def test_start_loses_no_signal_of_ours(init, root, probe):
    """What comes before the program's group or session is there is lost by the others."""
    words = {"tini": ["-g", "-s"], "dumb-init": [], "catatonit": ["-g"]}[init.name]
    result = root.run([probe, "starts", "100", "1000", "child", init.path, *words, "--", probe, "sleep"])
    assert result.out == "100 right, 0 wrong, 0 lost\n"


@each(ours)
def test_stopped_program_is_not_taken_for_dead(init, probe):
    """dumb-init's CHLD handler does not expect one."""
    process = waits_as(ready(init.start("", [probe, "signals"])), init.name)
    program = program_of(process)
    os.kill(program, signal.SIGSTOP)
    stopped(program)
    process.send(signal.SIGCONT)
    assert process.line() == "18"
    running(program)
    say_goodbye(process)
