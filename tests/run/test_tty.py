# SPDX-License-Identifier: MIT
"""--tty: the program's own terminal, and the relay that carries it to ours."""

import contextlib
import hashlib
import json
import os
import re
import shlex
import shutil
import signal
import termios
import time
from pathlib import Path

import pexpect
import pytest
from containers import Box, one_line
from harness import PATIENCE, children_of, command_of, descendants_of, stat_fields, state_of, status_field, until
from peers import restarted

PROMPT = r"[$#] $"


@pytest.fixture
def hosted(nsinit, caller):
    """On the host's root."""
    return Box(nsinit, caller)


class Outer:
    """A shell that owns the terminal and stays, so that the terminal can be looked at when nsinit has ended."""

    def __init__(self, caller, argv, script='"$@"', **more):
        script = f'echo be""gin; read go; {script}; echo sta""tus=$?; read rest; echo re""st=$rest'
        self.child = caller.pty(["/bin/sh", "-c", script, "sh", *argv], **more)
        self.child.expect_exact("begin\r\n")
        self.modes = termios.tcgetattr(self.child.child_fd)
        self.child.sendline("go")

    @property
    def launcher(self):
        return until(lambda: children_of(self.child.pid), "the launcher")[0]

    def is_raw(self):
        """The modes of the outer terminal, which its master tells."""
        return not termios.tcgetattr(self.child.child_fd)[3] & (termios.ICANON | termios.ISIG)

    def status(self):
        """What nsinit ended with; its terminal is then as it was."""
        self.child.expect(r"status=(\d+)\r\n")
        assert termios.tcgetattr(self.child.child_fd) == self.modes
        return int(self.child.match.group(1))

    def end(self, rest="end"):
        self.child.sendline(rest)
        self.child.expect_exact(f"rest={rest}\r\n")


def end_of(child):
    child.expect(pexpect.EOF)
    child.wait()
    return child.exitstatus if child.signalstatus is None else -child.signalstatus


def answer(child, command, pattern):
    child.sendline(command)
    child.expect(pattern)
    match = child.match
    child.expect(PROMPT)
    return match


# ---- which terminal ----


@pytest.fixture
def shell(box):
    child = box.pty("", ["/bin/bash", "-l"], dimensions=(31, 97))
    child.expect(PROMPT)
    child.greeting = child.before
    return child


def test_login_shell_has_a_terminal_of_its_own(shell):
    assert "job control" not in shell.greeting and "process group" not in shell.greeting, shell.greeting
    answer(shell, "tty", r"/dev/pts/0\r\n")
    answer(shell, "ls /dev/pts | tr '\\n' ' '", r"0 ptmx ")
    answer(shell, "tty </dev/console >/dev/null && echo opens", r"opens\r\n")
    answer(shell, "stty size", r"31 97\r\n")
    numbers = answer(shell, "stat -c '%t,%T' /dev/console /dev/pts/0 | tr '\\n' ' '", r"(88,0) (88,0) ")
    assert numbers
    shell.sendline("exit 7")
    assert end_of(shell) == 7


def test_console_is_there_only_with_a_terminal(box):
    assert box.sh("", "test ! -e /dev/console && ! tty").out == "not a tty\n"


def test_on_the_host_s_root_it_is_the_host_s_devpts(hosted, probe):
    """And by default there is none, so that the program is a job of our shell."""
    outer = hosted.pty("--tty inherit", ["tty"])
    outer.expect(pexpect.EOF)
    ours = outer.before.strip()
    own = hosted.pty("--tty new", ["tty"])
    own.expect(r"(/dev/pts/\d+)\r\n")
    assert end_of(own) == 0
    assert ours.startswith("/dev/pts/")
    assert report_of(hosted, "--tty new", probe)["sid"] == 2
    assert report_of(hosted, "", probe)["sid"] == 0  # outside


def report_of(box, options, probe):
    child = box.pty(options, [probe])
    child.expect(pexpect.EOF)
    return json.loads(child.before)


def test_program_leads_a_session_with_it(box):
    report = report_of(box, "", "/bin/probe")
    assert report["sid"] == report["pgid"] == report["pid"] == report["tty"]["tty_session"] == report["tty"]["foreground"]


def test_program_that_is_restarted_leads_a_session_with_it_too(box):
    child = box.pty("--restart USR1", ["/bin/sh", "-c", "/bin/probe; exec /bin/probe signals"])
    for report in restarted(child):
        assert report["sid"] == report["pgid"] == report["tty"]["tty_session"] == report["tty"]["foreground"]
    assert end_of(child) == 0


