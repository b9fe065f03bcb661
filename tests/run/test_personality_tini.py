# SPDX-License-Identifier: MIT
"""
nsinit under the name tini: what tini 0.19 documents, tested on tini too, and what nsinit does better;
test_personality_common.py has the rest.
"""

import os
import re
import signal
import time

import pytest
from harness import lives, state_of, status_field, until
from peers import OURS, both, everyone, one_line, orphan_of, peers_of, program_of, ready, stopped, under_name, waits_as

FATAL = r"\[FATAL tini \(\d+\)\] "


tini = peers_of("tini", everyone("tini"))
our_tini = peers_of("tini", OURS)
child_tini = peers_of("tini", both("tini"))  # not PID 1: what depends on -s, and what is the same in both ways
our_child_tini = peers_of("tini", ["nsinit-child"])


# ---- the names ----


@pytest.mark.parametrize("how", ["copy", "link", "symlink"])
@pytest.mark.parametrize("name, option, line", [
    ("tini", "--version", r"tini version \d+\.\d+\.\d+ - git\.\w+"),
    ("dumb-init", "--version", r"dumb-init v\d+\.\d+\.\d+"),
    ("catatonit", "--version", r"tini version \S+_catatonit"),
    ("pause", "-v", r"pause\.c \S+"),
    ("docker-init", "--version", r"tini version \d+\.\d+\.\d+ - git\.\w+"),
    ("podman-init", "--version", r"tini version \d+\.\d+\.\d+ - git\.\w+"),
    ("tini-static-amd64", "--version", r"tini version \d+\.\d+\.\d+ - git\.\w+"),
    ("dumb-init_1.2.5_x86_64", "--version", r"dumb-init v\d+\.\d+\.\d+"),
    ("catatonit.x86_64", "--version", r"tini version \S+_catatonit"),
    ("tinier", "--version", r"nsinit version \S+ - git\.\w+"),
    ("anything", "--version", r"nsinit version \S+ - git\.\w+"),
])
def test_name_chooses_the_personality(user, nsinit, directory, name, option, line, how):
    result = user.run([under_name(nsinit, name, directory, how), option])
    assert result.status == 0 and re.fullmatch(line + r"\n", result.out + result.err), result


def test_name_found_in_path_chooses_too(user, nsinit, directory):
    place = os.path.dirname(under_name(nsinit, "tini", directory))
    result = user.run(["sh", "-c", "tini --version"], env={"PATH": f"{place}:/usr/bin:/bin"})
    assert result.out.startswith("tini version ")


@pytest.mark.parametrize("name", ["tini", "dumb-init", "catatonit", "docker-init", "podman-init"])
def test_no_personality_makes_a_container(user, nsinit, directory, probe, name):
    bare = user.run([probe]).report["namespaces"]
    assert user.run([under_name(nsinit, name, directory), "--", probe]).report["namespaces"] == bare


@pytest.mark.parametrize("name", ["docker-init", "podman-init"])
@pytest.mark.parametrize("option, variable", [
    ("--read-only", "NSINIT_READ_ONLY=1"), ("--net=none", "NSINIT_NET=none"), ("--memory=64m", "NSINIT_MEMORY=64m"),
    ("--rootfs=/", "NSINIT_ROOTFS=/"), ("--tty=new", "NSINIT_TTY=new"),
])
def test_init_of_an_engine_refuses_to_make_one(user, nsinit, directory, probe, scratch, name, option, variable):
    """Whoever asks for --net none must not run with the network."""
    path = under_name(nsinit, name, directory)
    for words, environment in (([option], {}), ([], dict([variable.split("=")]))):
        result = user.run([path, *words, "--", probe, "write", scratch / "ran"], env=environment)
        assert result.status == 125 and not (scratch / "ran").exists()
        one_line(result.err, "nsinit: ", "makes no container", "engine")


@pytest.mark.parametrize("name", ["tini", "dumb-init", "catatonit"])
def test_no_personality_knows_our_variables(user, nsinit, directory, probe, name):
    """An image may have them for another nsinit, deeper inside."""
    result = user.run([under_name(nsinit, name, directory), "--", probe, "exit", "7"], env={"NSINIT_REMAP": "7:3", "NSINIT_GRACE": "x"})
    assert result.status == 7 and "NSINIT" not in result.err, result


# ---- the status ----


@pytest.mark.parametrize("options, given, status", [
    ("-e 143", 143, 0), ("-e 0", 0, 0), ("-e 255", 255, 0), ("-e 1 -e 2", 2, 0), ("-e 1 -e 2", 1, 0), ("-e 1", 3, 3), ("-e7", 7, 0),
])
def test_exit_code_is_remapped_to_0(child_tini, probe, options, given, status):
    assert child_tini.run(options, [probe, "exit", str(given)]).status == status


def test_remap_is_for_death_by_signal_too(child_tini, probe):
    assert child_tini.run("-e 143", [probe, "die", "TERM"]).status == 0


