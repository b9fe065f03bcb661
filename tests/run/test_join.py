# SPDX-License-Identifier: MIT
"""--join: a second program in a container that runs: its namespaces, its cgroup, a terminal from its devpts."""

import os
import re
import shutil
import signal
import termios
from pathlib import Path

import pexpect
import pytest
from containers import KINDS, Box, one_line, own, small_root
from harness import children_of, command_of, descendants_of, kill_quietly, until


@pytest.fixture
def join(nsinit, caller):
    """join(pid, options, program): what comes of it. .start is the same, running."""
    host = Box(nsinit, caller)

    def run(pid, options, program):
        return host.run(f"--join {pid} {options}", program)
    run.start = lambda pid, options, program, **more: host.start(f"--join {pid} {options}", program, **more)
    run.pty = lambda pid, options, program, **more: host.pty(f"--join {pid} {options}", program, **more)
    return run


def namespaces_of(pid):
    return {kind: os.stat(f"/proc/{pid}/ns/{kind}").st_ino for kind in KINDS}


def program_of(launcher):
    """(who entered, the program), when the probe has said that it is ready."""
    assert launcher.line() == "ready"
    [inner] = children_of(launcher.pid)
    [program] = children_of(inner)
    return inner, program


# ---- namespaces ----


@pytest.mark.parametrize("options", ["", "--net none", "--unshare time --hostname inside"])
def test_every_namespace(box, join, options):
    with box.sleeping(options) as container:
        launcher = join.start(container.pid1, "", ["/bin/probe", "sleep"])
        _, program = program_of(launcher)
        assert namespaces_of(program) == namespaces_of(container.program)
        assert namespaces_of(launcher.pid) == namespaces_of("self")
        launcher.send(signal.SIGTERM)
        assert launcher.finish().status == 128 + signal.SIGTERM