def test_inherit_keeps_ours(box):
    child = box.pty("--tty inherit", ["/bin/sh", "-c", "ls /dev/pts; tty"])
    child.expect(pexpect.EOF)
    assert "ptmx" in child.before and "0" not in child.before.split()


@pytest.mark.parametrize("script", ["true | \"$@\"", "\"$@\" | cat", "\"$@\" &\nwait $!"])
def test_by_default_not_where_others_use_the_terminal(box, script):
    """A pipeline, and the background of a shell with job control."""
    argv = box.command("", ["/bin/sh", "-c", "ls /dev/pts"])
    outer = box.caller.pty(["/bin/bash", "-m", "-c", script, "bash", *argv])
    outer.expect(pexpect.EOF)
    assert outer.before.split()[0] == "ptmx"  # and not 0


@pytest.mark.parametrize("redirect, kept", [("</dev/null", [1, 2]), (">/dev/null", [0, 2]), ("2>/dev/null", [0, 1])])
def test_redirected_descriptors_stay(box, redirect, kept):
    script = "for i in 0 1 2; do test -t $i && printf $i' ' >/dev/tty; done; true"
    outer = box.caller.pty(["/bin/sh", "-c", f'"$@" {redirect}', "sh", *box.command("--tty new", ["/bin/sh", "-c", script])])
    outer.expect(pexpect.EOF)
    assert [int(i) for i in outer.before.split()] == kept


def test_terminal_is_the_user_s(nsinit, root, rootfs_of):
    """Who may then open it by its name."""
    child = Box(nsinit, root, rootfs_of(root)).pty("--user 1000", ["/bin/sh", "-c", "stat -c %u.%g /dev/pts/0; echo opened >/dev/stderr"])
    child.expect_exact("1000.5\r\nopened\r\n")
    assert end_of(child) == 0


def test_nothing_inside_has_our_terminal_open(root, nsinit, rootfs_of):
    """Nor PID 1 the new one, whose hang-up it would hide."""
    child = Box(nsinit, root, rootfs_of(root)).pty("", ["/bin/probe", "sleep"])
    child.expect_exact("ready\r\n")
    [pid1] = children_of(child.pid)
    [program] = children_of(pid1)

    def links(pid):
        return {fd: os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}

    def links_of_pid1():
        return [link.partition(":")[0] for fd, link in sorted(links(pid1).items(), key=lambda item: int(item[0]))]

    assert links(program) == {fd: "/dev/pts/0" for fd in "012"}
    until(lambda: links_of_pid1() == ["/dev/null"] * 3 + ["socket"], "PID 1 closing what it gave to the program")
    child.sendintr()
    assert end_of(child) == 130


@pytest.mark.parametrize("tty", ["new", "inherit"])
def test_launcher_does_not_name_the_children_of_its_caller(hosted, tty):
    """--warn-reap is for PID 1 inside; who left a process to the launcher knows of it."""
    launcher = shlex.join(map(str, hosted.command(f"--warn-reap --tty {tty}", ["/bin/sh", "-c", "read x"])))
    child = hosted.caller.pty(["/bin/sh", "-c", f"(exec sleep 0) & exec {launcher}"])
    (pid1,) = until(lambda: [p for p in children_of(child.pid) if children_of(p)], "the container, and no other child")
    child.sendline("")
    assert end_of(child) == 0
    assert "reaped" not in child.before


# ---- keys, stops, sizes ----


def test_job_control_inside(shell):
    shell.sendline("probe sleep")
    shell.expect_exact("ready\r\n")
    shell.sendcontrol("z")
    shell.expect("Stopped")
    shell.expect(PROMPT)
    answer(shell, "bg >/dev/null; echo job=$(jobs -r | wc -l)", r"job=1\r\n")
    shell.sendline("fg")
    shell.expect_exact("probe sleep\r\n")
    [program] = [pid for pid in descendants_of(shell.pid) if command_of(pid) == "probe sleep"]
    until(lambda: stat_fields(program)[2] == stat_fields(program)[5], "the job's being in the foreground")
    shell.sendintr()
    shell.expect(PROMPT)
    answer(shell, "echo status=$?", r"status=130\r\n")
    shell.sendline("exit 3")
    assert end_of(shell) == 3


