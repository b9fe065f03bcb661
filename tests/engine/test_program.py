# SPDX-License-Identifier: MIT
"""`docker run --init` and `podman run --init`: the program under the engine's init."""
import json

import pytest

# What a program may see of the init: its own place in the process tree, and nothing else.
PLACE = {"pid", "ppid", "pgid", "sid", "tty", "namespaces", "mounts", "env", "hostname", "fds"}


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
    done = engine.run("box", "sh", "-c", "sha256sum < /proc/1/exe; sha256sum < $0", "/init-copy",
                      flags=["--volume", f"{init.path}:/init-copy:ro"], init=True)
    of_pid_1, of_init = done.stdout.splitlines()
    assert of_pid_1 == of_init


def test_orphans_are_reaped(engine):
    done = engine.run("box", "/probe", "orphans", "1000", init=True)
    assert (done.stdout, done.returncode) == ("1000 reaped\n", 0)


def test_stdin_and_stdout_pass(engine):
    text = "".join(f"line {i}\n" for i in range(10000))
    done = engine.run("box", "cat", flags=["--interactive"], init=True, stdin=text)
    assert done.stdout == text


def report(engine, init):
    return json.loads(engine.run("box", "/probe", "report", init=init).stdout)


def test_program_sees_what_it_sees_without_an_init(engine):
    with_init, without = report(engine, True), report(engine, False)
    assert {k: v for k, v in with_init.items() if k not in PLACE} \
        == {k: v for k, v in without.items() if k not in PLACE}
    assert with_init["env"].keys() == without["env"].keys() if isinstance(without["env"], dict) \
        else names(with_init["env"]) == names(without["env"])
    assert with_init["fds"].keys() == without["fds"].keys() == {"0", "1", "2"}


def names(env):
    return sorted(entry.split("=")[0] for entry in env)


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
