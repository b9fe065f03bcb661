# SPDX-License-Identifier: MIT
"""Role entrypoint: the exit status, failures to start, remapping, and where options come from."""

import re
import signal
from pathlib import Path

import pytest
from harness import Init, state_of, until

# What ends a program that does not handle it, bar what needs a terminal or a debugger.
TERMINATING = sorted(set(range(1, 65)) - {17, 18, 19, 20, 21, 22, 23, 28})


def one_line(err, *words):
    """Our own failure is exactly one line, `nsinit: WHAT OBJECT: REASON`, with each of `words` in it."""
    assert re.fullmatch(r"nsinit: [^\n]+: [^\n]+\n", err), err
    for word in words:
        assert word in err, (word, err)


# ---- the program's status is nsinit's ----


@pytest.mark.parametrize("status", [0, 1, 2, 3, 42, 124, 125, 126, 127, 128, 129, 137, 143, 200, 254, 255])
def test_exit_status_is_the_programs(init, probe, status):
    result = init.run("", [probe, "exit", str(status)])
    assert (result.status, result.out, result.err) == (status, "", "")


@pytest.mark.parametrize("number", TERMINATING)
def test_death_by_signal_is_128_plus_number(subreaper, probe, number):
    result = subreaper.run("", [probe, "die", str(number)])
    assert (result.status, result.out, result.err) == (128 + number, "", "")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM, 64])
def test_death_by_signal_under_pid_1(pid1, probe, number):
    assert pid1.run("", [probe, "die", str(int(number))]).status == 128 + number


def test_program_gets_its_arguments_untouched(init, probe):
    report = init.run("", [probe, "report", "-s", "--", "--grace", "", "a b", "\n"]).report
    assert report["argv"] == [probe, "report", "-s", "--", "--grace", "", "a b", "\n"]


def test_options_stop_at_the_first_word_that_is_none(init, probe):
    """`nsinit sh -c ...` without `--`: the -c is sh's."""
    result = init.caller.run([*init.command("", []), "sh", "-c", "echo $0; exit 3", "x"], pid1=init.pid1)
    assert (result.status, result.out) == (3, "x\n")


def test_program_is_the_second_process_of_its_namespace(pid1, probe):
    report = pid1.run("", [probe]).report
    assert (report["pid"], report["ppid"]) == (2, 1)


def test_entrypoint_changes_nothing_else(init, probe):
    """Role entrypoint isolates nothing: its engine did."""
    bare = init.caller.run([probe], pid1=init.pid1).report
    under = init.run("", [probe]).report
    for fact in ("uid", "euid", "gid", "groups", "cap_eff", "cap_bnd", "cap_amb", "no_new_privs", "seccomp", "umask",
                 "hostname", "domainname", "cwd", "env", "interfaces", "blocked", "ignored"):
        assert under[fact] == bare[fact], fact
    for kind in ("net", "uts", "ipc", "user", "cgroup"):
        assert under["namespaces"][kind] == bare["namespaces"][kind], kind
    assert [m["target"] for m in under["mounts"]] == [m["target"] for m in bare["mounts"]]


# ---- a program that cannot be started ----


@pytest.fixture
def unstartable(scratch):
    (scratch / "plain").write_text("#!/bin/sh\n")
    (scratch / "plain").chmod(0o644)
    (scratch / "dir").mkdir()
    (scratch / "loop").symlink_to("loop")
    return scratch


@pytest.mark.parametrize("name, status, reason", [
    ("missing", 127, "No such file or directory"),
    ("plain", 126, "Permission denied"),
    ("dir", 126, ""),
])
def test_program_that_cannot_be_started(init, unstartable, name, status, reason):
    result = init.run("", [unstartable / name])
    assert (result.status, result.out) == (status, "")
    one_line(result.err, name, reason)


def test_program_not_in_path(init):
    result = init.run("", ["no-such-program"])
    assert (result.status, result.out) == (127, "")
    one_line(result.err, "no-such-program")


@pytest.mark.parametrize("name", ["loop", "plain/x", "n" * 300])
def test_every_other_reason_is_126_or_127_and_said(subreaper, unstartable, name):
    result = subreaper.run("", [unstartable / name])
    assert result.status in (126, 127), result
    one_line(result.err, name[:40])