def test_keys_reach_the_program_once_each(box):
    child = box.pty("", ["/bin/probe", "signals", "--until", "TERM"])
    child.expect_exact("ready\r\n")
    for key, number in (("c", 2), ("\\", 3), ("z", 20), ("c", 2)):
        child.sendcontrol(key)
        child.expect_exact(f"{number}\r\n")
    child.kill(signal.SIGTERM)
    child.expect_exact("15\r\n")
    assert end_of(child) == 0


def test_size_change(shell):
    shell.sendline("probe signals --until WINCH")
    shell.expect_exact("ready\r\n")
    shell.setwinsize(41, 123)
    shell.expect_exact("28\r\n")
    shell.expect(PROMPT)
    answer(shell, "stty size", r"41 123\r\n")
    shell.sendline("exit")
    assert end_of(shell) == 0


def test_settings_come_along(box):
    outer = Outer(box.caller, box.command("", ["/bin/stty", "-a"]), 'stty intr ^G; "$@"')
    outer.modes[6][termios.VINTR] = b"\x07"
    outer.child.expect(r"intr = \^G;.* -echo ")
    assert outer.status() == 0
    outer.end()


def test_end_of_file_key(box):
    child = box.pty("", ["/bin/cat"])
    child.sendline("line")
    child.expect_exact("line\r\n")
    child.sendeof()
    assert end_of(child) == 0


# ---- the outer terminal's modes ----


@pytest.mark.parametrize("ending", ["exit", "term", "key", "kill"])
def test_modes_come_back(box, ending):
    outer = Outer(box.caller, box.command("", ["/bin/sh", "-c", "echo ready; read x; exit 5"]))
    outer.child.expect_exact("ready\r\n")
    until(outer.is_raw, "raw mode")
    if ending == "exit":
        outer.child.sendline("")
    elif ending == "term":
        os.kill(outer.launcher, signal.SIGTERM)
    elif ending == "key":
        outer.child.sendintr()
    else:
        os.kill(children_of(outer.launcher)[0], signal.SIGKILL)
    assert outer.status() == {"exit": 5, "term": 143, "key": 130, "kill": 137}[ending]
    outer.end()


def test_interrupt_ends_a_loop_of_the_shell(box):
    jobs = Jobs(box, "", ["/bin/probe", "sleep"], "; done", "for i in 1 2; do ")
    jobs.child.expect_exact("ready\r\n")
    until(jobs.is_raw, "raw mode")
    jobs.child.sendintr()
    assert jobs.child.expect_exact(["ready\r\n", "outer> "]) == 1
    jobs.close(130)


def test_failed_start_speaks_on_a_sane_terminal(box):
    outer = Outer(box.caller, box.command("", ["/bin/nothing"]))
    outer.child.expect(r"nsinit: program /bin/nothing: [^;\r\n]+; [^\r\n]+\r\n")
    assert outer.status() == 127
    outer.end()


def test_messages_from_inside_come_through_the_launcher(box):
    outer = Outer(box.caller, box.command("--warn-reap --drain 1s", ["/bin/sh", "-c", "(exec sleep 0 &); read x; exit 4"]))
    outer.child.expect(r"nsinit: reaped orphan \d+, status 0\r\n")
    outer.child.sendline("")
    assert outer.status() == 4
    outer.end()


def flags_of(pid, fd):
    return int(re.search(r"^flags:\t(\d+)$", Path(f"/proc/{pid}/fdinfo/{fd}").read_text(), re.M).group(1), 8)


def test_our_descriptors_do_not_become_non_blocking(root, nsinit, rootfs_of):
    outer = Outer(root, Box(nsinit, root, rootfs_of(root)).command("", ["/bin/probe", "sleep"]))
    outer.child.expect_exact("ready\r\n")
    until(outer.is_raw, "raw mode")
    assert not any(flags_of(outer.child.pid, fd) & os.O_NONBLOCK for fd in (0, 1, 2))
    assert any(flags_of(outer.launcher, fd) & os.O_NONBLOCK for fd in os.listdir(f"/proc/{outer.launcher}/fd"))
    outer.child.sendintr()
    assert outer.status() == 130
    outer.end()


