# SPDX-License-Identifier: MIT
"""--secret NAME=FILE: what FILE holds is the value of the variable NAME, without a shell."""

import os
import re
import signal
import stat

import pytest
from peers import one_line, program_of, ready

LONGEST = 128 * 1024 - 1  # of NAME=VALUE: MAX_ARG_STRLEN of execve(2), less the byte that ends it


@pytest.fixture
def file(scratch):
    def make(content, name="secret", mode=0o644):
        path = scratch / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(mode)
        return path
    return make


def value(report, name):
    found = [v.split("=", 1)[1] for v in report["env"] if v.startswith(name + "=")]
    assert len(found) <= 1, found
    return found[0] if found else None


# ---- the value ----


@pytest.mark.parametrize("content, expected", [
    ("hunter2", "hunter2"),
    ("hunter2\n", "hunter2"),
    ("hunter2\n\n", "hunter2"),
    ("two\nlines\n", "two\nlines"),
    ("\nfirst line empty", "\nfirst line empty"),
    (" spaces \t ", " spaces \t "),
    ("dos\r\n", "dos\r"),
    ("a=b=c", "a=b=c"),
    ("$HOME `id` \"'\\", "$HOME `id` \"'\\"),
    ("", ""),
    ("\n", ""),
    (b"\x01\x7f\x80\xff", "\x01\x7f\x80\xff"),
])
def test_value_is_what_the_file_holds(subreaper, probe, file, content, expected):
    """Without the newline at the end, which is the editor's and not the secret's."""
    assert value(subreaper.run(f"--secret PASSWORD={file(content)}", [probe]).report, "PASSWORD") == expected


def test_in_every_way_of_starting(init, probe, file):
    report = init.run(f"--secret PASSWORD={file('x')}", [probe]).report
    bare = init.run("", [probe]).report
    assert value(report, "PASSWORD") == "x"
    assert set(report["env"]) - {"PASSWORD=x"} == set(bare["env"])


def test_several(init, probe, file):
    options = " ".join(f"--secret S{i}={file(f'value {i}', f'file{i}')}" for i in range(20))
    report = init.run(options, [probe]).report
    assert [value(report, f"S{i}") for i in range(20)] == [f"value {i}" for i in range(20)]


def test_from_the_environment(init, probe, file):
    assert value(init.run("", [probe], env={"NSINIT_SECRET": f"PASSWORD={file('x')}"}).report, "PASSWORD") == "x"


@pytest.mark.parametrize("options, expected", [
    ("--secret PASSWORD={file}", "secret"),
    ("--secret PASSWORD={file} --env PASSWORD=plain", "plain"),
    ("--env PASSWORD=plain --secret PASSWORD={file}", "secret"),
    ("--clear-env --secret PASSWORD={file}", "secret"),
    ("--secret PASSWORD={other} --secret PASSWORD={file}", "secret"),
])
def test_it_takes_the_place_of_an_inherited_variable_and_the_last_one_counts(subreaper, probe, file, options, expected):
    options = options.format(file=file("secret"), other=file("other", "other"))
    assert value(subreaper.run(options, [probe], env={"PASSWORD": "inherited"}).report, "PASSWORD") == expected


def test_name_is_no_prefix_of_another(subreaper, probe, file):
    report = subreaper.run(f"--secret PASS={file('x')}", [probe], env={"PASSWORD": "other"}).report
    assert (value(report, "PASS"), value(report, "PASSWORD")) == ("x", "other")


# ---- the file ----


def test_link(init, probe, file, scratch):
    """Kubernetes mounts secrets as links to links."""
    file("x")
    (scratch / "data").symlink_to("secret")
    (scratch / "link").symlink_to("data")
    assert value(init.run(f"--secret PASSWORD={scratch}/link", [probe]).report, "PASSWORD") == "x"


def test_path_from_where_we_are(init, probe, file, scratch):
    file("x")
    assert value(init.run("--secret PASSWORD=secret --cwd /", [probe], cwd=scratch).report, "PASSWORD") == "x"


def test_file_name_may_hold_an_equals_sign(subreaper, probe, file):
    assert value(subreaper.run(f"--secret PASSWORD={file('x', 'a=b')}", [probe]).report, "PASSWORD") == "x"


def test_pipe(subreaper, probe):
    """`--secret NAME=<(vault read ...)` of bash: what comes in pieces is read to its end."""
    nsinit, *options = subreaper.command("", [])
    script = f"{nsinit} {' '.join(options)} --secret PASSWORD=<(printf a; sleep 0.05; printf b) -- {probe}"
    assert value(subreaper.caller.run(["bash", "-c", script]).report, "PASSWORD") == "ab"


def test_file_without_a_size(init, probe):
    """In /proc every file's size is 0."""
    with open("/proc/sys/kernel/ostype") as ostype:
        expected = ostype.read().strip()
    assert value(init.run("--secret PASSWORD=/proc/sys/kernel/ostype", [probe]).report, "PASSWORD") == expected


