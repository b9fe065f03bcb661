# SPDX-License-Identifier: MIT
"""nsinit as a job of an interactive shell: ^Z, fg, bg, &, pipelines, scripts, nohup."""

import fcntl
import os
import re
import signal
import struct
import termios
from pathlib import Path

import pytest
from harness import caller_named, children_of, command_of, descendants_of, interrupt_prompt, lives, state_of, status_field, until
from peers import under_name

WAYS = ["run-root", "run-user", "subreaper-user", "single-user", "pid1-user"]
BEFORE = {"pid1": "unshare -Urpf "}
OPTIONS = {"run": "", "pid1": "", "subreaper": " -s", "single": " -s -c"}
PROMPT = "outer> "


class Shell:
    """An interactive bash on a terminal of its own; `nsinit` is what it types to call nsinit."""

    def __init__(self, nsinit, way, who):
        self.marks, self.heard = 0, ""
        self.binary, self.nsinit = nsinit, f"{BEFORE.get(way, '')}{nsinit}{OPTIONS[way]} --"
        self.child = caller_named(who).pty(["bash", "--norc", "--noprofile", "--noediting", "-i"], env={"PS1": PROMPT})
        self.prompt()

    def type(self, line):
        self.child.sendline(line)

    def key(self, letter):
        self.child.sendcontrol(letter)

    def sees(self, pattern):
        self.child.expect(pattern)
        return self.child.match

    def prompt(self):
        self.child.expect_exact(PROMPT)
        return self.child.before

    def answer(self, line):
        """What one command prints. A mark tells its end: of a job in the background the prompt may have come late."""
        self.marks += 1
        self.type(line)
        self.type(f"echo mar''k={self.marks}.")
        self.child.expect_exact(f"mark={self.marks}.\r\n")
        answer = self.child.before.replace("\r\n", "\n")
        self.heard += answer + self.prompt()
        return answer

    def status(self):
        return int(re.search(r"status=(\d+)", self.answer("echo status=$?")).group(1))

    def answer_until(self, command, words):
        """Of a job in the background bash tells before some prompt, the first or a later one."""
        self.heard = ""
        self.answer(command)

        def told():
            if words not in self.heard:
                self.answer("jobs")
            return words in self.heard

        until(told, f"the notice {words!r}")

    def program(self, words):
        """The probe (or other program) that nsinit runs, wherever it is below."""
        def found():
            return [p for p in descendants_of(self.child.pid) if re.fullmatch(words, command_of(p))]

        return until(found, f"the program {words!r}")[0]

    @property
    def init(self):
        """The outermost nsinit."""
        return self.program(rf"{self.binary} .*")

    def quit(self, words):
        """The program gets a QUIT: by the key, unless that ends unshare(1), which shares its group, as well."""
        if "unshare" in self.nsinit:
            os.kill(self.program(words), signal.SIGQUIT)
        else:
            self.key("\\")

    def foreground(self):
        return struct.unpack("i", fcntl.ioctl(self.child.child_fd, termios.TIOCGPGRP, b"\0" * 4))[0]

    def close(self):
        """The shell is still a working one, and ends in good order."""
        assert "alive" in self.answer("echo al''ive")
        assert self.foreground() == self.child.pid
        self.type("exit 0")
        self.child.expect("exit")
        self.child.wait()
        assert self.child.exitstatus == 0


@pytest.fixture(params=WAYS)
def shell(request, nsinit):
    way, who = request.param.split("-")
    return Shell(nsinit, way, who)


def stopped(pid):
    return state_of(pid) == "T"


def running(pid):
    return state_of(pid) in ("S", "R", "D")


SLEEP = r"\S+/probe sleep"


def start_sleep(shell, probe, before="", after=""):
    shell.type(f"{before}{shell.nsinit} {probe} sleep{after}")
    shell.sees("ready\r\n")
    return shell.program(SLEEP)


def stop_by_key(shell, pid):
    shell.key("z")
    shell.sees(r"\[1\]\+  Stopped")
    shell.prompt()
    until(lambda: stopped(pid), "the stop of the program")
    assert shell.foreground() == shell.child.pid