class Jobs:
    """An interactive shell, with nsinit as its job."""

    def __init__(self, box, options, program, after="", before=""):
        self.child = box.caller.pty(["bash", "--norc", "--noprofile", "--noediting", "-i"], env={"PS1": "outer> "})
        self.prompt()
        self.child.sendline(before + shlex.join(str(word) for word in box.command(options, program)) + after)

    def prompt(self):
        self.child.expect_exact("outer> ")

    def is_raw(self):
        return not termios.tcgetattr(self.child.child_fd)[3] & termios.ICANON

    @property
    def launcher(self):
        return until(lambda: children_of(self.child.pid), "the launcher")[0]

    def close(self, last=None):
        """The shell goes on, with this status."""
        self.child.sendline("exit" if last else "exit 0")
        assert end_of(self.child) == (last or 0)


def test_stop_and_continue_of_the_launcher(box):
    """TSTP gives the terminal back and fg takes it again; meanwhile the program goes on."""
    jobs = Jobs(box, "", ["/bin/probe", "signals", "--until", "TERM"])
    jobs.child.expect_exact("ready\r\n")
    until(jobs.is_raw, "raw mode")
    [pid1] = children_of(jobs.launcher)
    os.kill(jobs.launcher, signal.SIGTSTP)
    jobs.child.expect("Stopped")
    jobs.prompt()
    assert not jobs.is_raw() and state_of(jobs.launcher) == "T" and state_of(children_of(pid1)[0]) in ("S", "R")
    jobs.child.sendline("fg")
    until(jobs.is_raw, "raw mode")
    jobs.child.sendintr()
    jobs.child.expect_exact("2\r\n")
    os.kill(jobs.launcher, signal.SIGTERM)
    jobs.child.expect_exact("15\r\n")
    jobs.prompt()
    assert not jobs.is_raw()
    jobs.close()


def test_stop_that_cannot_be_caught(box):
    """After STOP the shell has the terminal as it likes it; fg brings raw mode back, and the end the shell's modes."""
    jobs = Jobs(box, "", ["/bin/probe", "sleep"])
    jobs.child.expect_exact("ready\r\n")
    until(jobs.is_raw, "raw mode")
    os.kill(jobs.launcher, signal.SIGSTOP)
    jobs.child.expect("Stopped")
    jobs.prompt()
    jobs.child.sendline("fg")
    until(jobs.is_raw, "raw mode")
    jobs.child.sendintr()
    jobs.prompt()
    assert not jobs.is_raw()
    jobs.close()


def test_in_the_background_it_stops_as_any_reader_of_the_terminal(box):
    jobs = Jobs(box, "--tty new", ["/bin/sh", "-c", "echo rea''dy; read x; echo got=$x"], " &")
    launcher = jobs.launcher
    until(lambda: state_of(launcher) == "T", "the stop")
    assert not jobs.is_raw()
    jobs.child.sendline("fg")
    until(jobs.is_raw, "raw mode")
    jobs.child.sendline("line")
    jobs.child.expect_exact("got=line\r\n")
    jobs.prompt()
    jobs.close()


# ---- what flows ----


def test_large_output_arrives_whole(box, scratch):
    data = os.urandom(1 << 20) * 10
    (scratch / "data").write_bytes(data)
    launcher = box.start(f"--tty new --bind {scratch}:/mnt", ["/bin/sh", "-c", "stty raw -echo; exec cat /mnt/data"])
    out, err = launcher.communicate(timeout=PATIENCE * 3)
    assert (launcher.returncode, err, len(out)) == (0, b"", len(data))
    assert hashlib.sha256(out).digest() == hashlib.sha256(data).digest()


def test_large_output_arrives_whole_on_a_terminal(box, scratch):
    data = os.urandom(1 << 20) * 2
    (scratch / "data").write_bytes(data)
    child = box.pty(f"--bind {scratch}:/mnt", ["/bin/sh", "-c", "stty raw -echo; exec cat /mnt/data"])
    got = b""
    with contextlib.suppress(OSError):  # EIO: the end
        while chunk := os.read(child.child_fd, 65536):
            got += chunk
    assert hashlib.sha256(got).digest() == hashlib.sha256(data).digest()
    child.wait()
    assert child.exitstatus == 0


def test_large_input_arrives_whole(box, scratch):
    data = b"".join(b"%07d" % i + b"x" * 100 + b"\n" for i in range(20000))
    (scratch / "data").write_bytes(data)
    with open(scratch / "data", "rb") as stdin:
        result = box.run("--tty new", ["/bin/sh", "-c", "stty -echo; echo go; sha256sum"], stdin=stdin)
    assert hashlib.sha256(data).hexdigest() in result.out, result


