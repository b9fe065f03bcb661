# SPDX-License-Identifier: MIT
"""Sessions on a pseudo-terminal that nsinit itself is started on, as `docker run -it` or a terminal window does."""

import fcntl
import json
import os
import re
import signal
import struct
import termios

import pexpect
import pytest
from harness import caller_named, command_of, descendants_of, init_named, interrupt_prompt, lives, state_of, until
from peers import restarted

WAYS = ["run-root", "run-user", "pid1-root", "pid1-user", "subreaper-user"]
PROMPT = r"[$#] $"


class Terminal:
    """start(program) runs `nsinit [OPTIONS] -- PROGRAM` as the leader of a session on a new terminal."""

    def __init__(self, nsinit, way, who):
        self.nsinit, self.way, self.who = nsinit, way, who

    def start(self, program, options="", **more):
        if self.way == "run":
            argv = [self.nsinit, *options.split(), "--", *program]
            return caller_named(self.who).pty(argv, **more)
        return init_named(self.nsinit, self.way, self.who).pty(options, program, **more)


@pytest.fixture(params=WAYS)
def terminal(request, nsinit):
    way, who = request.param.split("-")
    caller_named(who)  # skips where there is no root
    return Terminal(nsinit, way, who)


def lines_to_end(child):
    child.expect(pexpect.EOF)
    return child.before.split()


def status_of(child):
    """The exit status after the end of output; a death by signal is negative."""
    child.wait()
    return child.exitstatus if child.signalstatus is None else -child.signalstatus


def program_below(child, words):
    """The process that nsinit started, wherever it is below."""
    def found():
        return [p for p in descendants_of(child.pid) if re.fullmatch(rf"\S+/probe {words}", command_of(p))]

    return until(found, f"the probe that does {words!r}")[0]


# ---- what the program finds ----


def test_program_has_the_terminal(terminal, probe):
    child = terminal.start([probe, "tty"], dimensions=(40, 100))
    facts = json.loads("".join(lines_to_end(child)))
    assert status_of(child) == 0
    assert facts["foreground"] == facts["pgid"], "the program is in the foreground"
    assert facts["terminals"] == [0, 1, 2]
    assert (facts["rows"], facts["columns"]) == (40, 100)


def test_under_pid_1_the_program_leads_a_session_of_its_own(pid1, probe):
    child = pid1.pty("", [probe])
    child.expect(pexpect.EOF)
    report = json.loads(child.before)
    assert report["sid"] == report["pgid"] == report["pid"] == report["tty"]["tty_session"] == report["tty"]["foreground"]


def test_program_that_is_restarted_has_the_terminal_again(terminal, probe):
    child = terminal.start(["sh", "-c", f"{probe} tty; exec {probe} signals"], "--restart USR1")
    for facts in restarted(child):
        assert facts["foreground"] == facts["pgid"] and facts["terminals"] == [0, 1, 2]
    assert lines_to_end(child) == [] and status_of(child) == 0


def test_reading_and_the_end_of_file(terminal):
    child = terminal.start(["cat"])
    child.sendline("first")
    child.expect_exact("first\r\n")
    child.sendeof()
    assert lines_to_end(child) == [] and status_of(child) == 0


def test_size_change_is_seen_inside(terminal, probe):
    child = terminal.start([probe, "signals", "--until", "WINCH"])
    child.expect_exact("ready\r\n")
    child.setwinsize(41, 123)
    assert lines_to_end(child) == ["28"] and status_of(child) == 0


@pytest.mark.parametrize("redirect", ["null", "closed"])
def test_terminal_without_stdin(terminal, probe, redirect):
    """The controlling terminal counts, not stdin: the program still gets the foreground, and ^C."""
    def setup():
        os.close(0)
        if redirect == "null":
            os.open("/dev/null", os.O_RDONLY)

    child = terminal.start([probe, "tty"], setup=setup)
    facts = json.loads("".join(lines_to_end(child)))
    assert (facts["foreground"], facts["terminals"]) == (facts["pgid"], [1, 2])
    child = terminal.start([probe, "signals", "--until", "INT"], setup=setup)
    child.expect_exact("ready\r\n")
    child.sendintr()
    assert lines_to_end(child) == ["2"] and status_of(child) == 0


