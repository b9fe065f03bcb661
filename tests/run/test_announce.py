# SPDX-License-Identifier: MIT
"""What others learn of a start and an end: --pid-file, --ready-fd, --status-fd, --detach, --trace."""

import json
import os
import re
import select
import signal
import subprocess
from xml.etree import ElementTree

import pytest
from containers import one_line
from harness import PATIENCE, children_of, lives, stat_fields, until


class Reader:
    """The end of a pipe that is read; `passed` starts somebody with the other one."""

    def __init__(self):
        self.fd, self.writer = os.pipe()

    def passed(self, start):
        try:
            return start(pass_fds=[self.writer])
        finally:
            os.close(self.writer)

    def rest(self):
        text = b""
        while True:
            assert select.select([self.fd], [], [], PATIENCE)[0], f"no end after {text!r}"
            more = os.read(self.fd, 4096)
            if not more:
                os.close(self.fd)
                return text.decode()
            text += more


@pytest.fixture(params=["container", "subreaper"])
def start(request, nsinit, caller):
    """nsinit with options and a program, as an ordinary user's and root's."""
    def start(options, program, **more):
        return caller.start([nsinit, *(["-s"] if request.param == "subreaper" else []), *options, "--", *program], **more)
    return start


def pid_1_of(process):
    """Who runs the program, as it is seen here."""
    program = until(lambda: [p for child in children_of(process.pid) for p in children_of(child)], "the program of a container")
    return int(stat_fields(program[0])[1])


# ---- a file that holds the pid ----


def test_pid_file_is_there_while_it_runs(start, probe, scratch, request):
    process = start(["--pid-file", scratch / "pid"], [probe, "signals"])
    assert process.line() == "ready"
    expected = process.pid if "subreaper" in request.node.name else pid_1_of(process)
    until((scratch / "pid").exists, "the file, with its text")
    assert (scratch / "pid").read_text() == f"{expected}\n"
    process.send(signal.SIGTERM)
    assert process.line() == "15" and process.finish().status == 0
    assert list(scratch.iterdir()) == []


def test_pid_file_of_a_program_that_does_not_start(start, scratch):
    assert start(["--pid-file", scratch / "pid"], ["/no/such"]).finish().status == 127
    assert list(scratch.iterdir()) == []


def test_pid_file_of_somebody_else_is_left_alone(nsinit, root, user, probe, scratch):
    """In a directory as /tmp it cannot be replaced. Nothing of ours is left beside it."""
    (scratch / "pid").write_text("1\n")
    os.chown(scratch / "pid", root.uid, root.uid)
    os.chown(scratch, root.uid, root.uid)
    scratch.chmod(0o1777)
    result = user.run([nsinit, "-s", "--pid-file", scratch / "pid", "--", probe, "exit", "3"])
    assert result.status == 3 and f"--pid-file {scratch}/pid: " in result.err
    assert [path.name for path in scratch.iterdir()] == ["pid"] and (scratch / "pid").read_text() == "1\n"


# ---- descriptors ----


def test_ready_is_a_newline_and_the_end(start, probe):
    reader = Reader()
    process = reader.passed(lambda **more: start(["--ready-fd", str(reader.writer)], [probe, "signals"], **more))
    assert reader.rest() == "\n", "while the program runs"
    assert process.line() == "ready"
    process.send(signal.SIGTERM)
    assert process.line() == "15" and process.finish().status == 0


def test_nothing_is_ready_that_does_not_start(start):
    reader = Reader()
    process = reader.passed(lambda **more: start(["--ready-fd", str(reader.writer)], ["/no/such"], **more))
    assert reader.rest() == "" and process.finish().status == 127


@pytest.mark.parametrize("program, status", [(["exit", "3"], 3), (["die", "TERM"], 143)])
def test_status_lines(start, probe, program, status):
    reader = Reader()
    process = reader.passed(lambda **more: start(["--status-fd", str(reader.writer)], [probe, *program], **more))
    started, *others = map(json.loads, reader.rest().splitlines())
    assert process.finish().status == status
    assert others == [{"event": "ready"}, {"event": "stopped", "status": status}]
    assert started["event"] == "started" and started["pid"] > 1
    assert set(started["namespaces"]) >= {"cgroup", "ipc", "mnt", "net", "pid", "user", "uts"}
    assert (started["namespaces"]["pid"] == os.stat("/proc/self/ns/pid").st_ino) == (started["pid"] == process.pid)


NAMED = ("cgroup", "ipc", "mnt", "net", "pid", "time", "uts")  # the program of a container with a map of its own is in another user's


