# SPDX-License-Identifier: MIT
"""--success: exit codes that count as 0."""

import signal

import pytest
from peers import one_line, ready


@pytest.mark.parametrize("options, given, status", [
    ("--success 143", 143, 0),
    ("--success=143", 143, 0),
    ("--success 143", 142, 142),
    ("--success 143", 1, 1),
    ("--success 1,2,143", 1, 0),
    ("--success 1,2,143", 2, 0),
    ("--success 1,2,143", 143, 0),
    ("--success 1,2,143", 3, 3),
    ("--success 10-12", 9, 9),
    ("--success 10-12", 10, 0),
    ("--success 10-12", 12, 0),
    ("--success 10-12", 13, 13),
    ("--success 1,10-12,143", 11, 0),
    ("--success 1 --success 2", 1, 0),
    ("--success 1 --success 2", 2, 0),
    ("--success 0", 0, 0),
    ("--success 0-255", 77, 0),
    ("--success 255", 255, 0),
    ("-e 7:3 --success 8", 7, 3),
    ("-e 7:3 --success 7", 7, 0),
    ("--success 7 -e 7:3", 7, 3),
])
def test_success(subreaper, probe, options, given, status):
    result = subreaper.run(options, [probe, "exit", str(given)])
    assert (result.status, result.err) == (status, "")


@pytest.mark.parametrize("options, environment", [
    ("--success 143", {}), ("", {"NSINIT_SUCCESS": "143"}), ("--success 1", {"NSINIT_SUCCESS": "143"}),
])
def test_end_by_term_is_a_success(init, probe, options, environment):
    """What `docker stop` does to a program that does not handle TERM is no failure."""
    process = ready(init.start(options, [probe, "sleep"], env=environment))
    process.send(signal.SIGTERM)
    result = process.finish()
    assert (result.status, result.out, result.err) == (0, "", "")


def test_kill_by_the_grace_may_count_as_well(init, probe):
    process = ready(init.start("--success 137 --grace 0", [probe, "stubborn"]))
    process.send(signal.SIGTERM)
    assert process.finish().status == 0


@pytest.mark.parametrize("program, status", [("no-such-program", 127), ("/", 126)])
def test_our_own_failure_is_never_a_success(init, program, status):
    result = init.run("--success 0-255", [program])
    assert result.status == status
    one_line(result.err, "nsinit: ", program)


def test_in_a_container_too(caller, nsinit, probe):
    assert caller.run([nsinit, "--success", "7,143", "--", probe, "exit", "7"]).status == 0
    assert caller.run([nsinit, "--success", "7,143", "--", probe, "die", "TERM"]).status == 0
    assert caller.run([nsinit, "--success", "7,143", "--", probe, "exit", "8"]).status == 8


def test_a_success_is_no_remap(init, probe, scratch):
    """CODE,... and nothing else: what an exit code becomes is for --remap to say."""
    result = init.run("--success 7:3", [probe, "write", scratch / "ran"])
    assert result.status == 125 and not (scratch / "ran").exists()
    one_line(result.err, "nsinit: ", "--success", "7:3")
