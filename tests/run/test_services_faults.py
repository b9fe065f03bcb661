# SPDX-License-Identifier: MIT
"""
Services when things go wrong around them: PID 1 stays, says what it can, and goes on.

What is killed, counted and filled up here is seen from outside; the program behind -- asks PID 1 whether it still answers.
"""

import os
import signal

import pytest
from harness import checked, children_of, command_of, descendants_of, kill_quietly, until
from services import note, wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a /run of its own")

MS_RDONLY = 1
STAYS = "Restart=always\nRestartSec=0\nExecStart=/bin/sh -c 'echo $$$$ >>@/{}; exec sleep 1000'"


def init_of(world, process):
    return process.pid if command_of(process.pid).startswith(world.nsinit) else children_of(process.pid)[0]


def restarts_for_ever(world, name):
    world.service(name, STAYS.format(name), "StartLimitIntervalSec=0")


@pytest.mark.parametrize("rounds", [20, pytest.param(1000, marks=pytest.mark.slow)])
def test_everything_but_pid_1_is_killed_again_and_again(world, rounds):
    """Each time every service is there again, and none twice."""
    names = ["a", "b", "c"]
    for name in names:
        restarts_for_ever(world, name)
    process = world.start()
    until(lambda: len(descendants_of(process.pid)) >= len(names), "the services")
    init = init_of(world, process)
    last = [0] * len(names)
    for _ in range(rounds):
        def others():
            now = [int((world.lines(name) or ["0"])[-1] or 0) for name in names]
            return all(pid > before for pid, before in zip(now, last)) and now

        until(others, "other processes")
        last = others()
        for pid in descendants_of(init):
            kill_quietly(pid)
    until(others, "those after the last kill")
    until(lambda: len(descendants_of(init)) == len(names), "one process each")
    process.send(signal.SIGTERM)
    assert process.finish().status == 0


def test_directory_that_cannot_be_made_and_what_helps(world):
    """As in a container whose root cannot be written to."""
    world.service("it", "Type=oneshot\nRuntimeDirectory=mine\nExecStart=/bin/true")
    result = world.start(program="exit 3", run_flags=MS_RDONLY).finish()
    assert result.status == 3
    assert "nsinit: it.service: /run/mine: Read-only file system; make it beforehand, or " in result.err, result.err


def test_service_that_prints_without_end(world):
    """PID 1 answers, others live, and it can be stopped; what it prints arrives as whole lines, but for the one that it was killed in."""
    world.service("loud", "ExecStart=/usr/bin/yes a line that has no end")
    world.service("quiet", "Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/echo said", "StartLimitIntervalSec=0")
    result = world.run("for i in 1 2 3 4 5 6 7 8 9; do nsctl restart quiet || exit 1; done; nsctl stop loud; "
                       "nsctl is-active loud quiet >&2; exit 0")
    assert result.status == 0 and result.err == "inactive\nactive\n", result.err
    lines = result.out.splitlines()
    *loud, last = [line for line in lines if line != "quiet: said"]
    assert lines.count("quiet: said") == 10 and set(loud) == {"loud: a line that has no end"} and loud[0].startswith(last)


GONE = """import socket
for _ in range(30):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.connect('/run/nsinit/control')
        s.send(b'start\\0slow@1.service\\0')
"""


def test_clients_that_go_while_they_wait(world):
    """More of them than there are places; the job that they waited for is done all the same."""
    world.unit("slow@.service", "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c '"
               + wait_for("[ -e @/go ]").replace("$", "$$") + "'\n")
    world.service("first", "ExecStart=/bin/sleep 1000")
    (world.directory / "gone").write_text(GONE)
    result = world.run("/usr/bin/python3 gone; nsctl start slow@1 & nsctl restart first && touch go; wait $!; nsctl is-active slow@1")
    assert (result.status, result.out) == (0, "active\n"), result


def test_without_a_place_for_sockets(world):
    """/run cannot be written to: nobody can ask PID 1, who says so, and services that say when they are ready do so."""
    world.service("ready", "Type=notify\nExecStart=/usr/bin/python3 -c \"import os, socket, time; "
                  "a = os.environ['NOTIFY_SOCKET']; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); "
                  "s.sendto(b'READY=1', a.replace('@', chr(0), 1)); time.sleep(1000)\"")
    world.service("after", f"Type=oneshot\nExecStart={note('after')}", "Requires=ready.service\nAfter=ready.service")
    result = world.start("-v", program="nsctl is-active ready", run_flags=MS_RDONLY).finish()
    assert world.lines() == ["after"] and result.status == 1, result
    assert "/run/nsinit/control: " in result.err and "nsctl will not work" in result.err


def test_output_to_a_full_disk(world):
    """Lines are lost and no service stops for it."""
    full = world.directory / "full"
    full.mkdir()
    world.service("loud", f"ExecStart=/bin/sh -c '/usr/bin/seq 1 100000; {NOTED}; exec sleep 1000'")
    checked("mount", b"full", os.fsencode(full), b"tmpfs", 0, b"size=64k")
    try:
        with open(full / "log", "wb") as log:
            process = world.start(program=wait_for("grep -q done notes") + "nsctl is-active loud >active", stdout=log)
            process.finish()
        assert world.lines("active") == ["active"]
        assert (full / "log").stat().st_size == 64 * 1024
    finally:
        checked("umount2", os.fsencode(full), 2)


NOTED = "echo done >>@/notes"


def test_descriptors_that_run_short(world):
    """Those for which there is no pipe print without a name, all run, and PID 1 has descriptors for what it needs."""
    count = 40
    for i in range(count):
        world.service(f"s{i}", f"Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/echo from {i}")
    program = f"nsctl is-active $(seq -f s%g 0 {count - 1}) | sort | uniq -c"
    result = world.start("-v", program=program, before=["prlimit", "--nofile=130:130"]).finish()
    assert result.status == 0 and f"{count} active" in result.out, result
    said = [line for line in result.out.splitlines() if "from" in line]
    named = [line for line in said if line.startswith("s")]
    assert len(said) == count and 0 < len(named) < count
    assert "no pipe for its output: No file descriptors available" in result.err


def test_memory_runs_out_around_pid1(world, nsinit):
    """In the cgroup that PID 1 is in as well: who takes it all is killed and started again, and the others go on."""
    if world.root.run([nsinit, "--memory", "64m", "--", "true"]).status:
        pytest.skip("no cgroup with a limit of memory can be made here")
    world.service("hog", "Restart=always\nRestartSec=0\nOOMScoreAdjust=-900\nExecStart=/usr/bin/python3 -c \"x = b'x' * (1 << 30)\"",
                  "StartLimitIntervalSec=0")
    world.service("calm", "ExecStart=/bin/sleep 1000")
    result = world.run(wait_for("[ $(nsctl show -p NRestarts --value hog) -ge 5 ]") + "nsctl stop hog; nsctl is-active calm; echo the end",
                       "--memory", "64m")
    assert (result.status, result.out) == (0, "active\nthe end\n"), result
    assert result.err.count("hog.service: main process ended with signal 9\n") >= 5, result.err