def test_missing_interpreter_is_said(subreaper, scratch):
    script = scratch / "script"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    result = subreaper.run("", [script])
    assert result.status in (126, 127), result
    one_line(result.err, "script")


def test_path_is_searched_past_what_cannot_be_run(init, scratch, probe):
    for place, mode in (("a", 0o644), ("b", 0o755)):
        (scratch / place).mkdir()
        (scratch / place / "tool").write_text("#!/bin/sh\nexit 9\n")
        (scratch / place / "tool").chmod(mode)
    assert init.run("", ["tool"], env={"PATH": f"/nowhere:{scratch}/a:{scratch}/b"}).status == 9
    result = init.run("", ["tool"], env={"PATH": f"/nowhere:{scratch}/a"})
    assert result.status == 126
    one_line(result.err, "tool", "Permission denied")


@pytest.mark.parametrize("text, status, out", [
    ("echo \"$0:$1:$2\"; exit 5\n", 5, "{script}:a b:c\n"),
    ("", 0, ""),
])
def test_script_without_interpreter_line_is_run_by_sh(init, scratch, text, status, out):
    script = scratch / "script"
    script.write_text(text)
    script.chmod(0o755)
    result = init.run("", [script, "a b", "c"])
    assert (result.status, result.out, result.err) == (status, out.format(script=script), "")


@pytest.mark.parametrize("options, words", [
    ("--no-such-option", ["--no-such-option"]),
    ("--subreapr", ["--subreapr", "--subreaper"]),
    ("--grace", ["grace"]),
    ("--grace 5x", ["--grace", "5x"]),
    ("--grace -1", ["--grace", "-1"]),
    ("--drain 99999999999999999999", ["--drain", "99999999999999999999"]),
    ("-e 256", ["-e", "256"]),
    ("-e 1:256", ["-e", "256"]),
    ("-e 9-3", ["-e", "9-3"]),
    ("-e x", ["-e", "x"]),
    ("-e 1:", ["-e", "1:"]),
    ("-r TERM", ["-r", "TERM"]),
    ("-r NOPE:INT", ["-r", "NOPE"]),
    ("-r TERM:65", ["-r", "65"]),
    ("-r 0:15", ["-r", "0"]),
    ("-r RTMAX+1:15", ["-r", "RTMAX+1"]),
    ("-p NOPE", ["-p", "NOPE"]),
    ("-p 65", ["-p", "65"]),
    ("--remap 256", ["--remap", "256"]),
    ("--rewrite=TERM:65", ["--rewrite", "TERM:65"]),
    ("--log-fd x", ["--log-fd", "x"]),
])
def test_bad_option_is_one_line_and_125(init, probe, scratch, options, words):
    result = init.run(options, [probe, "write", scratch / "ran"])
    assert (result.status, result.out) == (125, "")
    one_line(result.err, *words)
    assert not (scratch / "ran").exists()


def test_no_program_is_125(init):
    result = init.run("", [])
    assert (result.status, result.out) == (125, "")
    assert re.fullmatch(r"nsinit: no program[^\n]*\n", result.err), result


def test_pid_1_does_not_go_to_the_background(pid1, probe, scratch):
    """All would be killed with it, and 0 would say that all is well."""
    result = pid1.run("--detach", [probe, "write", scratch / "ran"])
    assert result.status == 125 and not (scratch / "ran").exists()
    one_line(result.err, "--detach", "PID 1", "leave it out")


# ---- who the program is ----


def as_user(init, ids, probe, wanted):
    """What happens under --user to somebody who may not become anybody."""
    return init.caller.run(["setpriv", *ids.split(), *init.command(["--user", wanted], [probe])])


@pytest.mark.parametrize("ids, wanted", [
    ("--reuid=12345 --regid=54321 --clear-groups", "12345:54321"), ("--reuid=12345 --regid=54321 --groups=54321", "12345:54321"),
    ("--reuid=12345 --regid=0 --clear-groups", "12345"),  # as docker run --user 12345
    ("--reuid=daemon --regid=daemon --init-groups", "daemon"),
])
def test_user_that_it_is_already(root, nsinit, probe, ids, wanted):
    """An image that says --user runs where the engine has chosen the same user."""
    init = Init(nsinit, root, pid1=False)
    report = as_user(init, ids, probe, wanted).report
    bare = root.run(["setpriv", *ids.split(), probe]).report
    assert [report[key] for key in ("uid", "euid", "suid", "gid", "egid", "sgid", "groups")] == \
        [bare[key] for key in ("uid", "euid", "suid", "gid", "egid", "sgid", "groups")]


