# SPDX-License-Identifier: MIT
"""LISTEN_PID of socket activation, sd_listen_fds(3): what was passed to nsinit is for its program."""

import os
import socket

import pytest
from harness import PATIENCE
from peers import ready

EXEC = ["sh", "-c", 'LISTEN_PID=$$ exec "$@"', "x"]  # as systemd: LISTEN_PID is the pid that nsinit will have


def variables(report, prefix="LISTEN_"):
    return dict(v.split("=", 1) for v in report["env"] if v.startswith(prefix))


def activate(init, options, program, **more):
    return init.caller.start([*EXEC, *init.command(options, program)], pid1=init.pid1, **more)


def test_program_is_the_one_that_listens(init, probe):
    report = activate(init, "", [probe], env={"LISTEN_FDS": "1", "LISTEN_FDNAMES": "http"}).finish().report
    assert variables(report) == {"LISTEN_PID": str(report["pid"]), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "http"}


def test_pidfd_that_is_ours_is_not_told_of(init, probe):
    """systemd names a process by it as well, and sd_listen_fds(3) believes it where it is there. That of somebody else is kept."""
    more = {"A": "b", "LISTEN_PIDFDID": "77", "LISTEN_FDS": "1", "Z": "y"}
    report = activate(init, "", [probe], env=more).finish().report
    assert variables(report) == {"LISTEN_PID": str(report["pid"]), "LISTEN_FDS": "1"}
    assert {"A=b", "Z=y"} <= set(report["env"])
    report = init.run("", [probe], env={"LISTEN_PID": "999999", **more}).report
    assert variables(report) == {"LISTEN_PID": "999999", "LISTEN_PIDFDID": "77", "LISTEN_FDS": "1"}


def test_nothing_else_of_the_environment_changes(init, probe):
    more = {"LISTEN_FDS": "1", "LISTEN_PIDX": "1", "XLISTEN_PID": "1", "A": ""}
    report = activate(init, "", [probe], env=more).finish().report
    bare = init.caller.run([*EXEC, probe], pid1=init.pid1, env=more).report
    assert {v for v in report["env"] if not v.startswith("LISTEN_PID=")} == {v for v in bare["env"] if not v.startswith("LISTEN_PID=")}
    assert [v.split("=")[0] for v in report["env"]] == [v.split("=")[0] for v in bare["env"]], "in the same order"


@pytest.mark.parametrize("value", ["", "x", "0", "999999", "-1", "1x", "99999999999999999999", "4294967297", " 1"])
def test_pid_of_somebody_else_is_kept(init, probe, value):
    """4294967297 would be 1 in 32 bits."""
    report = init.run("", [probe], env={"LISTEN_PID": value, "LISTEN_FDS": "1"}).report
    assert variables(report) == {"LISTEN_PID": value, "LISTEN_FDS": "1"}


def test_without_the_variable_there_is_none(init, probe):
    assert variables(init.run("", [probe], env={"LISTEN_FDS": "1"}).report) == {"LISTEN_FDS": "1"}


def test_with_other_changes_of_the_environment(init, probe):
    report = activate(init, "--env A=b --env LISTEN_FDNAMES=x", [probe], env={"LISTEN_FDS": "1"}).finish().report
    assert variables(report) == {"LISTEN_PID": str(report["pid"]), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "x"}
    assert "A=b" in report["env"]


def test_a_value_that_is_asked_for_counts(init, probe):
    report = activate(init, "--env LISTEN_PID=77", [probe]).finish().report
    assert variables(report) == {"LISTEN_PID": "77"}


def test_cleared_environment_has_none(init, probe):
    assert variables(activate(init, "--clear-env", [probe], env={"LISTEN_FDS": "1"}).finish().report) == {}


def test_script_without_interpreter_line(init, scratch):
    """It is started by way of a shell, in the same process."""
    script = scratch / "script"
    script.write_text('test "$LISTEN_PID" = $$\n')
    script.chmod(0o755)
    assert activate(init, "", [script]).finish().status == 0


def test_socket_is_served_by_the_program(init, probe):
    """The descriptors are 3 and on, as the protocol has it; a client gets its answer from the program."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(b"\0nsinit-test-" + os.urandom(8))
    listener.listen()
    server = ("import os, socket, sys\n"
              "assert os.environ['LISTEN_PID'] == str(os.getpid()) and os.environ['LISTEN_FDS'] == '1'\n"
              "print('ready', flush=True)\n"
              "socket.socket(fileno=3).accept()[0].sendall(b'hello')\n")
    pass_fd, setup = listener.fileno(), None
    if pass_fd != 3:
        def setup():
            os.dup2(listener.fileno(), 3, inheritable=True)
    process = ready(activate(init, "", ["/usr/bin/python3", "-c", server], env={"LISTEN_FDS": "1"}, pass_fds=[3, pass_fd], setup=setup))
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(PATIENCE)
    client.connect(listener.getsockname())
    answer = client.recv(16)
    client.close()
    listener.close()
    assert answer == b"hello"
    assert process.finish().status == 0


def test_container_has_no_listener(caller, nsinit, probe):
    """No descriptor crosses, so nobody inside must take the variable for their own."""
    report = caller.run([*EXEC, nsinit, "--", probe], env={"LISTEN_FDS": "1"}).report
    assert variables(report).get("LISTEN_PID") != str(report["pid"])
    assert sorted(report["fds"]) == ["0", "1", "2"]
