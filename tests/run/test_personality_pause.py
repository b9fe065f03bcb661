# SPDX-License-Identifier: MIT
"""nsinit under the name pause: the program that holds a pod's namespaces. Debian has no other one to compare with."""

import os
import re
import signal

import pytest
from harness import PATIENCE, children_of, state_of, until
from peers import OURS, one_line, peer, peers_of, waits_as


pause = peers_of("pause", OURS)
pause_1 = peers_of("pause", ["nsinit-pid1"])
child_pause = peers_of("pause", ["nsinit-child"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_with_0_on_term_and_int_and_says_so(pause, number):
    process = waits_as(pause.start("", []), "pause")
    process.send(number)
    result = process.finish()
    assert (result.status, result.out) == (0, "")
    assert signal.Signals(number).name[3:] in result.err.splitlines()[-1], result.err


@pytest.mark.parametrize("way", ["pid1", "child"])
def test_no_term_is_lost_during_the_start(root, nsinit, directory, probe, way):
    """The probe counts ends with 143 as right; 0, which is right here, it counts as otherwise, and none as lost."""
    path = peer("pause", f"nsinit-{way}", nsinit, directory).path
    assert root.run([probe, "starts", "100", "1000", way, path], stderr=None).out == "0 right, 100 wrong, 0 lost\n"


def test_it_is_ended_by_nothing_else(pause):
    process = waits_as(pause.start("", []), "pause")
    for number in (1, 10, 12, 13, 14, 17, 18, 20, 28, 40):
        process.send(number)
    waits_as(process, "pause")
    process.send(signal.SIGTERM)
    assert process.finish().status == 0


@pytest.mark.parametrize("option", ["-v", "-V"])
def test_version_is_one_line_on_stdout(child_pause, option):
    """Either letter, as with the original."""
    result = child_pause.raw(option)
    assert (result.status, result.err) == (0, "") and re.fullmatch(r"pause\.c \S+\n", result.out), result


def test_help_is_on_stdout(child_pause):
    result = child_pause.raw("-h")
    assert (result.status, result.err) == (0, "") and "pause" in result.out and "-v" in result.out


@pytest.mark.parametrize("words, named", [(["-Z"], "-Z"), (["program"], "program")])
def test_what_it_does_not_know_is_one_line_and_1(child_pause, words, named):
    result = child_pause.raw(*words)
    assert (result.status, result.out) == (1, "")
    one_line(result.err, "pause: ", named)


def test_warning_where_it_reaps_nothing(child_pause):
    process = waits_as(child_pause.start("", []), "pause")
    process.send(signal.SIGTERM)
    result = process.finish()
    assert result.status == 0 and "first process" in result.err.splitlines()[0], result


def test_no_warning_as_pid_1(pause_1):
    process = waits_as(pause_1.start("", []), "pause")
    process.send(signal.SIGTERM)
    assert len(process.finish().err.splitlines()) == 1


def test_orphans_of_a_pod_are_reaped(pause_1, root, probe):
    """The containers of a pod which share its PID namespace leave theirs to the pause program."""
    process = waits_as(pause_1.start("", []), "pause")
    result = root.run(["nsenter", "-t", process.pid, "-p", "-m", probe, "orphans", "2000"])
    assert (result.status, result.out) == (0, "2000 reaped\n")
    assert children_of(process.pid) == []
    process.send(signal.SIGTERM)
    assert process.finish().status == 0


def test_end_of_the_pause_is_the_end_of_the_pod(pause_1, root, probe):
    process = waits_as(pause_1.start("", []), "pause")
    inside = root.start(["nsenter", "-t", process.pid, "-p", "-m", probe, "stubborn"])
    assert inside.line() == "ready"
    process.send(signal.SIGTERM)
    assert process.finish().status == 0
    assert inside.finish().status in (-9, 137)


def test_namespaces_are_held(pause_1, root, probe):
    """What joins later finds the same namespaces."""
    process = waits_as(pause_1.start("", []), "pause")
    report = root.run(["nsenter", "-t", process.pid, "-p", "-m", probe]).report
    inode = os.stat(f"/proc/{process.pid}/ns/pid").st_ino
    assert report["namespaces"]["pid"] == inode != os.stat("/proc/self/ns/pid").st_ino
    process.send(signal.SIGTERM)
    assert process.finish().status == 0


def test_everything_may_be_closed(pause):
    process = waits_as(pause.start("", [], setup=lambda: [os.close(fd) for fd in (0, 1, 2)]), "pause")
    process.send(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
    until(lambda: state_of(process.pid) is None, "the end")
    process.finish()
