# SPDX-License-Identifier: MIT
"""
Bad values for the options of PID 1: one line that names the option, the value and what would be right, status 125,
and the program has not run. Other names of nsinit keep their own status.
"""

import os
import re
import shutil

import pytest
from peers import one_line, ready, under_name

SIGNAL_PAIRS = [
    "", "TERM", "TERM:", ":TERM", ":", "TERM:INT:HUP", "TERM:NOPE", "NOPE:TERM", "0:15", "65:15", "15:65", "-1:15", "15:-1",
    "+1:15", " 1:15", "1:15 ", "TERM,INT", "TERM;INT", "TERM:INT,", ",TERM:INT", "TERM:INT,,HUP:INT", "RTMIN-1:TERM",
    "RTMIN+31:TERM", "RTMAX+1:TERM", "RTMAX-31:TERM", "RTMIN+:TERM", "RTMIN+1x:TERM", "SIGSIGTERM:INT",
    "TERMX:INT", "SIG:INT", "0x1:2", "1.5:2", "99999999999999999999:1", "1:18446744073709551617",
]
CODES = [
    "", "256", "-1", "x", ":", "-", ":1", "-5", "5-", "5-3", "1-2-3", "1-256", "256-300", "1,2,", ",1", "1,,2", "1 2", " 1", "1 ",
    "0x1", "1.0", "+1", "1;2", "99999999999999999999", "18446744073709551616", "4294967296",
]
REMAPS = [*CODES, "1:", "1:256", "1:-1", "1:2:3", "1:2-3", "1-5:x", "1:x,2"]
TIMES = [
    "", "x", "-1", "+1", "1.5s", "5 s", " 5", "5 ", "5S", "5d", "s", "ms", "5sm", "8761h", "31536001", "99999999999999999999",
    "18446744073709551616", "infinity",
]
SIGNALS = ["", "NOPE", "0", "65", "-1", "TERM:INT", "TERM,INT", "SIG", "15x", " 15", "RTMIN+31", "RTMAX+1", "99999999999999999999"]
HOOKS = [
    "", "HUP", "HUP=", "=/bin/true", "=", "NOPE=/bin/true", "0=/bin/true", "65=/bin/true", "HUP=true", "HUP=./true", "HUP,INT=/bin/true",
    "HUP:/bin/true", "KILL=/bin/true", "9=/bin/true", "STOP=/bin/true", "CHLD=/bin/true", "RTMAX+1=/bin/true",
    "SIGNAMETOOLONG=/bin/true",
]
BAD = [(option, value) for options, values in [
    (("-r", "--rewrite"), SIGNAL_PAIRS), (("-r",), ["CHLD:USR1", "9:15", "TERM:INT,STOP:0"]), (("-e",), REMAPS),
    (("--success",), [*CODES, "1:2", "143:0", "1-3:", "1,2:0"]),
    (("--delay",), TIMES), (("--grace",), TIMES[:4]), (("--drain",), TIMES[:4]),
    (("-p",), SIGNALS), (("--on",), HOOKS),
    (("--log-fd",), ["", "x", "-1", "1.5", "99", "99999999999999999999"]), (("--cwd", "--user"), [""]), (("--env",), ["", "A", "=b"]),
] for option in options for value in values]
# Every option that takes a value, once: the variable is read by the same rules.
BAD_VARIABLES = [
    ("NSINIT_REWRITE", "TERM:NOPE"), ("NSINIT_REMAP", "1:256"), ("NSINIT_SUCCESS", "1-256"), ("NSINIT_DELAY", "soon"),
    ("NSINIT_GRACE", "1.5s"), ("NSINIT_DRAIN", "-1"), ("NSINIT_PARENT_DEATH", "0"), ("NSINIT_ON", "KILL=/bin/true"),
    ("NSINIT_LOG_FD", "x"), ("NSINIT_SINGLE_CHILD", "perhaps"), ("NSINIT_WARN_REAP", "2"), ("NSINIT_VERBOSE", "x"),
    ("NSINIT_QUIET", "x"), ("NSINIT_USER", ""),
]