def stop_and_continue(shell, program):
    """By a signal, and by fg, of which the program hears."""
    os.kill(program, signal.SIGSTOP)
    shell.sees("Stopped")
    shell.prompt()
    shell.type("fg")
    shell.sees("18\r\n")


def finish_by_key(shell, pid, status=130):
    shell.key("c")
    shell.prompt()
    assert shell.status() == status
    assert state_of(pid) is None
    shell.close()


# ---- in the foreground ----


def test_status_and_terminal_come_back(shell, probe):
    shell.type(f"{shell.nsinit} {probe} exit 3")
    shell.prompt()
    assert shell.status() == 3
    assert "got=line" in shell.answer("read x; echo got=$x\nline")
    shell.close()


def test_interrupt_ends_the_program_and_not_the_shell(shell, probe):
    finish_by_key(shell, start_sleep(shell, probe))


def test_interrupt_is_heard_once(shell, probe):
    """The same key must not arrive by the terminal and by forwarding."""
    shell.type(f"{shell.nsinit} {probe} signals --until QUIT")
    shell.sees("ready\r\n")
    shell.key("c")
    shell.sees("2\r\n")
    shell.quit(r"\S+/probe signals .*")
    assert shell.prompt() == "3\r\n"
    shell.close()


# ---- what a shell sees of the program's end ----


@pytest.fixture
def shell_above(shell):
    if "unshare" in shell.nsinit:
        pytest.skip("PID 1 cannot end by a signal, so unshare(1) does not either")
    return shell


def test_interrupt_ends_a_loop_of_the_shell(shell_above, probe):
    shell_above.type(f"for i in 1 2; do {shell_above.nsinit} {probe} sleep; done")
    shell_above.sees("ready\r\n")
    shell_above.key("c")
    assert shell_above.child.expect_exact(["ready\r\n", PROMPT]) == 1
    assert shell_above.status() == 130
    shell_above.close()


@pytest.mark.parametrize("interpreter", ["sh", "bash"])
def test_interrupt_ends_the_script(shell_above, probe, interpreter):
    """bash wants to see the program end by it, others look only at what they get themselves."""
    shell_above.type(f"{interpreter} -c '{shell_above.nsinit} {probe} sleep; echo after'")
    shell_above.sees("ready\r\n")
    shell_above.key("c")
    assert "after" not in shell_above.prompt()
    shell_above.close()


def test_interrupt_that_was_sent_to_us_does_not_end_the_script(shell, probe):
    shell.type(f"sh -c '{shell.nsinit} {probe} sleep; echo after=$?'")
    shell.sees("ready\r\n")
    os.kill(shell.init, signal.SIGINT)
    shell.sees("after=130\r\n")
    shell.prompt()
    shell.close()


def test_shell_sets_the_terminal_right_after_a_crash(shell_above):
    before = termios.tcgetattr(shell_above.child.child_fd)
    shell_above.type(f"{shell_above.nsinit} sh -c 'stty raw; kill -SEGV $$'")
    shell_above.sees("Segmentation fault\r\n")
    shell_above.prompt()
    assert termios.tcgetattr(shell_above.child.child_fd) == before
    assert shell_above.status() == 139
    shell_above.close()


# ---- ^Z, fg, bg ----


def test_stop_key_stops_the_job_and_fg_continues_it(shell, probe):
    program = start_sleep(shell, probe)
    for _ in range(3):
        stop_by_key(shell, program)
        shell.type("fg")
        until(lambda: running(program), "the program's going on")
        until(lambda: shell.foreground() != shell.child.pid, "the terminal's being given")
        shell.sees("nsinit")
    finish_by_key(shell, program)


@pytest.mark.parametrize("name, options", [("tini", "-s"), ("catatonit", ""), ("docker-init", "-s")])
def test_stop_key_under_another_name(nsinit, directory, name, options):
    """With tini and catatonit themselves the shell waits for a program that nobody can continue."""
    shell = Shell(nsinit, "run", "user")
    shell.nsinit = f"{under_name(nsinit, name, directory)} {options} --"
    test_terminal_works_after_fg(shell)


