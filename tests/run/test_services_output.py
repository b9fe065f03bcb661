# SPDX-License-Identifier: MIT
"""
What services print: each line with its service's name, on nsinit's own standard output, and none lost. Who does not take the
lines holds up those that print them, and nobody else.
"""

import os
import time

import pytest
from harness import children_of, command_of, until
from services import wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a /run of its own")
MANY = 20000


def lines_of(name, text):
    return [line.removeprefix(f"{name}: ") for line in text.splitlines() if line.startswith(f"{name}: ")]


def printing(*words):
    return "Type=oneshot\nExecStart=" + " ".join(words)


def test_lines_have_the_name_of_their_service(world):
    world.service("one", printing("/bin/sh -c 'echo a; echo b >&2; printf c; echo; echo; printf last'"))
    world.service("two@", printing("/bin/echo of %i"))
    result = world.run("nsctl start two@x; echo plain")
    assert lines_of("one", result.out) == ["a", "b", "c", "", "last"], result
    assert "two@x: of x\n" in result.out and "plain\n" in result.out and result.err == ""


def test_many_lines_of_several_are_all_there_and_in_order(world):
    for name in "abc":
        world.service(name, printing(f"/usr/bin/seq 1 {MANY}"))
    result = world.run("true")
    for name in "abc":
        assert lines_of(name, result.out) == [str(i) for i in range(1, MANY + 1)]
    assert len(result.out.splitlines()) == 3 * MANY


def test_long_line_becomes_several_and_nothing_is_lost(world):
    world.service("long", printing("/bin/sh -c 'head -c 100000 /dev/zero | tr \"\\\\0\" x; echo; echo end'"))
    parts = lines_of("long", world.run("true").out)
    assert "".join(parts[:-1]) == "x" * 100000 and parts[-1] == "end" and len(parts) < 100


def test_line_without_an_end_is_not_mixed_with_others(world):
    """It comes when it is complete, or nobody is left to complete it."""
    world.service("slow", "ExecStart=/bin/sh -c 'printf begin; : >@/begun; until [ -e @/said ]; do sleep 0.01; done; echo , end; "
                          ": >@/done; exec sleep 1000'")
    world.service("other", printing("/bin/echo between"))
    result = world.run(wait_for("[ -e begun ]") + "nsctl start other; touch said; " + wait_for("[ -e done ]"))
    assert lines_of("slow", result.out) == ["begin, end"], result
    assert set(lines_of("other", result.out)) == {"between"}


def test_killed_services_last_line_is_there(world):
    world.service("killed", "ExecStart=/bin/sh -c 'echo before; printf without; kill -9 $$$$'")
    assert lines_of("killed", world.run(wait_for("nsctl is-active killed | grep -q failed")).out) == ["before", "without"]


@pytest.mark.parametrize("setting, out", [
    ("StandardOutput=null", ""), ("StandardOutput=inherit", "text\n"), ("StandardOutput=file:@/file", ""),
    ("StandardOutput=null\nStandardError=journal", "one: error\n"), ("StandardError=null", "one: text\n"),
])
def test_output_goes_where_the_file_says(world, setting, out):
    world.service("one", setting + "\n" + printing("/bin/sh -c 'echo text; echo error >&2'"))
    assert world.run("true").out == out
    assert world.lines("file") == (["text", "error"] if "file:" in setting else [])


def test_service_of_a_user_can_open_its_output(world):
    world.service("user", "User=daemon\n" + printing("/bin/sh -c 'echo opened >/dev/stdout; echo also >/dev/stderr'"))
    assert lines_of("user", world.run("true").out) == ["opened", "also"]


def send_log(*messages):
    """A program that says these to syslog(3), as they are."""
    code = "import socket; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.connect('/dev/log'); " + "; ".join(
        f"s.send({message!r})" for message in messages)
    return f'/usr/bin/python3 -c "{code}"'


