# SPDX-License-Identifier: MIT
"""`docker run --init` and `podman run --init`: the program under the engine's init."""
import json

import pytest


@pytest.mark.parametrize("status", [0, 3, 255])
def test_status_is_the_programs(engine, status):
    assert engine.run("box", "/probe", "exit", str(status), init=True).returncode == status


@pytest.mark.parametrize("sig, status", [("TERM", 143), ("KILL", 137), ("SEGV", 139), ("34", 162)])
def test_status_of_a_killed_program_tells_the_signal(engine, sig, status):
    assert engine.run("box", "/probe", "die", sig, init=True).returncode == status


@pytest.mark.parametrize("program, status", [("/no/such/program", 127), ("/tmp", 126)])
def test_program_that_cannot_run(engine, init, program, status):
    done = engine.run("box", program, init=True)
    assert done.returncode == status
    assert program in done.stderr
    if init.name == "nsinit":
        assert len(done.stderr.splitlines()) == 1


def test_pid_1_is_the_init(engine, init):
    assert engine.run("box", "sha256sum", "/proc/1/exe", init=True).stdout.split()[0] == init.sha256()


def test_orphans_are_reaped(engine):
    done = engine.run("box", "/probe", "orphans", "1000", init=True)
    assert (done.stdout, done.returncode) == ("1000 reaped\n", 0)


def test_stdin_and_stdout_pass(engine):
    text = "".join(f"line {i}\n" for i in range(10000))
    done = engine.run("box", "cat", flags=["--interactive"], init=True, stdin=text)
    assert done.stdout == text


# What differs between any two containers, and a program's place in the process tree.
OWN = {"pid", "ppid", "pgid", "sid", "namespaces", "mounts", "env", "hostname", "fds", "tty"}


def report(engine, init):
    """What a program sees, without what is its own; its descriptors and the names of its variables."""
    seen = json.loads(engine.run("box", "/probe", "report", init=init).stdout)
    names = sorted(variable.split("=")[0] for variable in seen["env"])
    return {key: value for key, value in seen.items() if key not in OWN}, list(seen["fds"]), names


def test_program_sees_what_it_sees_without_an_init(engine):
    assert report(engine, init=True) == report(engine, init=False)


@pytest.mark.parametrize("flags, expected", [
    (["--user", "12345:54321"], {"uid": 12345, "euid": 12345, "gid": 54321, "groups": [54321]}),
    (["--cap-drop", "ALL"], {"uid": 0, "cap_eff": "0" * 16, "cap_bnd": "0" * 16}),
    (["--security-opt", "no-new-privileges"], {"no_new_privs": 1}),
    (["--read-only"], {}),
    (["--user", "12345", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--read-only"],
     {"uid": 12345, "no_new_privs": 1, "cap_prm": "0" * 16}),
], ids=["user", "no-capabilities", "no-new-privileges", "read-only", "all"])
def test_hardened_container(engine, flags, expected):
    done = engine.run("box", "/probe", "report", flags=flags, init=True)
    seen = json.loads(done.stdout)
    assert {k: seen[k] for k in expected} == expected
    assert engine.run("box", "/probe", "orphans", "50", flags=flags, init=True).stdout == "50 reaped\n"
    assert engine.run("box", "/probe", "die", "TERM", flags=flags, init=True).returncode == 143


def test_exec_beside_the_program(engine):
    with engine.start("box", "/probe", "sleep", init=True) as container:
        container.wait_for("ready")
        assert container.exec("/probe", "exit", "9").returncode == 9
        assert container.exec("/probe", "orphans", "100").stdout == "100 reaped\n"
        assert container.running()
        container.exec("sleep", "1000", flags=["--detach"])
        assert container.stop(30) == 143  # what was started beside the program does not hold it up