# ---- the keys ----


def test_keys_reach_the_program_once_each(terminal, probe):
    """Not nsinit, whose end would end all; and not twice, by the terminal and by forwarding."""
    child = terminal.start([probe, "signals", "--until", "TERM"])
    child.expect_exact("ready\r\n")
    for key, number in (("c", 2), ("\\", 3), ("z", 20), ("c", 2)):
        child.sendcontrol(key)
        child.expect_exact(f"{number}\r\n")
        assert child.before == ""
    child.kill(signal.SIGTERM)
    assert lines_to_end(child) == ["15"] and status_of(child) == 0


@pytest.mark.parametrize("key, status", [("c", 130), ("\\", 131)])
def test_key_that_ends_the_program_shows_in_the_status(terminal, probe, key, status):
    child = terminal.start([probe, "sleep"])
    child.expect_exact("ready\r\n")
    child.sendcontrol(key)
    assert lines_to_end(child) == [] and status_of(child) == status


@pytest.mark.parametrize("options, sent, got, all_get_it", [
    ("", signal.SIGUSR1, "USR1", False), ("", signal.SIGINT, "INT", True),
    ("-r INT:USR1", signal.SIGINT, "USR1", False), ("-r USR1:INT", signal.SIGUSR1, "INT", True),
])
def test_only_what_a_key_sends_is_for_the_whole_group(subreaper, probe, scratch, options, sent, got, all_get_it):
    """So the terminal does it. Whoever sends USR1 means one process; and a rewritten signal counts as what it becomes."""
    child = subreaper.pty(options, ["sh", "-c", f"{probe} on {got} {scratch}/member 0 & exec {probe} signals"])
    for _ in range(2):
        child.expect_exact("ready\r\n")
    (member,) = [p for p in descendants_of(child.pid) if " on " in command_of(p)]
    child.kill(sent)
    child.expect_exact(f"{int(getattr(signal, 'SIG' + got))}\r\n")
    if all_get_it:
        until(lambda: not lives(member), "the other member's end")
    else:
        until(lambda: state_of(member) == "S", "the other member's wait")
        os.kill(member, signal.SIGKILL)
    assert (scratch / "member").exists() == all_get_it
    child.kill(signal.SIGTERM)
    assert lines_to_end(child)[-1] == "15" and status_of(child) == 0


def test_key_for_a_single_child(subreaper, probe):
    """-c: program and nsinit share a group, so the terminal tells both; the program hears it once all the same."""
    child = subreaper.pty("-c", [probe, "signals"])
    child.expect_exact("ready\r\n")
    child.sendintr()
    child.expect_exact("2\r\n")
    child.kill(signal.SIGTERM)
    assert lines_to_end(child) == ["15"] and status_of(child) == 0


def test_stop_key_with_nobody_to_continue_does_not_wedge(terminal, probe):
    """No shell is above, so nothing may stay stopped: ^Z is without effect and ^C still works."""
    child = terminal.start([probe, "sleep"])
    child.expect_exact("ready\r\n")
    child.sendcontrol("z")
    child.sendintr()
    assert lines_to_end(child) == [] and status_of(child) == 130


@pytest.mark.parametrize("way", ["run-root", "run-user", "subreaper-user"])
def test_stop_with_nobody_to_continue_does_not_wedge_either(nsinit, probe, way):
    """The kernel stops a group by STOP even where nobody could continue it: nsinit does not, and its program goes on."""
    child = Terminal(nsinit, *way.split("-")).start([probe, "stop", "STOP"])
    child.expect_exact("ready\r\n")
    child.expect_exact("continued\r\n")
    assert lines_to_end(child) == [] and status_of(child) == 0