@pytest.mark.parametrize("options, words", [
    ("-e 256", ["-e", "256"]), ("-e x", ["-e", "x"]), ("-e -1", ["-e", "-1"]), ("-e 1x", ["-e", "1x"]),
    ("-p SIGNOPE", ["-p", "SIGNOPE"]), ("-p 0", ["-p", "0"]),
])
def test_bad_value_is_one_line_and_1(child_tini, probe, scratch, options, words):
    result = child_tini.run(options, [probe, "write", scratch / "ran"])
    assert (result.status, result.out) == (1, "")
    one_line(result.err, FATAL, *words)
    assert not (scratch / "ran").exists()


@pytest.mark.parametrize("words", [[], ["-Z", "true"], ["--help"], ["-e"]])
def test_bad_command_line_is_one_line_of_ours(our_child_tini, words):
    """And it must not send anybody to an option that there is not: tini has -h, but no --help."""
    result = our_child_tini.raw(*words)
    assert result.status == 1
    one_line(result.err, FATAL)
    assert "see --help" not in result.err


# ---- what is said ----


def test_version_is_one_line_on_stdout(child_tini):
    """Docker takes the version, and the commit where there is one, from this line."""
    result = child_tini.raw("--version")
    assert (result.status, result.err) == (0, "")
    assert re.fullmatch(r"tini version \d+\.\d+\.\d+( - git\.\w+)?\n", result.out), result


def test_license_is_on_stdout(child_tini):
    result = child_tini.raw("-l")
    assert (result.status, result.err) == (0, "") and "MIT" in result.out


def test_warning_where_orphans_cannot_be_reaped(child_tini, probe):
    result = child_tini.raw("--", probe, "exit", "3")
    assert (result.status, result.out) == (3, "")
    assert result.err.startswith("[WARN  tini (") and "-s" in result.err and "TINI_SUBREAPER" in result.err, result


@pytest.mark.parametrize("words, environment", [
    (["-s"], {}), ([], {"TINI_SUBREAPER": ""}), ([], {"TINI_SUBREAPER": "1"}), ([], {"TINI_VERBOSITY": "0"}),
])
def test_no_warning_where_there_is_no_reason_or_no_wish(child_tini, probe, words, environment):
    result = child_tini.raw(*words, "--", probe, "exit", "3", env=environment)
    assert (result.status, result.out, result.err) == (3, "", "")


def test_no_warning_as_pid_1(tini, probe):
    """The base options have -s where it is not PID 1."""
    assert tini.run("", [probe, "exit", "0"]).err == ""


@pytest.mark.parametrize("options, environment, levels", [
    ("", {}, set()),
    ("-v", {}, {"INFO "}),
    ("-vv", {}, {"INFO ", "DEBUG"}),
    ("-v -v", {}, {"INFO ", "DEBUG"}),
    ("", {"TINI_VERBOSITY": "0"}, set()),
    ("", {"TINI_VERBOSITY": "1"}, set()),
    ("", {"TINI_VERBOSITY": "2"}, {"INFO "}),
    ("", {"TINI_VERBOSITY": "3"}, {"INFO ", "DEBUG"}),
    ("", {"TINI_VERBOSITY": ""}, set()),
])
def test_levels_of_verbosity(child_tini, probe, options, environment, levels):
    """On which descriptor is a difference on purpose: a program's stdout is nobody's to write to but its own."""
    result = child_tini.run(options, [probe, "exit", "4"], env=environment)
    lines = (result.out + result.err).splitlines()
    assert result.status == 4
    assert set(re.findall(r"^\[(\w+ *)tini \(\d+\)\] .", "\n".join(lines), re.M)) == {level.ljust(6) for level in levels}
    assert bool(lines) == bool(levels)


def test_our_words_are_all_on_stderr(our_tini, probe):
    result = our_tini.run("-vvv -w", ["sh", "-c", f"{probe} orphans 2; exit 4"])
    assert (result.status, result.out) == (4, "2 reaped\n")
    assert all(re.match(r"\[\w+ *tini \(\d+\)\] .", line) for line in result.err.splitlines()), result.err


# ---- reaping ----


@pytest.mark.parametrize("words, environment", [(["-s"], {}), ([], {"TINI_SUBREAPER": ""}), ([], {"TINI_SUBREAPER": "x"})])
def test_subreaper_adopts(child_tini, probe, words, environment):
    process = child_tini.caller.start([child_tini.path, *words, "--", "sh", "-c", f"{probe} leave 0 sleep; exec {probe} sleep"],
                                      env=environment)
    assert [process.line(), process.line()] == ["ready"] * 2
    orphan, parent = orphan_of()
    assert parent == process.pid
    os.kill(orphan, signal.SIGKILL)
    until(lambda: state_of(orphan) is None, "the reaping of the orphan")
    process.send(signal.SIGTERM)
    assert process.finish().status == 143


