# SPDX-License-Identifier: MIT
"""`run -it` on a pseudo-terminal: the shell has job control, and keys reach whom they should."""
import contextlib
import json
import re

import pexpect
import pytest

from engines import eventually

PROMPT = "prompt> "
NO_JOB_CONTROL = "job control|cannot set terminal process group|can't access tty"


@contextlib.contextmanager
def terminal(engine, *argv, flags=(), rows=24, columns=80):
    """The client on a pty; whatever a test leaves running goes with its container."""
    args = engine.run_args(*argv, flags=["-it", "--rm", "--name", "on-a-terminal", *flags], init=True)
    command, *rest = engine.command(*args)
    child = pexpect.spawn(command, rest, env=engine.environment, dimensions=(rows, columns),
                          encoding="utf-8", timeout=20)
    try:
        yield child
    finally:
        child.close(force=True)
        engine.remove("on-a-terminal", check=False)


def end(child):
    child.expect(pexpect.EOF)
    child.wait()
    return child.exitstatus


def ask(child, line):
    """What a shell prints for a command line."""
    child.sendline(line)
    child.expect_exact(line + "\r\n")
    child.expect_exact(PROMPT)
    return child.before.strip()


@pytest.fixture(params=["bash", "sh"])
def shell(request, engine):
    argv = {"bash": ["bash", "bash", "--norc"], "sh": ["box", "sh"]}[request.param]
    with terminal(engine, *argv, flags=["--env", f"PS1={PROMPT}"], rows=33, columns=101) as child:
        child.expect_exact(PROMPT)
        yield child


def test_shell_has_job_control(shell):
    assert not re.search(NO_JOB_CONTROL, shell.before)
    shell.sendline("/probe sleep")
    shell.expect_exact("ready")
    shell.sendcontrol("z")
    shell.expect("Stopped")
    shell.expect_exact(PROMPT)
    shell.sendline("fg")
    shell.expect_exact("/probe sleep\r\n")
    for _ in range(20):  # the shell itself has the terminal for a moment more, and takes no notice
        shell.sendcontrol("c")
        if shell.expect_exact([PROMPT, pexpect.TIMEOUT], timeout=1) == 0:
            break
    assert ask(shell, "echo status $?") == "status 130"


def test_shell_exit_status(shell):
    shell.sendline("exit 5")
    assert end(shell) == 5


def test_window_size(shell):
    """The client tells the engine, and that takes a moment, at the start too."""
    eventually("the size at the start", lambda: ask(shell, "stty size") == "33 101")
    shell.setwinsize(44, 122)
    eventually("the new size", lambda: ask(shell, "stty size") == "44 122")


@pytest.mark.parametrize("key, status", [("c", 130), ("\\", 131)])
def test_key_ends_the_program(engine, key, status):
    with terminal(engine, "box", "/probe", "sleep") as child:
        child.expect_exact("ready")
        child.sendcontrol(key)
        assert end(child) == status


def test_resize_reaches_the_program(engine):
    with terminal(engine, "box", "/probe", "signals", "--until", "WINCH") as child:
        child.expect_exact("ready")
        child.setwinsize(50, 132)
        child.expect("28\r\n")
        assert end(child) == 0


def test_program_holds_the_foreground(engine):
    with terminal(engine, "box", "/probe", "tty", rows=30, columns=90) as child:
        assert end(child) == 0
        seen = json.loads(child.before)
    assert seen["foreground"] == seen["pgid"]
    assert seen["tty_session"] == seen["sid"]
    assert seen["terminals"] == [0, 1, 2]