@pytest.mark.parametrize("text, options, out", [
    ("x\n", "-echo", "x\r\n"), ("x", "-echo", "x"), ("", "-echo", ""), ("x\n", "-echo eof ^A", "x\r\n"),
])
def test_end_of_stdin_is_the_end_of_file_inside(hosted, text, options, out):
    """Also in the middle of a line, and whatever character stands for it."""
    read, write = os.pipe()
    launcher = hosted.start("--tty new", ["/bin/sh", "-c", f"stty {options}; echo ready; cat; echo end"], stdin=read)
    os.close(read)
    assert launcher.line() == "ready\r"
    os.write(write, text.encode())
    os.close(write)
    result = launcher.finish()
    assert (result.status, result.out) == (0, out + "end\r\n")


def test_end_of_stdin_comes_once(hosted):
    """Read without a line discipline, it is one character and nothing behind it."""
    script = "stty raw -echo; echo ready; dd bs=1 count=3 2>/dev/null | od -An -tx1; stty min 0 time 1; od -An -tx1"
    read, write = os.pipe()
    launcher = hosted.start("--tty new", ["/bin/sh", "-c", script], stdin=read)
    os.close(read)
    assert launcher.line() == "ready"
    os.write(write, b"x\n")
    os.close(write)
    assert launcher.finish().out.split() == ["78", "0a", "04"]


def test_pipelines(box):
    """With no terminal around, all goes through the new one; with one, only what was one."""
    argv = box.command("--tty new", ["/bin/cat"])
    assert box.caller.run(["/bin/sh", "-c", 'echo x | "$@" | cat', "sh", *argv]).out == "x\r\nx\r\n"
    outer = Outer(box.caller, argv, 'echo x | "$@"')
    outer.child.expect_exact("x\r\n")
    assert outer.status() == 0
    outer.end()
    outer = Outer(box.caller, argv, '"$@" | sed s/^/pipe:/')
    until(outer.is_raw, "raw mode")
    outer.child.sendline("y")
    outer.child.sendeof()
    outer.child.expect("pipe:y\r?\n")  # sed writes to the terminal as it is
    assert outer.status() == 0
    outer.end()


@pytest.mark.parametrize("closed", [0, 1, 2])
def test_closed_descriptors(hosted, closed):
    result = hosted.run("--tty new", ["/bin/sh", "-c", "test -t 0 && test -t 1 && test -t 2"], setup=lambda: os.close(closed))
    assert (result.status, result.err) == (0, "")


def test_news_from_inside_are_not_taken_for_stdin(hosted):
    """Were 0 left closed, the launcher's own socket would get the number."""
    one_line(hosted.run("--tty new", ["/bin/nothing"], setup=lambda: os.close(0)), 127, "/bin/nothing")


def test_reader_that_goes_hangs_the_program_up(hosted):
    launcher = hosted.start("--tty new", ["yes"])
    assert launcher.line() == "y\r"
    launcher.stdout.close()
    launcher.wait(PATIENCE)
    assert launcher.returncode == 129


def test_hang_up_of_ours_hangs_up_the_program_s(box):
    child = box.pty("", ["/bin/probe", "sleep"])
    child.expect_exact("ready\r\n")
    [program] = children_of(children_of(child.pid)[0])
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, child.child_fd)
    os.close(null)
    until(lambda: not child.isalive(), "the end")
    assert child.exitstatus == 129
    assert state_of(program) is None


def switches(pid):
    return int(status_field(pid, "voluntary_ctxt_switches")) + int(status_field(pid, "nonvoluntary_ctxt_switches"))


def run_time(pid):
    """Nanoseconds on a CPU."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])


def blocked(pids):
    """True if nobody of pids has run for a while: the kernel's account of each stands still."""
    before = [run_time(pid) for pid in pids]
    time.sleep(0.05)
    return before == [run_time(pid) for pid in pids]


def test_slow_reader_costs_nothing(hosted):
    """
    A full side stops the other, and a read of ours, of 4096 bytes, wakes the launcher as often as the kernel passes a piece on: 13 times
    on Linux 5.10.
    """
    launcher = hosted.start("--tty new", ["yes"])
    program = until(lambda: [p for p in descendants_of(launcher.pid) if len(descendants_of(launcher.pid)) == 2], "the program")[-1]
    until(lambda: blocked([launcher.pid, program]), "the full pipe to stop everybody")
    before, reads = switches(launcher.pid), 200
    for _ in range(reads):
        os.read(launcher.stdout.fileno(), 4096)
    until(lambda: blocked([launcher.pid, program]), "the full pipe to stop everybody")
    assert switches(launcher.pid) - before < reads * 20
    launcher.send(signal.SIGTERM)
    launcher.finish()