@pytest.mark.parametrize("ids, wanted", [
    ("--reuid=12345 --regid=54321 --clear-groups", "12345:0"), ("--reuid=12345 --regid=54321 --clear-groups", "0"),
    ("--reuid=12345 --regid=54321 --clear-groups", "1:54321"), ("--reuid=12345 --regid=54321 --groups=54321,5", "12345:54321"),
    ("--reuid=daemon --regid=daemon --groups=" + ",".join(map(str, range(100, 170))), "daemon"),
    ("--bounding-set=-setgid --inh-caps=-setgid", "daemon"),
])
def test_user_that_it_cannot_become(root, nsinit, probe, ids, wanted):
    """Not to be in all groups, or to be in another as well, is to be somebody else."""
    result = as_user(Init(nsinit, root, pid1=False), ids, probe, wanted)
    assert (result.status, result.out) == (125, "")
    one_line(result.err, "user", "Operation not permitted", "CAP_SETGID")


def test_environment_of_a_large_cluster(subreaper, probe):
    """Kubernetes gives seven variables for each service of the namespace."""
    many = {f"SERVICE_{i}_PORT": "tcp://10.0.0.1:80" for i in range(7000)}
    environment = subreaper.run("--env A=b", [probe], env=many).report["env"]
    assert "A=b" in environment and {f"{name}={value}" for name, value in many.items()} <= set(environment)


# ---- remapping ----


@pytest.mark.parametrize("options, given, status", [
    ("-e 143", 143, 0),
    ("-e 7:3", 7, 3),
    ("-e 0:1", 0, 1),
    ("-e 255:254", 255, 254),
    ("-e 7:3", 8, 8),
    ("-e 10-12", 9, 9),
    ("-e 10-12", 10, 0),
    ("-e 10-12", 12, 0),
    ("-e 10-12", 13, 13),
    ("-e 10-12:7", 11, 7),
    ("-e 0-255:1", 200, 1),
    ("-e 5 -e 6:1", 5, 0),
    ("-e 5 -e 6:1", 6, 1),
    ("-e 5,6:1", 5, 0),
    ("-e 5,6:1", 6, 1),
    ("-e 5:6 -e 6:7", 5, 6),
    ("--remap=7:3", 7, 3),
])
def test_remap(subreaper, probe, options, given, status):
    assert subreaper.run(options, [probe, "exit", str(given)]).status == status


def test_remap_counts_signals_as_128_plus_number(init, probe):
    assert init.run("-e 143", [probe, "die", "TERM"]).status == 0
    assert init.run("-e 129-192:4", [probe, "die", "KILL"]).status == 4


def test_remap_is_for_the_program_not_for_our_failures(init):
    result = init.run("-e 127", ["no-such-program"])
    assert result.status == 127
    one_line(result.err, "no-such-program")


# ---- options from the environment ----


def test_option_from_the_environment(init, probe):
    assert init.run("", [probe, "exit", "7"], env={"NSINIT_REMAP": "7:3"}).status == 3


def test_command_line_wins_over_the_environment(init, probe):
    environment = {"NSINIT_REMAP": "7:3"}
    assert init.run("-e 7:4", [probe, "exit", "7"], env=environment).status == 4
    assert init.run("--remap 7:5", [probe, "exit", "7"], env=environment).status == 5


def test_subreaper_from_the_environment(user, nsinit, probe):
    """With the role entrypoint comes the caller's own namespaces: the probe sees them."""
    bare = user.run([probe]).report["namespaces"]
    assert user.run([nsinit, "--", probe], env={"NSINIT_SUBREAPER": "1"}).report["namespaces"] == bare