def test_every_process_of_the_program_stops_and_goes_on(shell, probe):
    shell.type(f"{shell.nsinit} sh -c '{probe} sleep & exec {probe} sleep'")
    shell.sees("ready\r\nready\r\n")
    both = [p for p in descendants_of(shell.child.pid) if re.fullmatch(SLEEP, command_of(p))]
    assert len(both) == 2
    stop_by_key(shell, both[0])
    until(lambda: stopped(both[1]), "the stop of the other one")
    shell.type("fg")
    shell.sees("nsinit")
    until(lambda: all(running(p) for p in both), "the going on of both")
    until(lambda: shell.foreground() != shell.child.pid, "the terminal's being given")
    os.kill(both[1], signal.SIGKILL)  # a shell has its background ignore ^C
    finish_by_key(shell, both[0])


def test_terminal_works_after_fg(shell):
    shell.type(f"{shell.nsinit} cat")
    shell.type("before")
    shell.sees("before\r\n")
    stop_by_key(shell, shell.program("cat"))
    shell.type("fg")
    shell.sees("cat\r\n")
    shell.type("after")
    shell.sees("after\r\n")
    shell.child.sendeof()
    shell.prompt()
    assert shell.status() == 0
    shell.close()


def test_bg_continues_without_the_terminal(shell, probe):
    program = start_sleep(shell, probe)
    stop_by_key(shell, program)
    shell.answer("bg")
    until(lambda: running(program), "the program's going on")
    assert shell.foreground() == shell.child.pid
    assert "jobs=1" in shell.answer("echo jobs=$(jobs -r | wc -l)")
    shell.answer_until("kill %1", "Exit 143")
    assert state_of(program) is None
    shell.close()


def test_stopped_job_ends_by_kill(shell, probe):
    """
    bash sends TERM and CONT to a stopped job. What it then tells is not asked: bash 5.2 now and then forgets to
    wait for a job that does more than die by the TERM, with an init in it or without.
    """
    program = start_sleep(shell, probe)
    ours = descendants_of(shell.child.pid)
    assert program in ours
    stop_by_key(shell, program)
    shell.answer("kill %1")
    until(lambda: all(not lives(p) for p in ours), "the end of nsinit and its program")


# A parent that hands its terminal out and, unlike a shell, never takes it.
PARENT = """
import os, signal, sys
job = os.fork()
if job == 0:
    os.setpgid(0, 0)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.argv[1], sys.argv[1:])
for _ in range(2):
    status = os.waitpid(job, os.WUNTRACED)[1]
    print("stopped" if os.WIFSTOPPED(status) else "ended", os.tcgetpgrp(0) == job, flush=True)
    os.killpg(job, signal.SIGCONT) if os.WIFSTOPPED(status) else None
"""


@pytest.mark.parametrize("way", WAYS[:3])
def test_foreground_is_taken_back_at_a_stop_and_at_the_end(nsinit, probe, way):
    way, who = way.split("-")
    words = f"{nsinit}{OPTIONS.get(way, '')} -- {probe} stop TSTP".split()
    child = caller_named(who).pty(["/usr/bin/python3", "-c", PARENT, *words])
    for line in ("ready", "stopped True", "continued", "ended True"):
        child.expect_exact(f"{line}\r\n")
    child.wait()


def test_program_that_stops_itself_stops_the_job(shell, probe):
    shell.type(f"{shell.nsinit} {probe} stop TSTP")
    shell.sees("ready\r\n")
    shell.sees(r"\[1\]\+  Stopped")
    shell.prompt()
    shell.type("fg")
    shell.sees("continued\r\n")
    shell.prompt()
    assert shell.status() == 0
    shell.close()


def test_program_that_is_stopped_by_sigstop_stops_the_job(shell, probe):
    program = start_sleep(shell, probe)
    os.kill(program, signal.SIGSTOP)
    shell.sees(r"\[1\]\+  Stopped")
    shell.prompt()
    shell.type("fg")
    until(lambda: running(program), "the program's going on")
    shell.sees("nsinit")
    until(lambda: shell.foreground() != shell.child.pid, "the terminal's being given")
    finish_by_key(shell, program)


def test_program_that_ignores_the_key_is_not_stopped(shell, probe):
    if "unshare" in shell.nsinit:
        pytest.skip("unshare(1) shares the program's group, and is stopped as it would be without us")
    shell.type(f"{shell.nsinit} {probe} signals --until QUIT")
    shell.sees("ready\r\n")
    shell.key("z")
    shell.sees("20\r\n")
    shell.key("\\")
    assert shell.prompt() == "3\r\n"
    shell.close()