# ---- a login shell ----


@pytest.fixture
def shell(terminal):
    """`bash -l` inside, at its prompt; what it said before that is .greeting."""
    child = terminal.start(["bash", "-l"])
    child.expect(PROMPT)
    child.greeting = child.before
    return child


def answer(child, command, pattern):
    """Types a command and waits for a line that matches; commands are written so that their echo does not."""
    child.sendline(command)
    child.expect(pattern)
    match = child.match
    child.expect(PROMPT)
    return match


def test_login_shell_has_job_control_and_no_complaint(shell):
    assert "job control" not in shell.greeting and "process group" not in shell.greeting, shell.greeting
    assert "m" in answer(shell, "echo flags=$-", r"flags=(\w+)\r\n").group(1)
    shell.sendline("exit 7")
    shell.expect(pexpect.EOF)
    assert status_of(shell) == 7


def test_login_shell_ends_at_the_end_of_file_with_the_last_status(shell):
    answer(shell, "(exit 9); echo done=$?", r"done=9\r\n")
    shell.sendline("(exit 9)")
    shell.expect(PROMPT)
    shell.sendeof()
    shell.expect(pexpect.EOF)
    assert status_of(shell) == 9


def test_job_control_inside(shell, probe):
    """^Z, bg, fg and ^C inside belong to the shell inside."""
    shell.sendline(f"{probe} sleep")
    shell.expect_exact("ready\r\n")
    shell.sendcontrol("z")
    shell.expect("Stopped")
    shell.expect(PROMPT)
    answer(shell, "bg >/dev/null; echo job=$(jobs -r | wc -l)", r"job=1\r\n")
    shell.sendline("fg")
    shell.expect_exact(f"{probe} sleep\r\n")
    program = program_below(shell, "sleep")
    until(lambda: foreground(shell) == os.getpgid(program), "the job's being in the foreground")
    shell.sendintr()
    shell.expect(PROMPT)
    answer(shell, "echo status=$?", r"status=130\r\n")
    shell.sendline("exit 0")
    shell.expect(pexpect.EOF)
    assert status_of(shell) == 0


def test_interrupt_at_the_prompt_keeps_the_shell(shell):
    shell.send("half a command")
    assert interrupt_prompt(shell, PROMPT) == 130
    shell.sendline("exit 3")
    shell.expect(pexpect.EOF)
    assert status_of(shell) == 3


def test_size_change_is_seen_by_stty(shell):
    shell.setwinsize(33, 77)
    answer(shell, "stty size", r"33 77\r\n")
    shell.sendline("exit")
    shell.expect(pexpect.EOF)


def foreground(child):
    return struct.unpack("i", fcntl.ioctl(child.child_fd, termios.TIOCGPGRP, b"\0" * 4))[0]


# ---- hang-up ----


def hang_up(child):
    """Closes the master side, and keeps the descriptor's number for pexpect."""
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, child.child_fd)
    os.close(null)


def test_hang_up_ends_the_program(terminal, probe):
    child = terminal.start([probe, "sleep"])
    child.expect_exact("ready\r\n")
    program = program_below(child, "sleep")
    hang_up(child)
    assert status_of(child) == 129
    assert state_of(program) is None


def test_hang_up_ends_a_login_shell(shell):
    """bash ends by HUP, or with its last status where it reads the end of file first."""
    hang_up(shell)
    assert status_of(shell) in (0, 129)


def test_program_that_survives_the_hang_up_keeps_us(terminal, probe, scratch):
    """nsinit stays as long as its program does; the program's own end is its status."""
    child = terminal.start([probe, "on", "TERM", scratch / "seen", "4"],
                           setup=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    child.expect_exact("ready\r\n")
    program = program_below(child, "on .*")
    hang_up(child)
    os.kill(program, signal.SIGTERM)
    assert status_of(child) == 4
    assert (scratch / "seen").read_text() == "15\n"