def test_without_s_orphans_go_to_somebody_else(child_tini, probe):
    process = child_tini.caller.start([child_tini.path, "--", "sh", "-c", f"{probe} leave 0 sleep; exec {probe} sleep"])
    assert [process.line(), process.line()] == ["ready"] * 2
    orphan, parent = orphan_of()
    assert parent not in (process.pid, program_of(process))
    os.kill(orphan, signal.SIGKILL)
    process.send(signal.SIGTERM)
    assert process.finish().status == 143


def test_warn_on_reap_names_each_orphan(tini, probe):
    result = tini.run("-w", ["sh", "-c", f"{probe} orphans 3; exit 4"])
    assert (result.status, result.out) == (4, "3 reaped\n")
    assert len(re.findall(r"^\[WARN  tini \(\d+\)\] .*\b\d+\b", result.err, re.M)) == len(result.err.splitlines()) >= 3, result


def test_end_of_the_program_is_the_end(child_tini, probe):
    """What is left is neither waited for nor ended."""
    assert child_tini.run("", [probe, "leave", "5", "sleep"], stdout=None, stderr=None).status == 5
    left, _ = orphan_of()
    assert lives(left)
    os.kill(left, signal.SIGKILL)


# ---- signals ----


@pytest.mark.parametrize("option", ["-p SIGTERM", "-p SIGUSR1", "-pSIGHUP"])
def test_parent_death_is_a_signal_for_the_program(child_tini, probe, option):
    number = int(getattr(signal, option.replace(" ", "")[2:]))
    parent = child_tini.caller.start(["sh", "-c", f"{child_tini.path} -s {option} -- {probe} signals --until {number} & wait"])
    assert parent.line() == "ready"
    parent.send(signal.SIGKILL)
    assert parent.line() == str(number)
    assert parent.finish().status == -9


def test_stop_and_continue(tini, probe):
    """A stopped init misses nothing."""
    process = ready(tini.start("", [probe, "signals"]))
    waits_as(process, "tini")
    process.send(signal.SIGSTOP)
    stopped(process.pid)
    for number in (10, 12, 40):
        process.send(number)
    process.send(signal.SIGCONT)
    assert sorted(int(process.line()) for _ in range(4)) == [10, 12, 18, 40]
    process.send(signal.SIGTERM)
    assert process.line() == "15"
    process.finish()


# ---- the rest of what the program finds ----


def test_init_itself_stays_where_it_was(tini, probe, scratch):
    process = ready(tini.start("", [probe, "sleep"], cwd=scratch))
    assert os.readlink(f"/proc/{process.pid}/cwd") == str(scratch)
    process.send(signal.SIGTERM)
    process.finish()


def test_arguments_are_untouched(child_tini, probe):
    words = ["report", "-v", "", "a b", "--"]
    assert child_tini.run("-s", [probe, *words]).report["argv"] == [probe, *words]


def test_options_may_be_written_together(child_tini, probe):
    assert child_tini.run("-gwe7", [probe, "exit", "7"]).status == 0


def test_program_has_the_foreground_of_the_terminal(tini, probe):
    child = tini.pty("", [probe, "signals", "--until", "INT"])
    child.expect_exact("ready\r\n")
    child.sendintr()
    child.expect_exact("2\r\n")
    child.wait()
    assert child.exitstatus == 0


# ---- where nsinit does better ----


@pytest.mark.parametrize("options, variable, levels", [
    ("-v", "2", {"INFO", "DEBUG"}), ("-v", "1", {"INFO"}), ("-v", "0", set()), ("-vv", "0", {"INFO"}),
])
def test_v_counts_on_from_the_variable(our_child_tini, probe, options, variable, levels):
    """With tini the variable is all that counts."""
    result = our_child_tini.run(options, [probe, "exit", "4"], env={"TINI_VERBOSITY": variable})
    assert result.status == 4 and set(re.findall(r"^\[(\w+) ", result.err, re.M)) == levels, result


def test_ranges_other_codes_and_short_signal_names(our_child_tini, probe):
    assert our_child_tini.run("-e 1-9", [probe, "exit", "7"]).status == 0
    assert our_child_tini.run("-e 7:3", [probe, "exit", "7"]).status == 3
    assert our_child_tini.run("-p TERM", [probe, "exit", "7"]).status == 7


def test_nobody_wakes_up_while_idle(user, nsinit, directory, probe):
    """tini looks for zombies every second. All names are watched at once, for longer than that."""
    processes = []
    for name, words in (("tini", ["-s", "--", probe, "sleep"]), ("dumb-init", [probe, "sleep"]), ("catatonit", [probe, "sleep"]),
                        ("pause", [])):
        process = user.start([under_name(nsinit, name, directory), *words])
        processes.append(waits_as(process if name == "pause" else ready(process), name))

    def switches():
        return [status_field(process.pid, "voluntary_ctxt_switches") for process in processes]

    before, end = switches(), time.monotonic() + 1.3
    until(lambda: time.monotonic() > end, "the end of the window")
    after = switches()
    for process in processes:
        process.send(signal.SIGTERM)
        process.finish()
    assert after == before