def test_closed_terminal_costs_nothing_and_can_be_opened_again(box, scratch):
    """While the program has it open nowhere, a master without a slave would report a hang-up all the time."""
    os.mkfifo(scratch / "fifo", 0o666)
    os.chmod(scratch / "fifo", 0o666)
    script = "echo ready; exec <&- >&- 2>&-; read x </mnt/fifo; exec >/dev/tty; echo got=$x"
    child = box.pty(f"--bind {scratch}:/mnt", ["/bin/sh", "-c", script])
    child.expect_exact("ready\r\n")
    pids = until(lambda: len(descendants_of(child.pid)) == 2 and [child.pid, *descendants_of(child.pid)], "the program")
    until(lambda: blocked(pids), "rest")
    before = switches(child.pid)
    time.sleep(0.2)
    assert switches(child.pid) == before
    (scratch / "fifo").write_text("line\n")
    child.expect_exact("got=line\r\n")
    assert end_of(child) == 0


# ---- the reason for it ----

INJECT = """
import fcntl, sys, termios
for byte in b"evil":
    try:
        fcntl.ioctl(0, termios.TIOCSTI, bytes([byte]))
    except OSError as error:
        print("refused", error.errno)
        break
else:
    print("injected")
"""


def after_injection(box, options):
    """What the injector says, and what the shell outside then reads as its next line."""
    outer = Outer(box.caller, box.command(options, ["/usr/bin/python3", "-c", INJECT]))
    outer.child.expect(r"(refused|injected)")
    said = outer.child.match.group(1)
    assert outer.status() == 0
    outer.child.sendline("end")
    outer.child.expect(r"rest=(\w+)\r\n")
    return said, outer.child.match.group(1)


def test_injected_keys_stay_inside(hosted):
    if not may_inject(hosted.caller):
        pytest.skip("this kernel refuses TIOCSTI to an ordinary user (dev.tty.legacy_tiocsti), so nothing could be shown")
    assert after_injection(hosted, "--tty inherit --privileged --seccomp none") == ("injected", "evilend"), "the attack is real"
    assert after_injection(hosted, "--tty new --privileged --seccomp none") == ("injected", "end")


def may_inject(caller):
    setting = Path("/proc/sys/dev/tty/legacy_tiocsti")  # Linux 6.2
    return caller.uid == 0 or not setting.exists() or setting.read_text() == "1\n"


# ---- the option ----


@pytest.mark.parametrize("options, word", [
    ("--tty old", "--tty old"), ("--tty new --pause", "--pause"), ("--tty new --single-child", "--single-child"),
    ("--tty new -s", "--subreaper"),
])
def test_what_cannot_be(hosted, options, word):
    one_line(hosted.run(options, [] if "pause" in options else ["true"]), 125, word)


def test_dry_run_tells(box):
    assert "terminal: a new one, as descriptors 0 1 2\n" in box.run("--tty new --dry-run", ["true"]).out
    assert "terminal" not in box.run("--dry-run", ["true"]).out


STEP_CALLS = ["socketpair", "ioctl", "sendmsg", "recvmsg", "dup2", "open_tree", "move_mount", "mknodat", "fchown", "setsid", "fcntl"]


@pytest.mark.parametrize("call", STEP_CALLS)
def test_calls_that_fail(box, scratch, call):
    """Each of a call's in turn, in each process: the start fails in one line, or nothing is different, or the program is hung up."""
    if not shutil.which("strace"):
        pytest.skip("needs strace")
    log = scratch / "trace"
    argv = box.command("--tty new --user 0", ["/bin/tty"])
    outcomes = set()
    for nth in range(1, 40):
        strace = ["strace", "-f", "-qq", "-b", "execve", "-o", str(log), "-e", f"trace={call}"]
        result = box.caller.run([*strace, "-e", f"inject={call}:error=EACCES:when={nth}", *argv])
        if "(INJECTED)" not in log.read_text():
            break
        outcomes.add(result.status)
        if result.status == 125:
            one_line(result, 125)
        else:
            assert result.status in (0, 129) and (result.out, result.err) in (("/dev/pts/0\r\n", ""), ("", "")), (nth, result)
    assert nth > 1 and outcomes
