# SPDX-License-Identifier: MIT
"""nsinit under the name tini: what tini 0.19 documents, tested on tini too, and what nsinit does better."""

import os
import re
import signal
import time

import pytest
from harness import children_of, lives, state_of, status_field, until
from peers import (
    BLOCKED, IGNORED, OURS, block_and_ignore, both, everyone, one_line, orphan_of, peers_of, program_of, ready, running, stopped,
    under_name, waits_as,
)

FATAL = r"\[FATAL tini \(\d+\)\] "
# tini leaves these to their default, so that sent by kill they end or stop tini itself.
OWN_TO_TINI = {4, 5, 6, 7, 8, 11, 21, 22, 31}
FORWARDED = sorted(set(range(1, 65)) - {9, 15, 17, 18, 19, 20, 32, 33} - OWN_TO_TINI)


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


@pytest.mark.parametrize("status", [0, 1, 42, 126, 127, 143, 255])
def test_exit_status_is_the_programs(child_tini, probe, status):
    result = child_tini.run("", [probe, "exit", str(status)])
    assert (result.status, result.out, result.err) == (status, "", "")


@pytest.mark.parametrize("number", [2, 6, 9, 11, 15, 64])
def test_death_by_signal_is_128_plus_number(tini, probe, number):
    assert tini.run("", [probe, "die", str(number)]).status == 128 + number


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


@pytest.mark.parametrize("words", [[], ["-v"], ["-Z", "true"], ["--nope", "true"], ["--help"], ["-e"], ["-p"], ["-s", "--"]])
def test_bad_command_line_is_1_and_said_on_stderr(child_tini, words):
    result = child_tini.raw(*words)
    assert result.status == 1 and result.out == "" and result.err, result


@pytest.mark.parametrize("words", [[], ["-Z", "true"], ["--help"], ["-e"]])
def test_bad_command_line_is_one_line_of_ours(our_child_tini, words):
    """And it must not send anybody to an option that there is not: tini has -h, but no --help."""
    result = our_child_tini.raw(*words)
    assert result.status == 1
    one_line(result.err, FATAL)
    assert "see --help" not in result.err


@pytest.mark.parametrize("name, status, reason", [
    ("missing", 127, "No such file or directory"), ("plain", 126, "Permission denied"), ("dir", 126, "Permission denied"),
])
def test_program_that_cannot_be_started(tini, scratch, name, status, reason):
    (scratch / "plain").write_text("#!/bin/sh\n")
    (scratch / "plain").chmod(0o644)
    (scratch / "dir").mkdir()
    result = tini.run("", [scratch / name])
    assert (result.status, result.out) == (status, "")
    one_line(result.err, FATAL + "exec ", str(scratch / name), f"failed: {reason}")


# ---- what is said ----


def test_version_is_one_line_on_stdout(child_tini):
    """Docker takes the version, and the commit where there is one, from this line."""
    result = child_tini.raw("--version")
    assert (result.status, result.err) == (0, "")
    assert re.fullmatch(r"tini version \d+\.\d+\.\d+( - git\.\w+)?\n", result.out), result


def test_help_names_every_option_and_variable_on_stdout(child_tini):
    result = child_tini.raw("-h")
    assert (result.status, result.err) == (0, "")
    for word in ("--version", "-h", "-s", "-p", "-v", "-w", "-g", "-e", "-l",
                 "TINI_SUBREAPER", "TINI_VERBOSITY", "TINI_KILL_PROCESS_GROUP"):
        assert re.search(rf"(?<!\w){word}\b", result.out), word


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


def test_orphans_are_reaped(tini, probe):
    result = tini.run("", [probe, "orphans", "300"])
    assert (result.status, result.out, result.err) == (0, "300 reaped\n", "")


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


def test_signals_are_forwarded(tini, probe):
    process = ready(tini.start("", [probe, "signals"]))
    for number in FORWARDED:
        process.send(number)
        assert process.line() == str(number)
    process.send(signal.SIGTERM)
    assert process.line() == "15"
    assert process.finish().status == 0


@pytest.mark.parametrize("options, environment, reached", [
    ("", {}, False), ("-g", {}, True), ("", {"TINI_KILL_PROCESS_GROUP": ""}, True), ("", {"TINI_KILL_PROCESS_GROUP": "1"}, True),
])
def test_who_gets_a_signal(tini, probe, scratch, options, environment, reached):
    """USR1 reaches another member of the program's group with -g, and not without."""
    process = tini.start(options, ["sh", "-c", f"{probe} on USR1 {scratch}/member 0 & exec {probe} signals"], env=environment)
    assert [process.line(), process.line()] == ["ready"] * 2
    process.send(signal.SIGUSR1)
    assert process.line() == "10"
    if reached:
        until(lambda: (scratch / "member").exists(), "the signal to the other member")
    else:
        (member,) = children_of(program_of(process))
        assert lives(member) and not (scratch / "member").exists()
        os.kill(member, signal.SIGKILL)
    process.send(signal.SIGTERM)
    process.lines_until("15")  # after the CHLD of the member
    assert process.finish().status == 0