# Each option of PID 1, and those for the program that an engine's user has no other way for: its value, "" for a flag. Where
# the plan does not show it: the options beside it, and what the program does.
BY_VARIABLE = {
    "group": "", "subreaper": "", "parent-death": "TERM", "remap": "3", "rewrite": "TERM:INT", "single-child": "", "success": "3",
    "delay": "1s", "grace": "1s", "on": "HUP=/bin/true", "restart": "HUP", "wait": "", "drain": "1s", "user": "1000:1000", "cwd": "/usr",
    "warn-reap": ("", "", "{probe} orphans 1"), "quiet": ("", "-w", "{probe} orphans 1"), "verbose": ("", "", "exit 3"),
    "log-fd": ("1", "-w", "{probe} orphans 1"), "env": ("A=b", "", "echo $A"), "secret": ("A=/proc/sys/kernel/ostype", "", "echo $A"),
    "clear-env": ("", "", "echo $LC_ALL"),
}


@pytest.mark.parametrize("option", BY_VARIABLE)
def test_option_by_its_variable(pid1, nsinit, probe, option):
    """`docker run --init` has no other way to give one: it does what the option does."""
    row = BY_VARIABLE[option]
    value, beside, script = row if isinstance(row, tuple) else (row, "--dry-run", "")
    words = [f"--{option}", value] if value else [f"--{option}"]

    def outcome(words, env):
        result = pid1.run([*words, *beside.split()], ["sh", "-c", script.format(probe=probe)], env=env)
        return result.status, result.out, re.sub(r"\d+", "N", result.err)

    given = outcome([], {"NSINIT_" + option.upper().replace("-", "_"): value or "1"})
    assert given == outcome(words, {}) != outcome([], {})


def test_pause_by_its_variable(init):
    process = init.start("", [], env={"NSINIT_PAUSE": "1"})
    until(lambda: state_of(process.pid) == "S" and Path(f"/proc/{process.pid}/comm").read_text() == "nsinit\n", "the pause")
    process.send(signal.SIGINT)
    assert process.finish().status == 0


def test_no_option_of_pid_1_is_without_a_test_of_its_variable(user, nsinit):
    group = re.search(r"^PID 1:\n((?:  .*\n)*)", user.run([nsinit, "--help"]).out, re.M).group(1)
    assert set(re.findall(r"--([\w-]+)", group)) - set(BY_VARIABLE) == {"pause"}


@pytest.mark.parametrize("variable, value", [
    ("NSINIT_GRACE", "soon"), ("NSINIT_REMAP", "256"), ("NSINIT_REWRITE", "TERM"), ("NSINIT_GROUP", "perhaps"),
])
def test_bad_value_in_the_environment_names_the_variable(init, probe, variable, value):
    result = init.run("", [probe, "exit", "0"], env={variable: value})
    assert (result.status, result.out) == (125, "")
    one_line(result.err, variable, value)


# ---- what is said ----


def test_version_and_help_go_to_stdout(init, nsinit):
    version = init.caller.run([nsinit, "--version"], pid1=init.pid1)
    assert version.status == 0 and version.err == ""
    assert re.match(r"nsinit version \d+\.\d+\.\d+ - git\.\w+\n", version.out), version
    assert init.caller.run([nsinit, "-V"], pid1=init.pid1).out == version.out
    help_ = init.caller.run([nsinit, "--help"], pid1=init.pid1)
    assert help_.status == 0 and help_.err == ""
    for option in ("-g", "--group", "--grace", "--drain", "--remap", "--rewrite", "--pause", "--rootfs"):
        assert option in help_.out, option
    assert init.caller.run([nsinit, "-h"], pid1=init.pid1).out == help_.out


def test_quiet_and_verbose(init, probe):
    assert init.run("", [probe, "exit", "3"]).err == ""
    verbose = init.run("-v", [probe, "exit", "3"])
    assert verbose.status == 3 and verbose.out == ""
    assert verbose.err and all(line.startswith("nsinit: ") for line in verbose.err.splitlines()), verbose
    quiet = init.run("-q", [probe, "exit", "3"])
    assert (quiet.status, quiet.err) == (3, "")


def test_log_fd_takes_what_is_said(init, probe, scratch):
    with open(scratch / "log", "w") as log:
        result = init.run(f"-v --log-fd {log.fileno()}", [probe], pass_fds=[log.fileno()])
        assert result.err == ""
        assert sorted(result.report["fds"]) == ["0", "1", "2"], "the log is nsinit's own"
    assert (scratch / "log").read_text().startswith("nsinit: ")