def test_inside(box, join):
    with box.sleeping("--net none --hostname inside") as container:
        result = join(container.pid1, "", ["/bin/sh", "-c", "hostname; id -u; pwd; ls /sys/class/net; ps | grep -c 'probe sleep'"])
    assert (result.status, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[:4] == ["inside", "0", "/", "lo"] and int(lines[4]) >= 2, lines


def test_only_some(box, join):
    with box.sleeping("--net none") as container:
        launcher = join.start(f"{container.pid1}:user,uts", "", [box.rootfs / "bin/probe", "sleep"])
        _, program = program_of(launcher)
        ours, theirs = namespaces_of("self"), namespaces_of(container.pid1)
        assert namespaces_of(program) == {kind: (theirs if kind in ("user", "uts") else ours)[kind] for kind in KINDS}
        launcher.send(signal.SIGTERM)
        launcher.finish()


def test_status_and_errors_of_the_program(box, join):
    with box.sleeping() as container:
        assert join(container.pid1, "", ["/bin/sh", "-c", "exit 7"]).status == 7
        one_line(join(container.pid1, "", ["/not/there"]), 127, "program /not/there", "No such file")
        one_line(join(container.pid1, "--cwd /nowhere", ["true"]), 125, "--cwd /nowhere")


def test_the_end_of_the_container_is_the_end(box, join):
    with box.sleeping() as container:
        launcher = join.start(container.pid1, "", ["/bin/probe", "sleep"])
        program_of(launcher)
        kill_quietly(container.pid1)
        assert launcher.finish().status == 128 + signal.SIGKILL


def test_nobody_inside_can_look_at_who_joins(box, join, user):
    """As any process of the same user could: the one that entered is not to be traced, PID 1 of an ordinary user is."""
    with box.sleeping() as container:
        launcher = join.start(container.pid1, "", ["/bin/probe", "sleep"])
        inner, program = program_of(launcher)
        assert user.run(["readlink", f"/proc/{inner}/exe"]).status != 0
        if box.caller.uid:
            assert user.run(["readlink", f"/proc/{program}/exe"]).status == 0  # the control
        launcher.send(signal.SIGTERM)
        launcher.finish()


def test_descriptors_stay_outside(box, join, scratch):
    with box.sleeping() as container, open(scratch / "held", "w", encoding="ascii") as held:
        held_fd = held.fileno()
        report = join.start(container.pid1, "", ["/bin/probe"], pass_fds=[held_fd]).finish().report
    assert sorted(int(fd) for fd in report["fds"]) == [0, 1, 2]


# ---- refusals ----


def test_nobody_to_join(nsinit, caller):
    box = Box(nsinit, caller)
    one_line(box.run(f"--join {os.getpid()}" if caller.uid == os.geteuid() else "--join 1", ["true"]), 125, "--join")
    one_line(box.run("--join 4194304", ["true"]), 125, "--join 4194304", "No such process")


def test_a_container_of_somebody_else(as_root, nsinit, user):
    with as_root.sleeping() as container:
        one_line(Box(nsinit, user).run(f"--join {container.pid1}", ["true"]), 125, f"--join {container.pid1}", "PID of a process")


@pytest.mark.parametrize("option", ["--rootfs /", "--net none", "--read-only", "--memory 64m", "--subreaper"])
def test_what_makes_a_container(box, join, option):
    with box.sleeping() as container:
        one_line(join(container.pid1, option, ["true"]), 125, "--join", "leave the options that make one out")


# ---- cgroup ----


def cgroups_of(pid):
    return Path(f"/proc/{pid}/cgroup").read_text()


def unified():
    """The mount point of cgroup2."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        if " - cgroup2 " in line:
            return Path(line.split()[4])
    return pytest.skip("needs cgroup2")


def test_the_container_s_cgroup(as_root, nsinit, scratch):
    launcher = as_root.start(f"--pids 30 --pid-file {scratch}/pid", ["/bin/probe", "sleep"])
    try:
        if not launcher.line():
            pytest.skip("no cgroups for limits here")
        pid1 = int((scratch / "pid").read_text())
        limited = cgroups_of(pid1)
        joined = Box(nsinit, as_root.caller).start(f"--join {pid1}", ["/bin/probe", "sleep"])
        inner, program = program_of(joined)
        assert limited != cgroups_of("self") == cgroups_of(joined.pid)
        assert cgroups_of(program) == cgroups_of(inner) == limited
        joined.send(signal.SIGTERM)
        joined.finish()
        part = Box(nsinit, as_root.caller).start(f"--join {pid1}:uts,mount", ["/bin/probe", "sleep"])
        assert cgroups_of(program_of(part)[1]) == cgroups_of("self")
        part.send(signal.SIGTERM)
        part.finish()
        script = "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do sleep 9 >&- 2>&- & done"
        result = Box(nsinit, as_root.caller).run(f"--join {pid1} --drain 1ms -q", ["/bin/sh", "-c", script])
        assert "fork" in result.err, result
    finally:
        launcher.send(signal.SIGTERM)
        launcher.finish()


@pytest.fixture
def place(root):
    """A cgroup that only root can write to."""
    path = unified() / f"nsinit-test-{os.getpid()}"
    path.mkdir()
    yield path
    until(lambda: not (path / "cgroup.procs").read_text(), "an empty cgroup")
    path.rmdir()


def test_a_cgroup_that_may_not_be_entered(place, nsinit, user, rootfs_of):
    """Then the program is outside of its limits, and runs."""
    with Box(nsinit, user, rootfs_of(user)).sleeping() as container:
        for pid in (container.pid1, container.program):
            (place / "cgroup.procs").write_text(str(pid))
        launcher = Box(nsinit, user).start(f"--join {container.pid1}", ["/bin/probe", "sleep"])
        _, program = program_of(launcher)
        assert cgroups_of(program) == cgroups_of("self") != cgroups_of(container.pid1)
        launcher.send(signal.SIGTERM)
        launcher.finish()


def test_a_cgroup_of_another_s_making(place, nsinit, as_root):
    with as_root.sleeping() as container:
        (place / "cgroup.procs").write_text(str(container.pid1))
        launcher = Box(nsinit, as_root.caller).start(f"--join {container.pid1}", ["/bin/probe", "sleep"])
        _, program = program_of(launcher)
        assert cgroups_of(program) == cgroups_of(container.pid1)
        launcher.send(signal.SIGTERM)
        launcher.finish()


def test_a_cgroup_that_is_full(place, nsinit, as_root):
    """That is no lack of rights."""
    if not shutil.which("strace"):
        pytest.skip("needs strace")
    with as_root.sleeping() as container:
        (place / "cgroup.procs").write_text(str(container.pid1))
        strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", place / "cgroup.procs", "-e", "inject=write:error=EAGAIN"]
        result = as_root.caller.run([*strace, nsinit, "--join", str(container.pid1), "--", "/bin/true"])
        one_line(result, 125, "entering the cgroup", "temporarily unavailable")


# ---- a terminal ----


def end_of(child):
    child.expect(pexpect.EOF)
    child.wait()
    return child.exitstatus


def test_a_terminal_of_the_container(box, join):
    with box.sleeping() as container:
        child = join.pty(container.pid1, "--tty new", ["/bin/bash", "--norc"], dimensions=(31, 97))
        child.expect(r"[$#] $")
        assert "job control" not in child.before
        for command, answer in (("tty", "/dev/pts/0\r\n"), ("stty size", "31 97\r\n"), ("ls /dev/pts | tr '\\n' ' '", "0 ptmx ")):
            child.sendline(command)
            child.expect_exact(answer)
        assert not termios.tcgetattr(child.child_fd)[3] & termios.ICANON  # ours is raw meanwhile
        child.sendline("sleep 60")
        until(lambda: any(command_of(p) == "sleep 60" for p in descendants_of(child.pid)), "the program in the foreground")
        child.sendintr()
        child.expect(r"\r\n.*[$#] $")
        child.sendline("exit 7")
        assert end_of(child) == 7


def test_a_terminal_on_the_host_s_root(nsinit, caller, join, probe):
    """An ordinary user has no right to the host's /dev/pts/ptmx, but to /dev/ptmx."""
    with Box(nsinit, caller).sleeping(program=(probe, "sleep")) as container:
        child = join.pty(container.pid1, "--tty new", ["tty"])
        child.expect(r"/dev/pts/\d+\r\n")
        assert end_of(child) == 0


def test_without_asking_it_is_ours(box, join):
    with box.sleeping() as container:
        child = join.pty(container.pid1, "", ["/bin/sh", "-c", "test -t 0 && tty; ls /dev/pts"])
        assert end_of(child) == 0
        assert child.before.split() == ["not", "a", "tty", "ptmx"] or "ptmx" in child.before


def test_a_new_terminal_without_one_of_ours(box, join):
    with box.sleeping() as container:
        result = join(container.pid1, "--tty new", ["/bin/sh", "-c", "tty; exit 3"])
    assert (result.status, result.out, result.err) == (3, "/dev/pts/0\r\n", "")


def test_a_hostile_dev(nsinit, caller, join, scratch, probe):
    """What stands at /dev/ptmx and /dev/null is not opened; a directory instead of a devpts is refused."""
    root = small_root(scratch / "root", probe)
    own(root, caller.uid)
    hostile = "mv /dev/null /dev/old; ln -s /tmp/trap /dev/null; rm /dev/ptmx; ln -s /tmp/trap /dev/ptmx; exec probe sleep"
    box = Box(nsinit, caller, root)
    for applet in ("mv", "rm", "ln", "tty"):
        (root / "bin" / applet).symlink_to("busybox")
    with box.sleeping(program=("/bin/sh", "-c", hostile)) as container:
        result = join(container.pid1, "--tty new", ["/bin/sh", "-c", "tty; ls /tmp"])
        assert (result.status, result.out, result.err) == (0, "/dev/pts/0\r\n", "")
    with box.sleeping("--privileged", ("/bin/sh", "-c", "umount /dev/pts; exec probe sleep")) as container:
        one_line(join(container.pid1, "--tty new", ["tty"]), 125, "--tty", "mount devpts")


def test_dry_run(box, join):
    with box.sleeping() as container:
        out = join(container.pid1, "--tty new --dry-run", ["tty"]).out
    assert re.search(rf"role: join\n(.*\n)*join: process {container.pid1}\n(.*\n)*terminal: a new one", out), out