def test_program_leads_a_process_group_and_stays_in_the_session(tini, probe):
    report = tini.run("", [probe]).report
    assert report["pgid"] == report["pid"]
    assert report["sid"] != report["pid"]


def test_mask_and_ignored_signals_are_kept(tini, probe):
    report = tini.run("", [probe], setup=block_and_ignore).report
    assert set(report["blocked"]) == {int(n) for n in BLOCKED}
    assert {int(n) for n in IGNORED} <= set(report["ignored"])


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


def test_environment_directory_and_descriptors_are_kept(tini, probe, scratch):
    first, second = os.pipe()
    try:
        options = {"env": {"A": "b", "TINI_SUBREAPER": ""}, "cwd": scratch, "pass_fds": [first, second]}
        bare = tini.caller.run([probe], pid1=tini.pid1, **options).report
        under = tini.run("", [probe], **options).report
    finally:
        os.close(first)
        os.close(second)
    assert under["env"] == bare["env"]
    assert under["cwd"] == bare["cwd"] == str(scratch)
    assert sorted(under["fds"]) == sorted(bare["fds"]) == sorted(["0", "1", "2", str(first), str(second)])


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


def test_one_inside_another(child_tini, probe):
    result = child_tini.run("", [child_tini.path, "-s", "-g", "--", probe, "exit", "5"])
    assert (result.status, result.out, result.err) == (5, "", "")


def test_program_has_the_foreground_of_the_terminal(tini, probe):
    child = tini.pty("", [probe, "signals", "--until", "INT"])
    child.expect_exact("ready\r\n")
    child.sendintr()
    child.expect_exact("2\r\n")
    child.wait()
    assert child.exitstatus == 0


# ---- where nsinit does better ----


def test_own_signals_of_tini_are_forwarded_by_us(our_tini, probe):
    process = ready(our_tini.start("", [probe, "signals"]))
    for number in sorted(OWN_TO_TINI | {32, 33}):
        process.send(number)
        assert process.line() == str(number)
    process.send(signal.SIGTERM)
    assert process.line() == "15"
    process.finish()


def test_real_time_values_are_kept_by_us(our_tini, probe):
    process = ready(our_tini.start("", [probe, "signals"]))
    for value in range(50):
        process.send(41, value)
    assert [process.line() for _ in range(50)] == [f"41 {value}" for value in range(50)]
    process.send(signal.SIGTERM)
    process.finish()


def test_options_of_the_program_need_no_dashes_before_them(our_tini):
    """`tini sh -c ...`: with glibc's getopt tini takes the -c for its own."""
    result = our_tini.raw("-s", "sh", "-c", "echo $0; exit 3", "x")
    assert (result.status, result.out, result.err) == (3, "x\n", "")


def test_path_through_a_file_is_127(our_child_tini, scratch):
    (scratch / "file").write_text("")
    result = our_child_tini.run("", [scratch / "file/x"])
    assert result.status == 127
    one_line(result.err, FATAL + "exec ", "failed: Not a directory")


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


def test_ignored_sigchld_does_not_hang_us(our_tini, probe):
    """tini waits for ever."""
    def ignore():
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)

    assert our_tini.run("", [probe, "exit", "3"], setup=ignore).status == 3
    assert our_tini.run("", [probe, "orphans", "100"], setup=ignore).out == "100 reaped\n"


@pytest.mark.parametrize("closed", [[0], [1], [2], [0, 1, 2]])
def test_closed_descriptors_are_no_error_for_us(our_child_tini, probe, closed):
    """tini ends when its stdin is closed."""
    assert our_child_tini.run("", [probe, "exit", "5"], setup=lambda: [os.close(fd) for fd in closed]).status == 5


def test_group_start_loses_no_signal_of_ours(root, nsinit, directory, probe):
    """With -g tini loses what comes before the group is there."""
    command = [under_name(nsinit, "tini", directory), "-g", "-s", "--", probe, "sleep"]
    assert root.run([probe, "starts", "100", "1000", "child", *command]).out == "100 right, 0 wrong, 0 lost\n"


def test_stopped_program_is_not_taken_for_dead(our_tini, probe):
    process = ready(our_tini.start("", [probe, "sleep"]))
    program = program_of(process)
    os.kill(program, signal.SIGSTOP)
    stopped(program)
    process.send(signal.SIGCONT)
    running(program)
    process.send(signal.SIGTERM)
    assert process.finish().status == 143


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
