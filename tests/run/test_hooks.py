# SPDX-License-Identifier: MIT
"""--on SIG=PROGRAM: on SIG, PROGRAM PID SIG runs instead of the signal's being forwarded."""

import json
import os
import re
import signal
import subprocess

import pytest
from harness import children_of, command_of, descendants_of, lives, state_of, stat_fields, until
from peers import block_and_ignore, orphan_of, program_of, ready, waits_as

NOTE = 'echo "$1 $2" >>{file}'


@pytest.fixture
def hook(scratch):
    """hook(script[, name]) writes an executable script; {file} in it is the file that `noted` reads."""
    def make(script=NOTE, name="hook"):
        path = scratch / name
        path.write_text("#!/bin/sh\n" + script.replace("{file}", str(scratch / "notes")) + "\n")
        path.chmod(0o755)
        return path
    return make


@pytest.fixture
def noted(scratch):
    """Waits for this many lines, and returns them."""
    def read(count=1):
        notes = scratch / "notes"
        until(lambda: notes.exists() and notes.read_text().count("\n") >= count, f"{count} lines from the program of --on")
        return notes.read_text().splitlines()
    return read


def say_goodbye(process):
    """Nothing else may come before the TERM, and the notes of --on are no orphans of anybody's."""
    process.send(signal.SIGTERM)
    lines = process.lines_until("15")
    result = process.finish()
    assert result.status == 0
    return lines[:-1], result.err


@pytest.mark.parametrize("name, number", [
    ("HUP", 1), ("SIGHUP", 1), ("hup", 1), ("1", 1), ("USR1", 10), ("INT", 2), ("QUIT", 3), ("TSTP", 20), ("CONT", 18), ("WINCH", 28),
    ("SEGV", 11),
])
def test_program_runs_instead_of_forwarding(init, probe, hook, noted, name, number):
    process = ready(init.start(f"--on {name}={hook()}", [probe, "signals"]))
    process.send(number)
    assert len(noted()) == 1
    assert say_goodbye(process) == ([], "")


def test_its_arguments_are_the_programs_pid_and_the_signal(init, probe, hook, noted):
    process = ready(init.start(f"--on 1={hook()}", [probe, "signals"]))
    program = 2 if init.pid1 else program_of(process)
    process.send(signal.SIGHUP)
    assert noted() == [f"{program} HUP"]
    say_goodbye(process)


@pytest.mark.parametrize("name, number", [("RTMIN+3", 37), ("SIGRTMAX", 64), ("40", 40), ("IO", 29), ("POLL", 29)])
def test_signal_that_it_is_told_can_be_sent(init, probe, hook, noted, name, number):
    """However it is written: `kill` of every shell knows it."""
    process = ready(init.start(f"--on {name}={hook(NOTE + '; kill -$2 $1')}", [probe, "signals"]))
    process.send(number)
    assert process.line() == str(number)
    noted()
    say_goodbye(process)


def test_it_may_send_another_one(init, probe, hook):
    """A rewrite with work before it."""
    process = ready(init.start(f"--on TERM={hook('kill -QUIT $1')}", [probe, "signals", "--until", "QUIT"]))
    process.send(signal.SIGTERM)
    assert process.line() == "3"
    assert process.finish().status == 0


def test_every_signal_is_one_run(init, probe, hook, noted):
    process = ready(init.start(f"--on HUP={hook()}", [probe, "signals"]))
    for count in range(1, 6):
        process.send(signal.SIGHUP)
        assert len(noted(count)) == count
    assert say_goodbye(process) == ([], "")


def test_several(init, probe, hook, noted):
    """Up to eight; and one program may serve two signals."""
    one, two = hook(name="one"), hook("echo two $2 >>{file}", "two")
    names = ["HUP", "USR1", "USR2", "ALRM", "WINCH", "URG", "IO", "PWR"]
    options = " ".join(f"--on {name}={two if name == 'URG' else one}" for name in names)
    process = ready(init.start(options, [probe, "signals"]))
    for count, name in enumerate(names, 1):
        process.send(signal.Signals[f"SIG{name}"])
        noted(count)
    assert [line.split() for line in noted(8)] == [["two", "URG"] if name == "URG" else [line.split()[0], name]
                                                   for name, line in zip(names, noted(8))]
    assert say_goodbye(process) == ([], "")


def test_from_the_environment(init, probe, hook, noted):
    process = ready(init.start("", [probe, "signals"], env={"NSINIT_ON": f"HUP={hook()}"}))
    process.send(signal.SIGHUP)
    assert len(noted()) == 1
    say_goodbye(process)


@pytest.mark.parametrize("first_is", ["environment", "command line"])
def test_of_two_for_one_signal_the_later_counts(init, probe, hook, noted, first_is):
    """As everywhere: the command line comes after the environment, and of two options the second counts."""
    first, second = hook("echo first >>{file}", "first"), hook("echo second >>{file}", "second")
    environment = {"NSINIT_ON": f"HUP={first}"} if first_is == "environment" else {}
    options = f"--on HUP={second}" if first_is == "environment" else f"--on HUP={first} --on HUP={second}"
    process = ready(init.start(options, [probe, "signals"], env=environment))
    process.send(signal.SIGHUP)
    assert noted() == ["second"]
    say_goodbye(process)


