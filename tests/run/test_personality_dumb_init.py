# SPDX-License-Identifier: MIT
"""
nsinit under the name dumb-init: what dumb-init 1.2 documents, tested on dumb-init too, and what nsinit does better;
test_personality_common.py has the rest.
"""

import json
import os
import re
import signal
import subprocess

import pexpect
import pytest
from harness import descendants_of, lives, stat_fields, until
from peers import OURS, both, everyone, one_line, orphan_of, peer, peers_of, program_of, ready, running, say_goodbye, stopped

SAYS = r"\[dumb-init\] "
JOB_CONTROL = [signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU]


dumb_init = peers_of("dumb-init", everyone("dumb-init"))
our_dumb_init = peers_of("dumb-init", OURS)
child_dumb_init = peers_of("dumb-init", both("dumb-init"))  # not PID 1: what PID 1 cannot do, and what is the same in both ways
our_child_dumb_init = peers_of("dumb-init", ["nsinit-child"])
SINGLE = [("-c", {}), ("--single-child", {}), ("", {"DUMB_INIT_SETSID": "0"})]
WHOLE = [("", {}), ("", {"DUMB_INIT_SETSID": "1"}), ("", {"DUMB_INIT_SETSID": ""})]


# ---- the status and the command line ----


@pytest.mark.parametrize("words", [["-V"], ["--version"], ["-v", "-V"]])
def test_version_is_one_line_on_stderr(child_dumb_init, words):
    result = child_dumb_init.raw(*words)
    assert (result.status, result.out) == (0, "")
    assert re.fullmatch(r"dumb-init v\d+\.\d+\.\d+\n", result.err), result


@pytest.mark.parametrize("words", [[], ["-Z", "true"], ["-r"], ["-r", "15", "true"], ["-r", "TERM:NOPE", "true"], ["-r", "1:65", "true"]])
def test_bad_command_line_is_one_line_of_ours(our_child_dumb_init, words):
    result = our_child_dumb_init.raw(*words)
    assert result.status == 1
    one_line(result.err, SAYS)


def test_options_stop_at_the_program(child_dumb_init):
    result = child_dumb_init.raw("sh", "-c", "echo $0; exit 3", "-V")
    assert (result.status, result.out) == (3, "-V\n")


def test_as_an_interpreter(child_dumb_init, scratch):
    """The README's `#!/usr/bin/dumb-init /bin/sh`."""
    script = scratch / "script"
    script.write_text(f"#!{child_dumb_init.path} /bin/sh\necho $1; exit 6\n")
    script.chmod(0o755)
    result = child_dumb_init.caller.run([script, "word"])
    assert (result.status, result.out, result.err) == (6, "word\n", "")


@pytest.mark.parametrize("options, environment, talks", [
    ("", {}, False), ("-v", {}, True), ("--verbose", {}, True), ("", {"DUMB_INIT_DEBUG": "1"}, True), ("", {"DUMB_INIT_DEBUG": "0"}, False),
    ("", {"DUMB_INIT_DEBUG": ""}, False), ("", {"DUMB_INIT_DEBUG": "yes"}, False),
])
def test_debugging_goes_to_stderr(child_dumb_init, options, environment, talks):
    result = child_dumb_init.run(options, ["sh", "-c", "echo $$; exit 4"], env=environment)
    assert result.status == 4 and re.fullmatch(r"\d+\n", result.out), result
    assert bool(result.err) == talks
    assert all(line.startswith("[dumb-init] ") for line in result.err.splitlines()), result.err
    assert not talks or result.out.strip() in result.err, "the program's pid"


# ---- the session ----


@pytest.mark.parametrize("options, environment", WHOLE)
def test_program_leads_a_session(dumb_init, probe, options, environment):
    report = dumb_init.run(options, [probe], env=environment).report
    assert report["sid"] == report["pgid"] == report["pid"]


@pytest.mark.parametrize("options, environment", SINGLE)
def test_single_child_stays_in_our_session_and_group(dumb_init, probe, options, environment):
    """The README: completely transparent."""
    process = ready(dumb_init.start(options, [probe, "sleep"], env=environment))
    program = program_of(process)
    ours, its = stat_fields(process.pid), stat_fields(program)
    assert its[2:4] == ours[2:4], "group and session"
    process.send(signal.SIGTERM)
    assert process.finish().status == 143


def test_nothing_is_blocked_or_ignored_in_the_program(dumb_init, probe):
    """Whatever was inherited: dumb-init starts with a clean slate."""
    def block_and_ignore():
        signal.pthread_sigmask(signal.SIG_SETMASK, set(range(1, 32)))
        for number in set(range(1, 32)) - {9, 19}:
            signal.signal(number, signal.SIG_IGN)

    report = dumb_init.run("", [probe], setup=block_and_ignore).report
    assert (report["blocked"], report["ignored"]) == ([], [])