def told_and_seen(caller, nsinit, *options):
    """What the started line says of namespaces, and what the program sees."""
    reader = Reader()
    script = f"for n in {' '.join(NAMED)}; do readlink /proc/self/ns/$n; done"
    process = reader.passed(lambda **more: caller.start(
        [nsinit, "--status-fd", str(reader.writer), *options, "--", "sh", "-c", script], **more))
    told = json.loads(reader.rest().splitlines()[0])["namespaces"]
    return [f"{name}:[{told[name]}]" for name in NAMED], process.finish().out.split()


@pytest.mark.parametrize("options", [[], ["--clock-offset", "boottime=100"]], ids=["", "clock"])
def test_namespaces_are_those_of_the_program(caller, nsinit, options):
    told, seen = told_and_seen(caller, nsinit, *options)
    assert told == seen


def test_namespaces_below_a_limit(root, nsinit):
    """PID 1 enters its cgroup, and then makes the namespace."""
    told, seen = told_and_seen(root, nsinit, "--pids", "50")
    assert told == seen


def test_namespaces_of_who_joins(root, nsinit, probe, scratch):
    process = root.start([nsinit, "--pid-file", scratch / "pid", "--", probe, "signals"])
    assert process.line() == "ready"
    until((scratch / "pid").exists, "the file, with its text")
    told, seen = told_and_seen(root, nsinit, "--join", (scratch / "pid").read_text().strip())
    assert told == seen
    process.send(signal.SIGTERM)
    assert process.line() == "15" and process.finish().status == 0


def test_no_container_has_started_that_cannot_be_made(nsinit, caller):
    reader = Reader()
    process = reader.passed(lambda **more: caller.start([nsinit, "--status-fd", str(reader.writer), "-R", "/none", "--", "true"], **more))
    assert json.loads(reader.rest()) == {"event": "stopped", "status": 125} and process.finish().status == 125


def test_status_of_a_program_that_does_not_start(start):
    reader = Reader()
    process = reader.passed(lambda **more: start(["--status-fd", str(reader.writer)], ["/no/such"], **more))
    assert [json.loads(line)["event"] for line in reader.rest().splitlines()] == ["started", "stopped"]
    assert process.finish().status == 127


# ---- in the background ----


QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def test_detached_it_comes_back_when_the_program_runs(start, probe, scratch):
    process = start(["--detach", "--pid-file", scratch / "pid"], [probe, "sleep"], **QUIET)
    assert process.wait() == 0
    init = int((scratch / "pid").read_text())
    assert lives(init) and stat_fields(init)[3] != str(os.getsid(0))
    os.kill(init, signal.SIGTERM)
    until(lambda: not (scratch / "pid").exists(), "the end")


def test_detached_it_tells_of_a_program_that_does_not_start(start, scratch):
    result = start(["--detach", "--pid-file", scratch / "pid"], ["/no/such"]).finish()
    assert result.status == 127 and "/no/such" in result.err
    until(lambda: list(scratch.iterdir()) == [], "the end of the pid file")


def test_pid_1_in_the_background_leaves_nothing(pid1, probe, scratch):
    result = pid1.run(["--detach", "--pid-file", scratch / "pid", "--trace", scratch / "trace"], [probe, "write", scratch / "ran"])
    one_line(result, 125, "--detach", "PID 1")
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("option", ["--die-with-parent", "-pTERM"])
def test_detached_it_outlives_its_parent(start, probe, scratch, option):
    """Else the program would be gone at once, after a status of 0."""
    one_line(start(["--detach", option], [probe, "write", scratch / "ran"]).finish(), 125, "--detach", "--die-with-parent out")
    assert not (scratch / "ran").exists()


# ---- the steps ----


def test_trace_goes_to_the_log(start, probe):
    result = start(["--trace", "-"], [probe, "exit", "3"]).finish()
    rows = [re.fullmatch(r"(\d+)\t\+(\d+)\t(.+)", line).groups() for line in result.err.splitlines()]
    times = [int(row[0]) for row in rows]
    assert result.status == 3 and times == sorted(times) and rows[-1][2] == "program"


def test_trace_is_drawn(start, probe, scratch):
    assert start(["--trace", scratch / "trace.svg"], [probe, "exit", "3"]).finish().status == 3
    bars = [mark for mark in ElementTree.parse(scratch / "trace.svg").iter() if mark.tag.endswith("rect")]
    assert bars and all(int(bar.get("width")) > 0 for bar in bars)