def test_what_is_said_to_syslog_comes_as_lines(world):
    """Without its header, under the name of who has said it, one message one line, and to the last one."""
    world.service("one", "Type=oneshot\nExecStart=" + send_log(
        b"<38>Nov 28 18:00:00 one[2]: first", b"plain", b"<13>", b"<14>two\\n<14>other: forged\\x00\\n", b"x" * 5000))
    world.service("user", "Type=oneshot\nUser=daemon\nExecStart=" + send_log(b"<13>Jan  1 00:00:00 of a user"))
    result = world.run(send_log(b"<13>Nov 28 18:00:00 the program") + "; [ -S /dev/log ] && echo there")
    lines = lines_of("one", result.out)
    assert lines[:4] == ["one[2]: first", "plain", "", "two <14>other: forged"] and set(lines[4]) == {"x"}, result
    assert lines_of("user", result.out) == ["of a user"] and lines_of("syslog", result.out) == ["the program"], result


def test_socket_of_another_logger_is_left_alone(world):
    world.service("logger", "Type=notify\nNotifyAccess=all\nStandardOutput=file:@/notes\n"
                  "ExecStart=/usr/bin/python3 -c \"import os, socket; os.unlink('/dev/log'); "
                  "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind('/dev/log'); "
                  "n = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); n.sendto(b'READY=1', os.environ['NOTIFY_SOCKET']); "
                  "print(s.recv(100).decode(), flush=True); s.recv(100)\"")
    result = world.run(send_log(b"for the other one") + "; " + wait_for("[ -s notes ]"))
    assert world.lines() == ["for the other one"] and result.out == "", result


def test_reader_that_does_not_read_stops_only_who_prints(world):
    """PID 1 goes on: it answers, starts and restarts; when there is a reader again, all lines are there."""
    world.service("loud", f"ExecStart=/bin/sh -c '/usr/bin/seq 1 {MANY * 5}; : >@/done; exec sleep 1000'")
    world.service("quiet", "Restart=always\nRestartSec=0\nExecStart=/bin/sh -c 'echo $$$$ >>@/quiet; exec sleep 1000'")
    read, write = os.pipe()
    script = (wait_for("[ -s quiet ]") + "sleep 0.2; nsctl is-active loud >notes; [ -e done ] && echo done >>notes; kill -9 $(cat quiet); "
              + wait_for("[ $(wc -l <quiet) = 2 ]") + "touch read; " + wait_for("[ -e done ]"))
    process = world.start(program=script, stdout=write)
    os.close(write)
    until(lambda: (world.directory / "read").exists(), "PID 1 lives")
    assert world.lines() == ["active"]
    with os.fdopen(read) as text:
        lines = lines_of("loud", text.read())
    process.finish()
    assert lines == [str(i) for i in range(1, MANY * 5 + 1)]


def time_of(pid):
    """The processor time that it has had, to the nanosecond."""
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0])


def sleeps(pid):
    before = time_of(pid)
    time.sleep(0.3)
    return time_of(pid) == before


@pytest.mark.parametrize("gone", [True, False])
def test_nobody_wakes_up_for_lines_that_cannot_go(world, gone):
    """A reader that is gone costs the lines, and no service; one that sleeps costs no processor time."""
    world.service("loud", "ExecStart=/bin/sh -c '/usr/bin/seq 1 100000; : >@/done; exec sleep 1000'")
    read, write = os.pipe()
    process = world.start(program="touch up; exec sleep 1000", stdout=write)
    os.close(write)
    if gone:
        os.close(read)
        until((world.directory / "done").exists, "the service goes on")
    until((world.directory / "up").exists, "the program")
    init = process.pid if command_of(process.pid).startswith(world.nsinit) else children_of(process.pid)[0]
    assert command_of(init).startswith(world.nsinit)
    until(lambda: sleeps(init), "PID 1 sleeps")
    process.send(15)
    if not gone:
        assert not (world.directory / "done").exists()
        os.close(read)
    process.finish()
