# SPDX-License-Identifier: MIT
"""Role run: statuses, signals, the end, and that nothing is left of a container."""

import os
import signal
import stat
from pathlib import Path

import pytest
from containers import Box, host_namespaces, one_line, own, small_root, snapshot
from harness import children_of, kill_quietly, stat_fields, lives, state_of, status_field, until

FORWARDED = sorted(set(range(1, 65)) - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD, signal.SIGTERM})


# ---- status ----


@pytest.mark.parametrize("status", [0, 1, 42, 125, 126, 127, 128, 255])
def test_exit_status(box, status):
    result = box.run("", ["/bin/probe", "exit", str(status)])
    assert (result.status, result.out, result.err) == (status, "", "")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV, signal.SIGINT, signal.SIGPIPE, 34, 64])
def test_death_by_signal(box, number):
    result = box.run("", ["/bin/probe", "die", str(int(number))])
    assert (result.status, result.err) == (128 + number, "")


def test_program_that_is_missing_or_cannot_be_run(box):
    one_line(box.run("", ["/no/such"]), 127, "/no/such", "No such file or directory")
    one_line(box.run("", ["no-such"]), 127, "no-such", "No such file or directory")
    one_line(box.run("", ["/etc/passwd"]), 126, "/etc/passwd", "Permission denied")
    one_line(box.run("", ["/etc"]), 126, "/etc", "Permission denied")
    one_line(box.run("", ["/bin/sh/x"]), 127, "/bin/sh/x", "Not a directory")


# ---- signals ----


def test_every_signal_reaches_the_program(box):
    running = box.start("", ["/bin/probe", "signals"])
    assert running.line() == "ready"
    for number in FORWARDED:
        running.send(number)
        assert running.line() == str(number)
    running.send(signal.SIGTERM)
    result = running.finish()
    assert (result.status, result.out, result.err) == (0, "15\n", "")


def test_real_time_signals_keep_value_order_and_number(box):
    running = box.start("", ["/bin/probe", "signals"])
    assert running.line() == "ready"
    for value in range(200):
        running.send(40, value)
    running.send(64, -7)
    running.send(signal.SIGUSR1, 2**31 - 1)
    lines = sorted(running.line() for _ in range(202))
    assert lines == sorted([f"40 {value}" for value in range(200)] + ["64 -7", f"10 {2**31 - 1}"])
    running.send(signal.SIGTERM)
    assert running.finish().status == 0


def test_real_time_signals_of_one_number_keep_their_order(box):
    running = box.start("", ["/bin/probe", "signals"])
    assert running.line() == "ready"
    for value in range(200):
        running.send(50, value)
    assert [running.line() for _ in range(200)] == [f"50 {value}" for value in range(200)]
    running.send(signal.SIGTERM)
    assert running.finish().status == 0


def test_no_signal_is_lost_while_a_container_starts(box, probe):
    result = box.caller.run([probe, "starts", "150", "8000", "child", *box.command("", ["/bin/busybox", "sleep", "100"])])
    assert (result.status, result.out) == (0, "150 right, 0 wrong, 0 lost\n"), result


def test_ctrl_c_and_signals_inside_reach_pid_1_as_outside(box):
    """A program may signal PID 1, which forwards it back; KILL from inside does nothing (pid_namespaces(7))."""
    result = box.sh("", "kill -KILL 1; trap 'echo usr1; exit 5' USR1; kill -USR1 1; while :; do sleep 0.1; done")
    assert (result.status, result.out, result.err) == (5, "usr1\n", "")


def test_kill_of_pid_1_ends_the_launcher(box):
    launcher = box.start("", ["/bin/sh", "-c", "sleep 1000 & echo ready; wait"])
    assert launcher.line() == "ready"
    [pid1] = children_of(launcher.pid)
    os.kill(pid1, signal.SIGKILL)
    result = launcher.finish()
    assert (result.status, result.err) == (137, "")


def test_stopped_program_is_not_its_end(box):
    with box.sleeping() as running:
        os.kill(running.program, signal.SIGSTOP)
        until(lambda: state_of(running.program) == "T", "the stop")
        running.launcher.send(signal.SIGCONT)
        until(lambda: state_of(running.program) == "S", "the program going on")


# ---- PID 1's options apply once: inside ----


def test_remap_is_applied_once(box):
    assert box.run("-e 3:4 -e 4:5", ["/bin/probe", "exit", "3"]).status == 4
    assert box.run("-e 143", ["/bin/probe", "die", "TERM"]).status == 0


def test_rewrite_is_applied_once(box):
    running = box.start("-r USR1:USR2,USR2:HUP,HUP:0", ["/bin/probe", "signals"])
    assert running.line() == "ready"
    running.send(signal.SIGHUP)
    running.send(signal.SIGUSR1)
    assert running.line() == "12"
    running.send(signal.SIGUSR2)
    assert running.line() == "1"
    running.send(signal.SIGTERM)
    assert running.finish().status == 0


def test_grace_kills_the_program_and_not_pid_1(box):
    """A launcher that killed as well would end with 137: the remap is PID 1's."""
    running = box.start("--grace 100ms -e 137:9", ["/bin/probe", "ignore-term"])
    assert running.line() == "ready"
    running.send(signal.SIGTERM)
    assert running.finish().status == 9