def test_it_comes_before_rewriting_and_delay(init, probe, hook, noted):
    process = ready(init.start(f"--on TERM={hook()} -r TERM:USR1 --delay 1h", [probe, "signals", "--until", "USR2"]))
    process.send(signal.SIGTERM)
    assert len(noted()) == 1
    process.send(signal.SIGUSR2)
    assert process.lines_until("12") == ["12"]
    assert process.finish().status == 0


# ---- what it finds ----


def test_it_finds_what_the_program_finds(init, probe, scratch):
    """Environment, directory, user, descriptors, and the mask: nothing is blocked only because it is nsinit's."""
    script = scratch / "hook"
    script.write_text(f"#!{probe} report\n")  # a shell would clear the mask
    script.chmod(0o755)
    (scratch / "secret").write_text("s")
    options = f"--on HUP={script} --env A=b --cwd /usr --secret B={scratch}/secret"
    process = ready(init.start(options, [probe, "signals"], setup=block_and_ignore))
    process.send(signal.SIGHUP)
    hooked = json.loads(process.line())
    say_goodbye(process)
    program = init.run(options, [probe], setup=block_and_ignore).report
    assert hooked["blocked"] and hooked["ignored"]
    for fact in ("uid", "gid", "groups", "cap_eff", "cwd", "blocked", "ignored", "no_new_privs", "umask", "env"):
        assert hooked[fact] == program[fact], fact
    assert sorted(hooked["fds"]) == ["0", "1", "2"]


def test_it_runs_as_the_programs_user(pid1, probe, hook, noted):
    process = ready(pid1.start(f"--user 1000:1000 --on HUP={hook('id -u >>{file}')}", [probe, "signals"]))
    process.send(signal.SIGHUP)
    assert noted() == ["1000"]
    say_goodbye(process)


def test_it_has_a_process_group_of_its_own(init, probe, hook, noted):
    """So that a signal for the program's group, here USR1, is not for it."""
    process = ready(init.start(f"-g --on HUP={hook('echo $$ >>{file}; exec ' + probe + ' sleep >/dev/null')}", [probe, "signals"]))
    program = program_of(process)
    process.send(signal.SIGHUP)
    noted()
    (hooked,) = until(lambda: [p for p in children_of(process.pid) if command_of(p) == f"{probe} sleep"], "the hook")
    group = stat_fields(hooked)[2]
    assert group == str(hooked) != stat_fields(program)[2]
    process.send(signal.SIGUSR1)
    assert process.line() == "10"
    assert lives(hooked)
    os.kill(hooked, signal.SIGKILL)
    until(lambda: state_of(hooked) is None, "the reaping of the hook")
    say_goodbye(process)


def test_it_does_not_take_the_programs_socket(init, probe, scratch):
    """LISTEN_PID names the program; with its own pid there, the hook would take itself for the listener."""
    script = scratch / "hook"
    script.write_text(f'#!/bin/sh\ntest "$LISTEN_PID" = $$ && echo listener >{scratch}/notes || echo no listener >{scratch}/notes\n')
    script.chmod(0o755)
    start = ["sh", "-c", 'LISTEN_PID=$$ exec "$@"', "x"]
    command = init.command(f"--on HUP={script}", [probe, "signals"])
    process = ready(init.caller.start([*start, *command], env={"LISTEN_FDS": "1"}, pid1=init.pid1))
    process.send(signal.SIGHUP)
    until(lambda: (scratch / "notes").exists() and (scratch / "notes").read_text(), "the note")
    say_goodbye(process)
    assert (scratch / "notes").read_text() == "no listener\n"


# ---- its life and its end ----


def test_slow_one_holds_nothing_up(init, probe, hook, noted):
    """It never ends by itself; signals are forwarded and children reaped meanwhile, and it may run twice at once."""
    process = ready(init.start(f"--on HUP={hook('echo x >>{file}; exec ' + probe + ' stubborn >/dev/null')}",
                               ["sh", "-c", f"{probe} orphans 20 >&2; exec {probe} signals"]))
    for count in (1, 2):
        process.send(signal.SIGHUP)
        noted(count)
    process.send(signal.SIGUSR1)
    assert process.line() == "10"
    hooks = until(lambda: [p for p in children_of(process.pid) if command_of(p).endswith("stubborn")], "the hooks")
    for pid in hooks:
        os.kill(pid, signal.SIGKILL)
    until(lambda: not set(hooks) & set(children_of(process.pid)), "the reaping of the hooks")
    say_goodbye(process)