def test_read_before_the_user_is_changed(pid1, probe, file):
    """The program never has a right to the file."""
    path = file("x", mode=0o600)
    report = pid1.run(f"--user 1000:1000 --secret PASSWORD={path}", [probe]).report
    assert (report["uid"], value(report, "PASSWORD")) == (1000, "x")
    assert pid1.run(f"--user 1000:1000 --secret PASSWORD={path}", ["cat", path]).status == 1


def test_read_outside_of_a_container(caller, nsinit, rootfs, file):
    report = caller.run([nsinit, "--rootfs", rootfs, "--secret", f"PASSWORD={file('x')}", "--", "/bin/probe"]).report
    assert value(report, "PASSWORD") == "x"


# ---- and nowhere else ----


def test_it_is_nowhere_else(init, probe, file):
    """Not on a command line, not in nsinit's own environment, not in a descriptor."""
    path = file("tell-nobody")
    process = ready(init.start(f"--secret PASSWORD={path}", [probe, "signals"]))
    program = program_of(process)
    for pid, name, there in [(process.pid, "cmdline", False), (process.pid, "environ", False), (program, "cmdline", False),
                             (program, "environ", True)]:
        with open(f"/proc/{pid}/{name}", "rb") as text:
            assert (b"tell-nobody" in text.read()) == there, (pid, name)
    for pid in (process.pid, program):
        assert str(path) not in [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
    process.send(signal.SIGTERM)
    assert process.line() == "15"
    result = process.finish()
    assert "tell-nobody" not in result.out + result.err


@pytest.mark.parametrize("options", ["--dry-run", "-vvv"])
def test_it_is_not_said(subreaper, probe, file, options):
    result = subreaper.run(f"{options} --secret PASSWORD={file('tell-nobody')}", [probe, "exit", "0"])
    assert result.status == 0 and "tell-nobody" not in result.out + result.err, result


# ---- what is wrong ----


def refused(result, *words):
    assert (result.status, result.out) == (125, ""), result
    one_line(result.err, "nsinit: ", *words)


@pytest.mark.parametrize("given, words", [
    ("PASSWORD=/no/such/file", ["--secret", "/no/such/file", "not there"]),
    ("PASSWORD=/", ["--secret", "PASSWORD=/", "plain file"]),
    ("PASSWORD=", ["--secret", "PASSWORD="]),
    ("PASSWORD", ["--secret", "PASSWORD", "NAME=FILE"]),
    ("=/etc/hostname", ["--secret", "=/etc/hostname", "NAME=FILE"]),
    ("", ["--secret"]),
])
def test_bad_value(init, probe, scratch, given, words):
    result = init.run(["--secret", given], [probe, "write", scratch / "ran"])
    refused(result, *words)
    assert not (scratch / "ran").exists()


def test_bad_value_from_the_environment_names_the_variable(init, probe):
    refused(init.run("", [probe], env={"NSINIT_SECRET": "PASSWORD=/no/such/file"}), "NSINIT_SECRET", "/no/such/file")


def test_file_that_may_not_be_read(subreaper, probe, file):
    path = file("x", mode=0)
    assert stat.S_IMODE(path.stat().st_mode) == 0
    refused(subreaper.run(f"--secret PASSWORD={path}", [probe]), "--secret", str(path), "may not be read")


def test_nul_byte(init, probe, file):
    path = file(b"a\0b")
    refused(init.run(f"--secret PASSWORD={path}", [probe]), "--secret", str(path), "NUL")


def test_missing_value(init):
    result = init.caller.run([*init.command("", []), "--secret"], pid1=init.pid1)
    refused(result, "--secret", "NAME=FILE")


@pytest.mark.parametrize("name", ["A", "PASSWORD", pytest.param("N" * 1000, id="long")])
def test_longest_secret(init, probe, file, name):
    """One byte more and the kernel would not take the variable."""
    room = LONGEST - len(name) - 1
    path = file("x" * room)
    assert value(init.run(f"--secret {name}={path}", [probe]).report, name) == "x" * room
    path = file("x" * (room + 1))
    result = init.run(f"--secret {name}={path}", [probe])
    refused(result, "--secret", *(["too large"] if len(name) < 100 else []))


def test_endless_file(init, probe):
    refused(init.run("--secret PASSWORD=/dev/zero", [probe]), "--secret", "/dev/zero")


def test_all_together_larger_than_the_kernel_takes(subreaper, probe, file):
    """Each of them fits, but not all: the kernel says so at the program's exec."""
    path = file("x" * (LONGEST - 10))
    options = " ".join(f"--secret S{i:03}={path}" for i in range(200))
    result = subreaper.run(options, [probe])
    refused(result, probe, "Argument list too long", "smaller environment")


def test_one_variable_too_many(subreaper, probe, file):
    path = file("x")
    options = [word for i in range(257) for word in ("--secret", f"S{i}={path}")]
    result = subreaper.run(options, [probe])
    refused(result, "--secret", "256")
    assert value(subreaper.run(options[:512], [probe]).report, "S255") == "x"


def test_wrong_file_is_not_quoted(subreaper, probe, file):
    """A message must not hold what the file does."""
    path = file(b"tell-nobody\0")
    result = subreaper.run(f"--secret PASSWORD={path}", [probe])
    assert result.status == 125 and not re.search("tell-nobody", result.err)