def test_group_is_told_inside(box):
    script = "trap 'echo main; wait; exit 3' USR1; (trap 'echo child; exit' USR1; echo ready; while :; do sleep 0.05; done) & wait"
    running = box.start("-g", ["/bin/sh", "-c", script])
    assert running.line() == "ready"
    running.send(signal.SIGUSR1)
    assert sorted([running.line(), running.line()]) == ["child", "main"]
    assert running.finish().status == 3


def test_drain_terminates_what_is_left(box, scratch):
    scratch.joinpath("out").mkdir(mode=0o777)
    own(scratch / "out", box.caller.uid)
    program = ["/bin/probe", "leave", "7", "on", "TERM", "/mnt/said", "0"]
    result = box.run(f"--drain 10s --bind {scratch}/out:/mnt", program)
    assert (result.status, (scratch / "out/said").read_text()) == (7, "15\n")


def test_what_is_left_is_killed_without_drain(box):
    assert box.run("", ["/bin/probe", "leave", "7", "stubborn"]).status == 7


# ---- pause, and the death of the parent ----


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_pause_holds_the_namespaces_until_told(box, number):
    launcher = box.start("--pause --hostname held", [])
    [pid1] = until(lambda: children_of(launcher.pid), "PID 1")
    until(lambda: Path(f"/proc/{pid1}/comm").read_text() == "nsinit\n" and Path(f"/proc/{pid1}/root/proc/1").exists(), "its /proc")
    until(lambda: state_of(pid1) == "S" and state_of(launcher.pid) == "S", "sleep")
    for kind in ("uts", "ipc", "pid", "mnt", "cgroup"):
        assert os.stat(f"/proc/{pid1}/ns/{kind}").st_ino != host_namespaces()[kind]
    launcher.send(signal.SIGUSR1)
    launcher.send(signal.SIGHUP)
    launcher.send(number)
    result = launcher.finish()
    assert (result.status, result.out, result.err) == (0, "", "")


@pytest.fixture
def told(box, scratch):
    """A container with --parent-death whose program writes down the signal, started by a parent that can be killed."""
    (scratch / "out").mkdir()
    own(scratch / "out", box.caller.uid)
    command = box.command(f"-p USR1 --bind {scratch}/out:/mnt", ["/bin/probe", "on", "USR1", "/mnt/said", "0"])
    parent = box.caller.start(["sh", "-c", '"$@" & wait', "sh", *command])
    assert parent.line() == "ready"
    [launcher] = children_of(parent.pid)
    yield parent, launcher, scratch / "out/said"
    for pid in [parent.pid, launcher, *children_of(launcher)]:
        kill_quietly(pid)
    parent.communicate()


def test_death_of_the_parent_is_told_to_the_program(told):
    parent, launcher, said = told
    os.kill(parent.pid, signal.SIGKILL)
    until(said.exists, "the signal")
    until(lambda: not lives(launcher), "the end of the container")
    assert said.read_text() == "10\n"


def test_death_of_the_launcher_is_told_to_the_program(told):
    _, launcher, said = told
    [pid1] = children_of(launcher)
    os.kill(launcher, signal.SIGKILL)
    until(said.exists, "the signal")
    until(lambda: not lives(pid1), "the end of PID 1")
    assert said.read_text() == "10\n"


# ---- nothing is left ----


def test_start_leaves_the_rootfs_and_the_temporary_directory_as_they_were(nsinit, caller, scratch, probe):
    root = small_root(scratch / "root", probe)
    (scratch / "tmp").mkdir()
    for tree in (root, scratch / "tmp"):
        own(tree, caller.uid)
    before = snapshot(scratch)
    result = Box(nsinit, caller, root).run("--net none --hostname x", ["/bin/true"], env={"TMPDIR": str(scratch / "tmp")})
    assert (result.status, result.out, result.err) == (0, "", "")
    assert snapshot(scratch) == before


def test_missing_mount_points_are_made(nsinit, caller, scratch, probe):
    root = small_root(scratch / "root", probe, mount_points=())
    own(root, caller.uid)
    assert Box(nsinit, caller, root).run("", ["/bin/true"]).status == 0
    made = {name: (stat.S_IMODE((root / name).stat().st_mode), (root / name).stat().st_uid) for name in os.listdir(root)}
    for name in ("proc", "sys", "dev", "run", "tmp"):
        assert made[name] == (0o755, caller.uid), name
        assert os.listdir(root / name) == []


def test_silence(box, bare):
    """What nobody asked for is not said."""
    for variant in (box, bare):
        result = variant.run("", ["/bin/sh", "-c", "echo only this"])
        assert (result.status, result.out, result.err) == (0, "only this\n", "")


def test_dry_run_starts_nothing(box):
    result = box.run("--dry-run --hostname x", ["/bin/probe", "exit", "3"])
    assert result.status == 0 and result.out.endswith("program: /bin/probe exit 3\n") and "hostname: x\n" in result.out


def test_launcher_and_pid_1_sleep(box):
    """Neither polls: both wait in the kernel, and their counters of switches stand still while they do."""
    def switches(pid):
        return status_field(pid, "voluntary_ctxt_switches"), stat_fields(pid)[11:13]

    with box.sleeping(setup=os.setsid) as running:
        pids = (running.launcher.pid, running.pid1)
        until(lambda: all(state_of(pid) == "S" for pid in pids), "sleep")
        before = [switches(pid) for pid in pids]
        for _ in range(3):
            assert box.run("", ["/bin/true"]).status == 0  # some time, with work on the machine
        assert [switches(pid) for pid in pids] == before