def test_other_than_pid_1_it_is_no_subreaper(child_dumb_init, probe):
    process = child_dumb_init.start("", ["sh", "-c", f"{probe} leave 0 sleep; exec {probe} signals"])
    assert [process.line(), process.line()] == ["ready"] * 2
    orphan, parent = orphan_of()
    assert parent not in (process.pid, program_of(process))
    os.kill(orphan, signal.SIGKILL)
    say_goodbye(process)


# ---- rewriting ----


@pytest.mark.parametrize("options, sent, got", [
    ("-r 15:3", 15, 3), ("--rewrite 15:3", 15, 3), ("--rewrite=15:3", 15, 3), ("-r15:3", 15, 3), ("-r 1:10 -r 2:12", 2, 12),
    ("-r 1:10 -r 2:12", 1, 10), ("-r 1:10 -r 1:12", 1, 12), ("-c -r 1:31", 1, 31), ("-r 28:1", 28, 1),
])
def test_rewrite(child_dumb_init, probe, options, sent, got):
    process = ready(child_dumb_init.start(options, [probe, "signals", "--until", str(got)]))
    process.send(sent)
    assert process.line() == str(got)
    assert process.finish().status == 0


@pytest.mark.parametrize("options", ["-r 1:0", "-c -r 1:0"])
def test_rewrite_to_0_drops(dumb_init, probe, options):
    process = ready(dumb_init.start(options, [probe, "signals"]))
    process.send(signal.SIGHUP)
    process.send(signal.SIGUSR1)
    assert process.line() == "10"
    say_goodbye(process)


# ---- job control ----


@pytest.mark.parametrize("number", JOB_CONTROL)
def test_stop_signal_stops_program_and_init(child_dumb_init, probe, number):
    """The program leads a session that nobody controls, where the kernel would not act on these: STOP is sent instead."""
    process = ready(child_dumb_init.start("", [probe, "signals"]))
    program = program_of(process)
    process.send(number)
    stopped(program)
    stopped(process.pid)
    process.send(signal.SIGCONT)
    assert process.line() == "18"
    running(process.pid)
    say_goodbye(process)


@pytest.mark.parametrize("options, number, got", [
    ("-r 20:20", 20, 20), ("-r 21:10", 21, 10), ("-r 22:22 -r 20:20", 22, 22), ("-c", 20, 20),
])
def test_stop_signal_that_is_rewritten_reaches_the_program(child_dumb_init, probe, options, number, got):
    """The README: rewrite it to itself to opt out of STOP. The init stops all the same."""
    process = ready(child_dumb_init.start(options, [probe, "signals"]))
    process.send(number)
    assert process.line() == str(got)
    stopped(process.pid)
    process.send(signal.SIGCONT)
    assert process.line() == "18"
    say_goodbye(process)


def test_pid_1_cannot_stop_but_its_program_does(nsinit, directory, probe):
    for variant in ("nsinit-pid1", "dumb-init-pid1"):
        process = ready(peer("dumb-init", variant, nsinit, directory).start("", [probe, "signals"]))
        program = program_of(process)
        process.send(signal.SIGTSTP)
        stopped(program)
        running(process.pid)
        process.send(signal.SIGCONT)
        assert process.line() == "18", variant
        say_goodbye(process)


# ---- the end ----


@pytest.mark.parametrize("options, name", [("", "TERM"), ("-r 15:3", "QUIT"), ("-r 15:3 -r 3:15", "QUIT")])
def test_group_gets_term_when_the_program_has_ended(child_dumb_init, probe, scratch, options, name):
    """And rewritten like any other TERM: the workers of a server that must be told QUIT must be told so as well."""
    script = f"{probe} on {name} {scratch}/seen 0 & cat >/dev/null; exit 4"
    process = ready(child_dumb_init.start(options, ["sh", "-c", script], stdin=subprocess.PIPE))
    process.stdin.close()
    process.stdin = None
    assert process.finish().status == 4
    until(lambda: (scratch / "seen").exists(), f"the {name} of the leftover")


def test_dropped_term_is_dropped_at_the_end_too(child_dumb_init, probe, scratch):
    process = child_dumb_init.start("-r 15:0", [probe, "leave", "4", "on", "TERM", scratch / "seen", "0"], stdout=None, stderr=None)
    assert process.wait() == 4
    leftover, _ = orphan_of()
    assert lives(leftover) and not (scratch / "seen").exists()
    os.kill(leftover, signal.SIGKILL)


@pytest.mark.parametrize("options, environment", SINGLE)
def test_single_child_sends_nothing_at_the_end(child_dumb_init, probe, scratch, options, environment):
    process = child_dumb_init.start(options, [probe, "leave", "4", "on", "TERM", scratch / "seen", "0"], env=environment,
                                    stdout=None, stderr=None)
    assert process.wait() == 4
    leftover, _ = orphan_of()
    assert lives(leftover) and not (scratch / "seen").exists()
    os.kill(leftover, signal.SIGKILL)