@pytest.mark.parametrize("option", ["-r CONT:USR1", "--on CONT={hook}"])
def test_continue_that_continues_nothing_is_a_signal_like_any_other(shell, probe, scratch, option):
    """It is rewritten, or starts its program; that of fg, after a stop, continues the job."""
    hook = scratch / "hook"
    hook.write_text("#!/bin/sh\nkill -USR1 $1\n")
    hook.chmod(0o755)
    shell.type(shell.nsinit.replace(" --", f" {option.format(hook=hook)} --") + f" {probe} signals --until QUIT")
    shell.sees("ready\r\n")
    program = shell.program(r"\S+probe signals .*")
    os.kill(shell.init, signal.SIGCONT)
    shell.sees("10\r\n")
    stop_and_continue(shell, program)
    shell.quit(r"\S+/probe signals .*")
    shell.sees("3\r\n")
    shell.prompt()
    shell.close()


def test_continue_that_continues_nothing_restarts_the_program(shell, probe):
    shell.type(shell.nsinit.replace(" --", " --restart CONT --") + f" {probe} signals")
    shell.sees("ready\r\n")
    os.kill(shell.init, signal.SIGCONT)
    shell.sees("15\r\n")
    shell.sees("ready\r\n")
    stop_and_continue(shell, shell.program(r"\S+probe signals"))
    os.kill(shell.init, signal.SIGTERM)
    shell.sees("15\r\n")
    shell.prompt()
    shell.close()


def test_restart_in_the_background_does_not_take_the_terminal(shell, probe):
    shell.type(shell.nsinit.replace(" --", " --restart USR1 --") + f" {probe} signals")
    shell.sees("ready\r\n")
    init, program = shell.init, shell.program(r"\S+probe signals")
    os.kill(program, signal.SIGSTOP)
    shell.sees("Stopped")
    shell.prompt()
    shell.type("bg")
    shell.sees("18\r\n")
    os.kill(init, signal.SIGUSR1)
    shell.sees("15\r\n")
    shell.sees("ready\r\n")
    assert shell.program(r"\S+probe signals") != program
    assert shell.foreground() == shell.child.pid
    os.kill(init, signal.SIGTERM)
    shell.sees("15\r\n")
    until(lambda: not lives(init), "the end")
    shell.close()


def test_pid_1_does_not_wait_for_a_launcher_that_hears_nothing(caller, nsinit, probe):
    """It tells it of each stop, over a pipe that is full in the end."""
    child = caller.pty([nsinit, "--", probe, "signals"])
    child.expect_exact("ready")
    (pid1,) = children_of(child.pid)
    (program,) = children_of(pid1)
    (pipe,) = [path for path in Path(f"/proc/{child.pid}/fd").iterdir() if os.readlink(path).startswith("pipe:")]
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 4096)
    os.kill(child.pid, signal.SIGSTOP)
    until(lambda: stopped(child.pid), "the launcher's stop")
    for _ in range(300):
        os.kill(program, signal.SIGSTOP)
        until(lambda: stopped(program), "the program's stop")
        until(lambda: int(status_field(pid1, "ShdPnd"), 16) == 0, "PID 1's taking every signal")
        os.kill(program, signal.SIGCONT)
        until(lambda: running(program), "the program's going on")
    os.close(reader)
    os.kill(pid1, signal.SIGUSR1)
    child.expect_exact("10\r\n")
    os.kill(child.pid, signal.SIGCONT)
    child.kill(signal.SIGTERM)
    child.expect_exact("15\r\n")


# ---- & ----


def test_background_start_does_not_take_the_terminal(shell, probe):
    program = start_sleep(shell, probe, after=" &")
    assert shell.foreground() == shell.child.pid
    assert "typed=here" in shell.answer("read x; echo typed=$x\nhere")
    assert interrupt_prompt(shell.child, PROMPT) == 130
    assert running(program), "a key at the prompt is the shell's"
    shell.answer_until("kill %1", "Exit 143")
    shell.close()