@pytest.mark.parametrize("option, value", BAD)
def test_bad_value(subreaper, probe, scratch, option, value):
    result = subreaper.run([option, value], [probe, "write", scratch / "ran"])
    assert (result.status, result.out) == (125, ""), result
    one_line(result.err, "nsinit: ", option, value)
    assert option != "--success" or ":CODE" not in result.err, "it takes none"
    assert not (scratch / "ran").exists()


@pytest.mark.parametrize("variable, value", BAD_VARIABLES)
def test_bad_variable(subreaper, probe, scratch, variable, value):
    result = subreaper.run("", [probe, "write", scratch / "ran"], env={variable: value})
    assert (result.status, result.out) == (125, ""), result
    one_line(result.err, "nsinit: ", variable, value)
    assert not (scratch / "ran").exists()


@pytest.mark.parametrize("options", ["-r TERM:NOPE", "-e 256", "--success x", "--delay x", "--on KILL=/bin/true", "-p 0"])
def test_bad_value_in_every_role(init, caller, nsinit, probe, options):
    for result in (init.run(options, [probe, "exit", "0"]), caller.run([nsinit, *options.split(), "--", probe, "exit", "0"])):
        assert (result.status, result.out) == (125, "")
        one_line(result.err, "nsinit: ", *options.split())


@pytest.mark.parametrize("option", [
    "-r", "-e", "-p", "--success", "--delay", "--on", "--secret", "--user", "--grace", "--drain", "--log-fd",
])
def test_missing_value(subreaper, option):
    result = subreaper.caller.run([*subreaper.command("", []), option])
    assert (result.status, result.out) == (125, "")
    one_line(result.err, "nsinit: ", option, "missing")


@pytest.mark.parametrize("option", ["--group=1", "--pause=yes", "--warn-reap=", "--single-child=x"])
def test_value_where_none_belongs(subreaper, probe, option):
    result = subreaper.run([option], [probe, "exit", "0"])
    assert (result.status, result.out) == (125, "")
    one_line(result.err, "nsinit: ", option.split("=")[0], "no value")


def test_ninth_hook(subreaper, probe):
    hooks = [word for number in range(34, 43) for word in ("--on", f"{number}=/bin/true")]
    result = subreaper.run(hooks, [probe, "exit", "0"])
    assert (result.status, result.out) == (125, "")
    one_line(result.err, "nsinit: ", "--on", "42=/bin/true", "8")


@pytest.mark.parametrize("option, near", [
    ("--sucess", "--success"), ("--dely", "--delay"), ("--secrets", "--secret"), ("--rewirte", "--rewrite"),
])
def test_misspelt_option_names_the_nearest(subreaper, probe, option, near):
    result = subreaper.run([option, "1"], [probe, "exit", "0"])
    assert (result.status, result.out) == (125, "")
    one_line(result.err, "nsinit: ", option, f"{near}?")


@pytest.mark.parametrize("options, environment", [("-q", {}), ("", {"NSINIT_QUIET": "1"})])
def test_variable_that_is_no_option_is_not_mentioned_to_who_wants_quiet(init, probe, options, environment):
    result = init.run(options, [probe, "exit", "3"], env={"NSINIT_GRASE": "5s", **environment})
    assert (result.status, result.err) == (3, "")


def test_variable_that_is_no_option_is_mentioned_where_all_is_said(subreaper, probe, scratch):
    with open(scratch / "log", "w") as log:
        fd = log.fileno()
        result = subreaper.run(f"--log-fd {fd}", [probe, "exit", "3"], env={"NSINIT_A": "", "NSINIT_B": "1"}, pass_fds=[fd])
    assert (result.status, result.err) == (3, "")
    assert sorted((scratch / "log").read_text().splitlines()) == [f"nsinit: NSINIT_{x}: no such option, ignored" for x in ("A=", "B=1")]