def test_another_session_is_left_alone_at_the_end(child_dumb_init, probe, scratch):
    script = f"setsid {probe} leave 0 on TERM {scratch}/seen 0; exit 4"
    process = child_dumb_init.start("", ["sh", "-c", script], stdout=None, stderr=None)
    assert process.wait() == 4
    leftover, _ = orphan_of()
    assert not (scratch / "seen").exists()
    os.kill(leftover, signal.SIGKILL)


# ---- the rest of what the program finds ----


def test_program_stays_where_it_was_and_the_init_goes_to_the_root(dumb_init, probe, scratch):
    process = ready(dumb_init.start("", [probe, "signals"], cwd=scratch))
    assert os.readlink(f"/proc/{program_of(process)}/cwd") == str(scratch)
    until(lambda: os.readlink(f"/proc/{process.pid}/cwd") == "/", "the init's change of directory")
    say_goodbye(process)


def test_program_gets_the_terminal_of_its_leader(dumb_init, probe):
    """Started as a session's leader, as by an engine or in a terminal window, the init passes the terminal on with the session."""
    child = dumb_init.pty("", [probe])
    child.expect(pexpect.EOF)
    report = json.loads(child.before)
    assert report["tty"]["tty_session"] == report["tty"]["foreground"] == report["sid"] == report["pid"]


@pytest.mark.parametrize("options", ["", "-c"])
def test_keys_reach_the_program_once(dumb_init, probe, options):
    if options and dumb_init.real:
        pytest.skip("dumb-init forwards what the terminal has told a program in its group already, so it comes twice")
    child = dumb_init.pty(options, [probe, "signals"])
    child.expect_exact("ready\r\n")
    child.sendintr()
    child.expect_exact("2\r\n")
    child.kill(signal.SIGTERM)
    child.expect(pexpect.EOF)
    assert child.before == "15\r\n"


def test_shell_on_a_terminal_has_job_control(dumb_init):
    child = dumb_init.pty("", ["bash", "--norc", "--noprofile"])
    child.expect(r"\$ $|# $")
    assert "job control" not in child.before, child.before
    child.sendline("exit 3")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 3


# ---- where nsinit does better ----


@pytest.mark.parametrize("options, sent, got", [
    ("-r TERM:QUIT", 15, 3), ("-r SIGUSR1:34", 10, 34), ("-r RTMIN+1:USR2", 35, 12), ("-r 64:1", 64, 1),
])
def test_rewrite_by_name_and_of_real_time_signals(our_child_dumb_init, probe, options, sent, got):
    process = ready(our_child_dumb_init.start(options, [probe, "signals", "--until", str(got)]))
    process.send(sent)
    assert process.line() == str(got)
    assert process.finish().status == 0


@pytest.mark.parametrize("words, said", [
    (["--vers"], "--vers"), (["--verb", "true"], "--verb"), (["--single=1", "true"], "--single"),
])
def test_long_options_are_not_abbreviated(our_child_dumb_init, words, said):
    """What is short for one option today is short for two tomorrow."""
    result = our_child_dumb_init.raw(*words)
    assert result.status == 1
    one_line(result.err, SAYS, said)


@pytest.mark.parametrize("words", [["-V", "-h"], ["-h", "-V"], ["-c", "--version", "--help", "true"]])
def test_help_comes_before_the_version(our_child_dumb_init, words):
    result = our_child_dumb_init.raw(*words)
    assert result.status == 0 and "--rewrite" in result.err, result


def test_ignored_real_time_signals_are_reset_too(our_child_dumb_init, probe):
    def ignore():
        for number in range(34, 65):
            signal.signal(number, signal.SIG_IGN)

    assert our_child_dumb_init.run("", [probe], setup=ignore).report["ignored"] == []


def test_first_hup_and_cont_on_a_terminal_are_not_eaten(our_dumb_init, probe):
    """dumb-init takes the first of each for the terminal's hand-over and drops it, even when they come an hour later."""
    child = our_dumb_init.pty("", [probe, "signals"])
    child.expect_exact("ready\r\n")
    for number in (1, 18):
        child.kill(number)
        child.expect_exact(f"{number}\r\n")
    child.kill(signal.SIGTERM)
    child.expect(pexpect.EOF)
    assert child.before == "15\r\n"


@pytest.mark.parametrize("redirect", ["null", "closed"])
def test_terminal_is_kept_without_stdin(our_dumb_init, probe, redirect):
    """dumb-init asks stdin for the terminal, and loses it where that is something else."""
    def setup():
        os.close(0)
        if redirect == "null":
            os.open("/dev/null", os.O_RDONLY)

    child = our_dumb_init.pty("", [probe, "tty"], setup=setup)
    child.expect(pexpect.EOF)
    facts = json.loads(child.before)
    assert facts["foreground"] == facts["pgid"], facts


def test_leftovers_in_the_group_are_ended(our_child_dumb_init, probe):
    result = our_child_dumb_init.run("", ["sh", "-c", f"{probe} sleep & {probe} sleep & exit 3"])
    assert result.status == 3
    until(lambda: not [p for p in descendants_of(os.getpid()) if lives(p)], "the end of both")