def test_background_job_comes_to_the_foreground(shell, probe):
    """bash only moves the terminal and sends no signal; the keys are nsinit's to pass on then."""
    program = start_sleep(shell, probe, after=" &")
    shell.type("fg")
    until(lambda: shell.foreground() != shell.child.pid, "the terminal's being given")
    shell.sees("nsinit")
    finish_by_key(shell, program)


def test_background_program_that_reads_the_terminal_stops_until_fg(shell):
    shell.type(f"{shell.nsinit} cat &")
    program = shell.program("cat")
    until(lambda: stopped(program), "the stop of the reader")
    shell.answer_until("jobs", "Stopped")
    shell.type("fg")
    shell.sees("cat\r\n")
    shell.type("text")
    shell.sees("text\r\n")
    shell.child.sendeof()
    shell.prompt()
    assert shell.status() == 0
    shell.close()


# ---- pipelines and scripts ----


def test_pipeline_passes_data_and_status(shell):
    assert shell.answer(f"echo a | {shell.nsinit} tr a b | tr b c").startswith("c\n")
    assert "status=4 0" in shell.answer(f"{shell.nsinit} sh -c 'exit 4' | cat; echo status=${{PIPESTATUS[*]}}")
    shell.close()


def test_pipeline_is_interrupted_and_stopped_as_a_whole(shell, probe):
    program = start_sleep(shell, probe, after=" | cat")
    stop_by_key(shell, program)
    other = shell.program("cat")
    until(lambda: stopped(other), "the stop of the other command")
    shell.type("fg")
    until(lambda: running(program) and running(other), "the pipeline's going on")
    shell.sees("nsinit")
    shell.key("c")
    shell.prompt()
    assert state_of(program) is None and state_of(other) is None
    shell.close()


def test_interrupt_in_a_pipeline_reaches_every_process_of_the_program(shell, probe, scratch):
    """In a pipeline the terminal tells nsinit's group; nsinit then has to tell all that the terminal would have told."""
    script = f"trap : INT; {probe} on INT {scratch}/member 0 & wait; wait; exit 6"
    shell.type(f"{shell.nsinit} sh -c '{script}' | cat")
    shell.sees("ready\r\n")
    shell.key("c")
    shell.prompt()
    assert (scratch / "member").read_text() == "2\n"
    shell.close()


def test_rest_of_a_pipeline_may_read_the_terminal(shell, probe):
    """`nsinit -- ls | less`: the other command keeps the terminal."""
    shell.type(f"{shell.nsinit} {probe} exit 0 | sh -c 'cat; read x </dev/tty; echo read=$x'")
    shell.type("line")
    shell.sees("read=line\r\n")
    shell.prompt()
    shell.close()


def test_rest_of_a_pipeline_may_read_the_terminal_while_the_program_runs(shell, probe):
    """As less does, from its first line on."""
    shell.type(f"{shell.nsinit} {probe} sleep | sh -c 'read x; echo first=$x; read y </dev/tty; echo read=$y'")
    shell.sees("first=ready\r\n")
    shell.type("line")
    shell.sees("read=line\r\n")
    shell.key("c")
    shell.prompt()
    shell.close()


def test_program_in_a_pipeline_may_read_the_terminal(shell):
    """And `nsinit -- less | cat`: our program gets it when it asks, and ^Z still stops the whole job."""
    shell.type(f"{shell.nsinit} sh -c 'read x </dev/tty; echo read=$x; read y </dev/tty; echo then=$y' | cat")
    shell.type("one")
    shell.sees("read=one\r\n")
    program, other = shell.program("sh -c read x .*"), shell.program("cat")
    shell.key("z")
    shell.sees(r"\[1\]\+  Stopped")
    shell.prompt()
    until(lambda: stopped(program) and stopped(other), "the stop of all of the job")
    shell.type("fg")
    shell.sees("cat\r\n")
    shell.type("two")
    shell.sees("then=two\r\n")
    shell.prompt()
    shell.close()


def test_script_has_the_terminal_back_after_us(shell, probe):
    shell.type(f"sh -c '{shell.nsinit} {probe} exit 5; echo status=$?; read x; echo read=$x'")
    shell.sees("status=5\r\n")
    shell.type("line")
    shell.sees("read=line\r\n")
    shell.prompt()
    shell.close()


