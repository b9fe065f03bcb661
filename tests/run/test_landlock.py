# SPDX-License-Identifier: MIT
"""
--landlock: what the program may still read, write, connect to, bind and signal, as an entrypoint without any container
and in a container, whoever starts it.
"""

import ctypes
import json
import socket

import pytest
from containers import Box, one_line, own, small_root

libc = ctypes.CDLL(None, use_errno=True)
LANDLOCK_CREATE_RULESET, VERSION = 444, 1
PYTHON = "/usr/bin/python3"
TRY = """
import errno, json, os, socket, sys
def attempt(what):
    try:
        exec(what)
        return "yes"
    except OSError as error:
        return errno.errorcode[error.errno]
print(json.dumps([attempt(what) for what in sys.argv[1:]]))
"""
SYSTEM = [f"--landlock=ro:{path}" for path in ("/usr", "/lib", "/lib64", "/bin", "/etc")]


def version():
    return libc.syscall(LANDLOCK_CREATE_RULESET, None, 0, VERSION)


def needs(least, what):
    if version() < least:
        pytest.skip(f"this kernel's Landlock has version {version()}, and {what} needs {least}")


@pytest.fixture(autouse=True)
def landlock():
    needs(1, "--landlock")


class Sandbox:
    """A Python in role entrypoint, or in a container on the host's root, that tries things."""

    def __init__(self, start):
        self.start = start

    def run(self, rules, program, **more):
        return self.start(["--no-new-privs", *rules], program, **more).finish()

    def tries(self, rules, *attempts):
        result = self.run([*SYSTEM, *rules], [PYTHON, "-IS", "-c", TRY, *attempts])
        assert (result.status, result.err) == (0, ""), result
        return json.loads(result.out)


@pytest.fixture
def sandbox(init):
    return Sandbox(init.start)


@pytest.fixture
def tree(scratch):
    for name in ("open", "closed"):
        (scratch / name).mkdir()
        (scratch / name).chmod(0o777)
        (scratch / name / "file").write_text("text")
        (scratch / name / "file").chmod(0o666)
    return scratch


def reads(path):
    return f"open({str(path)!r}).read()"


def writes(path):
    return f"open({str(path)!r}, 'w').write('x')"


# ---- files ----


FILE_RULES = [
    ([], ["EACCES"] * 8),
    (["ro:{}/open"], ["yes", "EACCES", "EACCES", "EACCES", "EACCES", "EACCES", "yes", "EACCES"]),
    (["rw:{}/open"], ["yes", "yes", "yes", "yes", "EACCES", "EACCES", "yes", "EACCES"]),
    (["ro:{}", "rw:{}/open/file"], ["yes", "yes", "EACCES", "EACCES", "yes", "EACCES", "yes", "yes"]),
    (["rw:{}"], ["yes"] * 8),
]


def file_attempts(tree):
    return (
        reads(tree / "open/file"), writes(tree / "open/file"), writes(tree / "open/new"), f"os.unlink({str(tree / 'open/new')!r})",
        reads(tree / "closed/file"), writes(tree / "closed/file"), f"os.listdir({str(tree / 'open')!r})",
        f"os.listdir({str(tree / 'closed')!r})",
    )


def file_expectations(expected):
    """unlink of a file that could not be made."""
    return [["ENOENT", "EACCES"] if i == 3 and e == "EACCES" else [e] for i, e in enumerate(expected)]


@pytest.mark.parametrize("rules, expected", FILE_RULES)
@pytest.mark.parametrize("where", ["as_entrypoint", "in_container"])
def test_files(nsinit, caller, subreaper, where, tree, rules, expected):
    start = subreaper.start if where == "as_entrypoint" else Box(nsinit, caller).start
    got = Sandbox(start).tries([f"--landlock={rule}".format(tree) for rule in rules], *file_attempts(tree))
    for result, allowed in zip(got, file_expectations(expected)):
        assert result in allowed, got


def test_without_rules_nothing_is_denied(sandbox, tree):
    result = sandbox.run([], [PYTHON, "-IS", "-c", TRY, *file_attempts(tree)])
    assert json.loads(result.out) == ["yes"] * 8


def test_a_file_may_be_truncated_only_by_rule(sandbox, tree):
    needs(3, "the right to truncate")
    truncate = f"os.truncate({str(tree / 'open/file')!r}, 0)"
    assert sandbox.tries([f"--landlock=ro:{tree}"], truncate) == ["EACCES"]
    assert sandbox.tries([f"--landlock=rw:{tree}"], truncate) == ["yes"]


def test_what_the_program_starts_is_restricted_too(sandbox, tree):
    script = f"sh -c 'cat {tree}/open/file' 2>/dev/null || echo denied"
    result = sandbox.run([*SYSTEM, "--landlock=rw:/dev/null"], ["/bin/sh", "-c", script])
    assert (result.out, result.err) == ("denied\n", "")


def test_a_program_that_is_not_allowed(init, probe):
    result = init.run(["--no-new-privs", "--landlock=ro:/usr"], [probe])
    one_line(result, 126, "program", "Permission denied", "--landlock")