def test_variable_that_is_no_option_is_only_mentioned(init, probe):
    """It may be somebody else's."""
    result = init.run("", [probe, "exit", "3"], env={"NSINIT_SUCESS": "3"})
    assert result.status == 3
    one_line(result.err, "nsinit: ", "NSINIT_SUCESS")


def test_long_value_does_not_push_the_reason_out(subreaper, probe):
    result = subreaper.run(["-e", "x" * 5000], [probe, "exit", "0"])
    assert result.status == 125
    one_line(result.err, "nsinit: -e xxx", "0 to 255")


@pytest.mark.parametrize("value", ["1\n2", "\n", "x\r\ny", "\x1b[31mred"])
def test_message_stays_one_line_of_text(subreaper, probe, value):
    """Whoever sets a variable must not be able to write lines of their own, or colours, into the log."""
    for result in (subreaper.run(["-e", value], [probe, "exit", "0"]), subreaper.run("", [probe, "exit", "0"], env={"NSINIT_REMAP": value}),
                   subreaper.run("", [f"/no/{value}"])):
        assert result.status in (125, 127)
        assert re.fullmatch(r"nsinit: [^\x00-\x1f\x7f]+\n", result.err), result


@pytest.mark.parametrize("option", ["-P", "--pause"])
def test_pause_with_a_program(init, probe, scratch, option):
    result = init.run(option, [probe, "write", scratch / "ran"])
    assert (result.status, result.out) == (125, "")
    one_line(result.err, "nsinit: ", "pause", probe)
    assert not (scratch / "ran").exists()


# ---- under other names ----


@pytest.mark.parametrize("name, start, words", [
    ("tini", r"\[FATAL tini \(\d+\)\] ", ["-s", "-p", "NOPE"]),
    ("tini", r"\[FATAL tini \(\d+\)\] ", ["-s", "-e", "1-256"]),
    ("tini", r"\[FATAL tini \(\d+\)\] ", ["-s", "--success", "1"]),
    ("dumb-init", r"\[dumb-init\] ", ["-r", "TERM:NOPE"]),
    ("dumb-init", r"\[dumb-init\] ", ["--grace", "5s"]),
    ("catatonit", r"ERROR \(catatonit:\d+\): ", ["-r", "1:2"]),
])
def test_other_names_keep_their_status(user, nsinit, directory, probe, scratch, name, start, words):
    """And none of nsinit's own options, whose letters may mean something else there."""
    result = user.run([under_name(nsinit, name, directory), *words, "--", probe, "write", scratch / "ran"])
    assert (result.status, result.out) == (1, ""), result
    one_line(result.err, start, [word for word in words if word.startswith("-")][-1])
    assert not (scratch / "ran").exists()


# ---- users, in an image that has nothing but a program ----


@pytest.fixture
def bare_root(scratch, nsinit, probe):
    """A root with nsinit and the probe in it, and no /etc: as FROM scratch."""
    root = scratch / "root"
    root.mkdir()
    for program in (nsinit, probe):
        shutil.copy(program, root)
    return root


@pytest.fixture
def inside(bare_root, root):
    """Runs nsinit as PID 1 in the bare root."""
    def run(*words, **more):
        def enter():
            os.chroot(bare_root)
            os.chdir("/")

        return root.run(["/nsinit", *words], pid1=True, setup=enter, **more)
    return run


UNKNOWN = ["nobody", "root", "x" * 200, "", "root:root", "1000x", "-1", "+1", " 1", "0x0", "1.0", "4294967295", "4294967296",
           "99999999999999999999", ":", ":0", "1:", "1:staff", "1:2:3", "1:-1", "1:4294967295"]


@pytest.mark.parametrize("given", UNKNOWN)
def test_unknown_user(inside, given):
    result = inside("--user", given, "--", "/probe", "write", "/ran")
    assert (result.status, result.out) == (125, ""), result
    one_line(result.err, "nsinit: ", "--user", given[:40])