def test_script_stops_with_us_as_a_whole(shell, probe):
    """The script shares nsinit's process group: the shell above sees a stopped job only when all of it stops."""
    shell.type(f"sh -c '{shell.nsinit} {probe} sleep; echo after=$?'")
    shell.sees("ready\r\n")
    program = shell.program(SLEEP)
    stop_by_key(shell, program)
    shell.type("fg")
    until(lambda: running(program), "the program's going on")
    until(lambda: shell.foreground() != shell.child.pid, "the terminal's being given")
    os.kill(program, signal.SIGTERM)
    shell.sees("after=143\r\n")
    shell.prompt()
    shell.close()


def test_rest_of_a_pipeline_has_the_terminal_after_a_stop_too(shell, probe):
    shell.type(f"{shell.nsinit} {probe} sleep | sh -c 'read x; read x </dev/tty; echo read=$x; read x </dev/tty; echo then=$x'")
    shell.type("one")
    shell.sees("read=one\r\n")
    stop_by_key(shell, shell.program(SLEEP))
    shell.type("fg")
    shell.sees("nsinit")
    shell.type("two")
    shell.sees("then=two\r\n")
    shell.key("c")
    shell.prompt()
    shell.close()


def test_command_that_is_substituted_may_read_the_terminal(shell):
    """bash ignores there what a program asks for the terminal by."""
    shell.type(f"x=$({shell.nsinit} sh -c 'read y </dev/tty; echo got=$y'); echo out=$x")
    shell.type("line")
    shell.sees("out=got=line\r\n")
    shell.prompt()
    shell.close()


def test_background_of_a_script_leaves_it_the_terminal(shell, probe):
    shell.type(f"sh -c '{shell.nsinit} {probe} sleep & read x; echo read=$x; wait $!; echo status=$?; read x; echo then=$x'")
    shell.sees("ready\r\n")
    shell.type("one")
    shell.sees("read=one\r\n")
    os.kill(shell.program(SLEEP), signal.SIGTERM)
    shell.sees("status=143\r\n")
    shell.type("two")
    shell.sees("then=two\r\n")
    shell.prompt()
    shell.close()


def test_reader_in_the_background_that_nobody_can_continue_ends(shell, scratch):
    """No shell above knows of it. The kernel would tell it by EIO, but for us above it; to be woken up again and again is no answer."""
    os.mkfifo(scratch / "go")
    os.chmod(scratch / "go", 0o666)
    shell.answer(f"sh -c '{shell.nsinit} sh -c \"read x; exec cat </dev/tty\" <{scratch}/go & echo $! >{scratch}/pid'")
    init = int((scratch / "pid").read_text())
    shell.answer(f"echo >{scratch}/go")
    until(lambda: not lives(init), "the end of nsinit")
    shell.close()


# ---- nohup and hang-up ----


def hang_up(shell):
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, shell.child.child_fd)
    os.close(null)


def test_nohup_survives_the_hang_up(shell, probe, scratch):
    program = start_background(shell, probe, scratch, "nohup ")
    (init,) = [p for p in descendants_of(shell.child.pid) if program in children_of(p)]
    hang_up(shell)
    shell.child.wait()
    assert running(program) and state_of(init) not in (None, "Z")
    os.kill(program, signal.SIGTERM)
    until(lambda: not lives(init), "nsinit's end")


def test_hang_up_ends_a_background_job(shell, probe, scratch):
    """The counter-check: without nohup the shell passes its HUP on to its jobs, nsinit to its program."""
    program = start_background(shell, probe, scratch, "")
    hang_up(shell)
    shell.child.wait()
    until(lambda: not lives(program), "the program's end")


def test_hang_up_ends_a_stopped_job(shell, probe):
    program = start_sleep(shell, probe)
    stop_by_key(shell, program)
    hang_up(shell)
    shell.child.wait()
    until(lambda: not lives(program), "the program's end")


def start_background(shell, probe, scratch, before):
    shell.answer(f"{before}{shell.nsinit} {probe} sleep </dev/null >{scratch}/out 2>&1 &")
    program = shell.program(SLEEP)
    until(lambda: "ready" in (scratch / "out").read_text(), "the program's readiness")
    return program