def test_a_hook_is_restricted(subreaper, tree):
    hook = tree / "hook"
    script = f"if cat {tree}/closed/file; then echo read; else echo denied; fi >{tree}/open/answer 2>/dev/null"
    hook.write_text(f"#!/bin/sh\n{script}\nkill -TERM $1\n")
    hook.chmod(0o755)
    rules = [f"--landlock=ro:{hook}", f"--landlock=rw:{tree}/open", "--landlock=rw:/dev/null", "--landlock=signal:any"]
    program = [PYTHON, "-c", "import signal; print('up', flush=True); signal.pause()"]
    process = subreaper.start(["--no-new-privs", *SYSTEM, *rules, "--on", f"USR1={hook}"], program)
    assert process.line() == "up"
    process.send(10)
    assert process.finish().status == 143
    assert (tree / "open/answer").read_text() == "denied\n"


def test_paths_are_inside_the_root(nsinit, caller, scratch, probe):
    root = small_root(scratch / "root", probe)
    (root / "data").mkdir()
    (root / "data/file").write_text("inside\n")
    (root / "mnt/file").write_text("outside of the rules\n")
    (root / "way").symlink_to("/data")
    own(root, caller.uid)
    box = Box(nsinit, caller, root)
    result = box.sh(["--landlock=ro:/bin", "--landlock=ro:/way"], "cat /data/file; cat /mnt/file 2>&1 || echo >/tmp/x")
    assert result.out.startswith("inside\ncat: can't open '/mnt/file': Permission denied\n"), result
    assert "cannot create /tmp/x" in result.err.replace("can't create", "cannot create"), result


# ---- ports ----


@pytest.fixture
def server():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


@pytest.mark.parametrize("rules, expected", [
    ([], ["EACCES", "EACCES"]), (["connect:{server}"], ["yes", "EACCES"]), (["bind:{server}"], ["EACCES", "EACCES"]),
    (["bind:{free}"], ["EACCES", "yes"]), (["connect:any"], ["yes", "EACCES"]), (["bind:any"], ["EACCES", "yes"]),
    (["connect:{free}", "bind:{free}", "connect:{server}"], ["yes", "yes"]),
])
def test_ports(sandbox, server, rules, expected):
    needs(4, "a rule for ports")
    free = free_port()
    attempts = [f"socket.create_connection(('127.0.0.1', {server}))", f"socket.create_server(('127.0.0.1', {free}))"]
    assert sandbox.tries([f"--landlock={rule}".format(server=server, free=free) for rule in rules], *attempts) == expected


# ---- who is outside ----


@pytest.mark.parametrize("rules, expected", [
    ([], ["EPERM", "EPERM"]), (["signal:any"], ["yes", "EPERM"]), (["abstract:any"], ["EPERM", "yes"]),
])
def test_scopes(sandbox, scratch, rules, expected):
    needs(6, "scopes")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"\0{scratch}")
        listening.listen()
        attempts = ["os.kill(os.getppid(), 0)", f"socket.socket(socket.AF_UNIX).connect('\\0{scratch}')"]
        assert sandbox.tries([f"--landlock={rule}" for rule in rules], *attempts) == expected


def test_signals_among_ourselves(sandbox):
    result = sandbox.run([*SYSTEM, "--landlock=rw:/dev/null"], ["/bin/sh", "-c", "sleep 60 & kill -TERM $!; wait $!; echo $?"])
    assert result.out == "143\n", result


# ---- refusals ----


def test_an_ordinary_user_needs_no_new_privs(subreaper, probe):
    one_line(subreaper.run("--landlock ro:/", [probe]), 125, "--landlock", "Operation not permitted", "--no-new-privs")


def test_a_path_that_is_not_there(init, probe):
    result = init.run("--no-new-privs --landlock ro:/usr --landlock rw:/not/there", [probe])
    one_line(result, 125, "--landlock rw:/not/there", "No such file")


def strace(*inject):
    return ["strace", "-f", "-qq", "-o", "/dev/null", *(word for each in inject for word in ("-e", f"inject={each}"))]


@pytest.mark.parametrize("error, words", [("ENOSYS", "5.13"), ("EOPNOTSUPP", "lsm=")])
def test_a_kernel_without(nsinit, user, probe, scratch, error, words):
    old = strace(f"landlock_create_ruleset:error={error}")
    result = user.run([*old, nsinit, "-s", "--no-new-privs", "--landlock=ro:/", probe, "write", scratch / "ran"])
    one_line(result, 125, "--landlock", words)
    assert not (scratch / "ran").exists()


def test_a_kernel_without_ports(nsinit, user, probe):
    """Its Landlock has version 3; what was not asked for by name is then left out."""
    old = strace("landlock_create_ruleset:retval=3:when=1")
    result = user.run([*old, nsinit, "-s", "--no-new-privs", "--landlock=ro:/", "--landlock=bind:80", probe])
    one_line(result, 125, "--landlock bind:80", "6.7")
    connect = "import socket; s = socket.create_server(('127.0.0.1', 0)); print('bound')"
    result = user.run([*old, nsinit, "-s", "--no-new-privs", "--landlock=rw:/", "--", PYTHON, "-IS", "-c", connect])
    assert (result.out, result.err) == ("bound\n", "")


def test_check_tells(nsinit, user):
    assert ("yes  Landlock\n" in user.run([nsinit, "--check"]).out) == (version() >= 1)
    result = user.run([*strace("landlock_create_ruleset:error=ENOSYS"), nsinit, "--check"])
    assert "NO   Landlock: Function not implemented; it takes Linux 5.13" in result.out