@pytest.mark.parametrize("script", ["exit 3", "kill -KILL $$", "kill -STOP $$"])
def test_its_end_is_not_the_programs(init, probe, hook, script):
    process = ready(init.start(f"--on HUP={hook(script)}", [probe, "signals"]))
    program = program_of(process)
    process.send(signal.SIGHUP)
    if "STOP" in script:
        (stopped,) = until(lambda: [p for p in children_of(process.pid) if p != program and state_of(p) == "T"], "the stop of the hook")
        os.kill(stopped, signal.SIGKILL)
    process.send(signal.SIGUSR1)
    assert process.line() == "10"
    until(lambda: children_of(process.pid) == [program], "the reaping of the hook")
    assert say_goodbye(process) == ([], "")


def test_one_that_outlives_the_program_is_not_waited_for(subreaper, probe, hook, noted):
    script = hook(f"echo x >>{{file}}; exec {probe} leave 0 sleep >/dev/null 2>&1")
    process = ready(subreaper.start(f"--on HUP={script}", [probe, "signals"]))
    process.send(signal.SIGHUP)
    noted()
    left, _ = orphan_of()
    say_goodbye(process)
    assert lives(left)
    os.kill(left, signal.SIGKILL)


def test_one_that_outlives_the_program_is_drained(init, probe, hook, scratch):
    process = ready(init.start(f"--drain 1h --on HUP={hook('exec ' + probe + f' on TERM {scratch}/seen 0')}", [probe, "signals"]))
    process.send(signal.SIGHUP)
    ready(process)
    say_goodbye(process)
    assert (scratch / "seen").read_text() == "15\n"


@pytest.mark.parametrize("make", ["missing", "no x", "directory"])
def test_one_that_cannot_run_is_said_and_the_program_goes_on(init, probe, scratch, make):
    path = scratch / "hook"
    if make == "no x":
        path.write_text("#!/bin/sh\n")
        path.chmod(0o644)
    elif make == "directory":
        path.mkdir()
    process = ready(init.start(f"--on HUP={path}", [probe, "signals"]))
    process.send(signal.SIGHUP)
    process.send(40)
    assert process.line() == "40"
    lines, err = say_goodbye(process)
    assert lines == [] and re.fullmatch(rf"nsinit: --on (HUP|SIGHUP|1)={path}: [^\n]+\n", err), err


def test_signal_during_the_start_is_for_the_hook_too(init, probe, hook, noted):
    """It is pending before nsinit is there, and the hook is told of a program that is."""
    def leave_pending():
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
        subprocess.run(["sh", "-c", f"kill -USR1 {os.getpid()}"], check=True)

    process = ready(init.start(f"--on USR1={hook('kill -0 $1 && echo $2 >>{file}')}", [probe, "signals"], setup=leave_pending))
    assert noted() == ["USR1"]
    say_goodbye(process)


def test_script_without_interpreter_line(init, probe, scratch):
    script = scratch / "hook"
    script.write_text(f"echo $2 >{scratch}/notes\n")
    script.chmod(0o755)
    process = ready(init.start(f"--on HUP={script}", [probe, "signals"]))
    process.send(signal.SIGHUP)
    until(lambda: (scratch / "notes").exists() and (scratch / "notes").read_text() == "HUP\n", "the note")
    say_goodbye(process)


def test_memory_does_not_grow_by_hooks(subreaper, probe, hook, noted):
    process = ready(subreaper.start(f"--on HUP={hook()}", [probe, "signals"]))

    def kilobytes():
        waits_as(process, "nsinit")
        with open(f"/proc/{process.pid}/smaps_rollup") as rollup:
            return int(re.search(r"^Anonymous:\s+(\d+) kB$", rollup.read(), re.M).group(1))

    process.send(signal.SIGHUP)
    noted(1)
    before = kilobytes()
    for count in range(2, 40):
        process.send(signal.SIGHUP)
        noted(count)
    assert kilobytes() <= before
    say_goodbye(process)
    assert not [p for p in descendants_of(os.getpid()) if "hook" in command_of(p)]


# ---- in a container ----


def test_in_a_container_too(caller, nsinit, probe, hook, noted):
    process = ready(caller.start([nsinit, "--on", f"HUP={hook()}", "--", probe, "signals"]))
    process.send(signal.SIGHUP)
    assert noted() == ["2 HUP"]
    say_goodbye(process)


def test_program_is_looked_for_in_the_rootfs(caller, nsinit, rootfs, scratch):
    """A path of the container's, not of the host's."""
    script = scratch / "hook"
    script.write_text("#!/bin/sh\necho $1 $2 >/mnt/notes.new; mv /mnt/notes.new /mnt/notes\n")
    script.chmod(0o755)
    options = ["--rootfs", rootfs, "--bind", f"{scratch}:/mnt", "--on", "HUP=/mnt/hook"]
    process = ready(caller.start([nsinit, *options, "--", "/bin/probe", "signals"]))
    process.send(signal.SIGHUP)
    until(lambda: (scratch / "notes").exists(), "the note")
    assert (scratch / "notes").read_text() == "2 HUP\n"
    say_goodbye(process)