@pytest.mark.parametrize("given, ids", [
    ("0", (0, 0)), ("1000", (1000, 0)), ("1000:1001", (1000, 1001)), ("0:5", (0, 5)), ("4294967294:4294967294", (4294967294, 4294967294)),
])
def test_numeric_user(inside, given, ids):
    """No look-up is needed. Without a group it is 0, as with docker, and no other groups are left."""
    result = inside("--user", given, "--", "/probe", env={"HOME": "/home/of/the/caller"})
    report = result.report
    assert (report["uid"], report["gid"]) == ids and result.err == ""
    assert (report["euid"], report["egid"]) == ids
    assert set(report["groups"]) <= {ids[1]}
    assert "HOME=/" in report["env"]


@pytest.mark.parametrize("what", ["empty", "garbage", "directory", "dangling", "loop", "fifo", "huge"])
def test_passwd_that_is_none(inside, bare_root, what):
    """A name is not found in it, a number needs nothing of it, and nobody waits for it."""
    (bare_root / "etc").mkdir()
    passwd = bare_root / "etc/passwd"
    if what == "empty":
        passwd.write_text("")
    elif what == "garbage":
        passwd.write_text("nobody\nnobody:x\nnobody:x:y:z:a:b:c\nnobody:x:-1:0::/:\nnobody:x:1:1::/:/bin/sh:more\n\0\n")
    elif what == "directory":
        passwd.mkdir()
    elif what == "dangling":
        passwd.symlink_to("/no/such/file")
    elif what == "loop":
        passwd.symlink_to("passwd")
    elif what == "fifo":
        os.mkfifo(passwd)
    else:
        passwd.write_text("x" * 100000)
    result = inside("--user", "nobody", "--", "/probe")
    assert (result.status, result.out) == (125, "")
    one_line(result.err, "nsinit: ", "--user", "nobody", "etc/passwd")
    assert inside("--user", "1000:1000", "--", "/probe").report["uid"] == 1000


@pytest.mark.parametrize("given, word", [("nobody", "nobody"), ("0:staff", "staff"), ("4294967295", "4294967295")])
def test_unknown_user_of_a_rootfs(caller, nsinit, bare_root, given, word):
    result = caller.run([nsinit, "--rootfs", bare_root, "--user", given, "--", "/probe"])
    assert (result.status, result.out) == (125, "")
    one_line(result.err, "nsinit: ", "--user", word)


@pytest.mark.parametrize("given, ids", [("1234", (1234, 0)), ("1234:567", (1234, 567))])
def test_numeric_user_of_a_rootfs(root, nsinit, bare_root, given, ids):
    report = root.run([nsinit, "--rootfs", bare_root, "--user", given, "--", "/probe"]).report
    assert (report["uid"], report["gid"], report["groups"]) == (*ids, [ids[1]])


def test_user_that_we_may_not_become(subreaper, probe):
    result = subreaper.run("--user 0:0", [probe])
    assert (result.status, result.out) == (125, "")
    one_line(result.err, "nsinit: ", "--user", "0:0", "not permitted")


def test_bare_root_is_enough(inside):
    """No /proc, no /dev, no /etc: the status, orphans and the drain are as ever."""
    assert inside("--", "/probe", "exit", "7").status == 7
    assert inside("--drain", "1h", "--", "/probe", "leave", "6", "sleep").status == 6
    assert inside("--", "/missing").status == 127


def test_bad_value_does_not_hang_with_everything_closed(subreaper, probe):
    result = subreaper.run("-e x", [probe], setup=lambda: [os.close(fd) for fd in (0, 1, 2)])
    assert (result.status, result.out, result.err) == (125, "", "")


def test_good_values_at_the_edges(subreaper, probe):
    """The counter-check: what is next to the bad ones is taken."""
    for options in ("-e 0-255", "-e 255:0", "-r 64:1", "-r 1:64", "-r RTMIN+30:RTMAX-30", "--delay 8760h", "--delay 31536000",
                    "--grace 0", "-p 64", "--on RTMAX=/bin/true", "--success 0,255", "-p SIGKILL", "-e 007"):
        process = ready(subreaper.start(options, ["sh", "-c", "echo ready"]))
        result = process.finish()
        assert (result.status, result.err) == (0, ""), (options, result)
