# SPDX-License-Identifier: MIT
"""
PID 1 replaces itself while services run, print, restart and are asked about: nothing of that may be noticed.
"""

import os
import re
import shutil
import subprocess

import pytest
from harness import until
from services import note, wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a /run of its own")


def test_processes_and_what_is_known_of_them_stay(world):
    world.service("one", "ExecStart=/bin/sleep 1000\nExecReload=" + note("reload $MAINPID"), "Description=The one")
    world.service("told", "Type=notify\nNotifyAccess=all\nExecStart=/bin/sh -c '@/say STATUS=fine READY=1; exec sleep 1000'")
    world.service("gone", "Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true")
    world.service("bad", "ExecStart=/bin/sh -c 'exit 3'")
    say(world)
    show = "nsctl show one told gone bad | grep -v ^CanReload; "
    result = world.run(wait_for("nsctl -q is-failed bad") + show + "nsctl reexec; echo $?; " + show
                       + "nsctl reload one; nsctl -q is-active told; echo $?; nsctl stop told; nsctl is-active told; true", "-v")
    before, after = result.out.split("\n0\n")[0], result.out.split("\n0\n")[1]
    assert before == after and "StatusText=fine" in before and "SubState=failed" in before, result
    assert result.out.endswith("\n0\ninactive\n") and re.fullmatch(r"reload \d+", world.lines()[0]), result
    assert result.status == 0 and "outlived" not in result.err


def say(world):
    """sd_notify(3) with its words, which waits until they are read: who has gone is nobody."""
    path = world.directory / "say"
    path.write_text("#!/usr/bin/python3\nimport os, socket, sys\ns = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
                    "s.connect(os.environ['NOTIFY_SOCKET'])\ns.send('\\n'.join(sys.argv[1:]).encode())\n"
                    "r, w = os.pipe()\nsocket.send_fds(s, [b'BARRIER=1'], [w])\nos.close(w)\nos.read(r, 1)\n")
    path.chmod(0o755)


def test_under_load_twenty_times(world):
    """
    Services print numbered lines, end and are restarted, say that they live, and clients ask, while PID 1 goes through twenty lives.
    No line is lost or comes twice, no process changes but those that end by themselves, no watchdog bites, and nobody gets no answer.
    """
    (world.directory / "printer").write_text(
        "#!/bin/sh\ntrap 'echo $i >last-$1; exit' TERM\ni=0\n"
        "while :; do i=$((i + 1)); echo line $i; [ $((i % 50)) != 0 ] || sleep 0.01; done\n")
    (world.directory / "printer").chmod(0o755)
    for name in ("print-a", "print-b"):
        world.service(name, f"WorkingDirectory=@/\nExecStart=@/printer {name}")
    world.service("dies", "Restart=always\nRestartSec=0\nExecStart=/bin/sh -c 'echo start; sleep 0.02; exit 1'", "StartLimitIntervalSec=0")
    world.service("dog", "Type=notify\nNotifyAccess=all\nWatchdogSec=1min\n"
                  "ExecStart=/bin/sh -c '@/say READY=1; while :; do @/say WATCHDOG=1; sleep 0.1; done'")
    world.service("stays", "ExecStart=/bin/sleep 1000")
    say(world)
    pids = "for u in print-a print-b dog stays; do nsctl show -p MainPID,NRestarts $u; done >"
    script = (
        f"{pids}before; echo $$ >own; "
        "(while [ ! -e stop ]; do nsctl list >/dev/null || echo unanswered >>wrong; "
        "nsctl -q is-active stays || echo inactive >>wrong; done) & asking=$!; "
        "(while [ ! -e stop ]; do nsctl restart dies || echo no restart >>wrong; done) & restarting=$!; "
        "n=0; while [ $n -lt 20 ]; do nsctl reexec || echo no life $n >>wrong; n=$((n + 1)); done; touch stop; "
        "wait $asking $restarting; "
        f"{pids}after; nsctl show -p NRestarts --value dies >restarts; nsctl stop dies; nsctl stop print-a; nsctl stop print-b; "
        "echo the end")
    result = world.run(script)
    assert result.status == 0 and result.out.splitlines()[-1] == "the end", result
    assert world.lines("wrong") == [] and "stays as it is" not in result.err, result.err
    assert world.lines("before") == world.lines("after")
    assert "WATCHDOG" not in result.err
    for name in ("print-a", "print-b"):
        numbers = [int(n) for n in re.findall(rf"^{name}: line (\d+)$", result.out, re.M)]
        assert len(numbers) > 100 and numbers == list(range(1, len(numbers) + 1)), name
        assert int(world.lines(f"last-{name}")[0]) - len(numbers) in (0, 1), name
    assert "dies: start\n" in result.out


def test_a_watchdog_bites_in_the_next_life(world):
    world.service("dog", "Type=notify\nNotifyAccess=all\nWatchdogSec=1s\nRestart=on-watchdog\nRestartSec=0\n"
                  "ExecStart=/bin/sh -c 'echo start >>@/notes; @/say READY=1; until [ -e @/quiet ]; do @/say WATCHDOG=1; done; "
                  "exec sleep 1000'")
    say(world)
    result = world.run("nsctl reexec && touch quiet && " + wait_for("[ $(wc -l <notes) -ge 2 ]") + "true")
    assert result.status == 0, result


def test_what_waits_for_a_reader_waits_on(world):
    """Nobody takes our output: it stands in its pipe, in our memory and in that of the service, and is read in the next life but one."""
    world.service("many", "ExecStart=/bin/sh -c 'i=0; while [ $$i -lt 20000 ]; do i=$$((i + 1)); echo line $$i; done; exec sleep 1000'")
    written = "grep ^wchar /proc/$(nsctl show -p MainPID --value many)/io"
    process = world.start(program=(
        f"old=; until [ \"$old\" = \"$({written})\" ]; do old=$({written}); sleep 0.1; done; "
        "nsctl reexec && nsctl reexec && echo done >>notes; "
        "until [ -e read ]; do sleep 0.01; done"))
    until(lambda: world.lines() == ["done"], "two lives")
    assert [process.line() for _ in range(20000)] == [f"many: line {i + 1}" for i in range(20000)]
    (world.directory / "read").touch()
    assert process.finish().status == 0


@pytest.mark.parametrize("name,content,why", [
    ("rubbish", bytes(range(256)) * 16, "no program"), ("script", b"#!/bin/sh\necho never >>notes\nexit 87\n", "no program"),
    ("empty", b"", "no program"),
    ("stranger", None, "does not take over"), ("none", None, "No such file"), (".", None, "no file that can be executed"),
], ids=["rubbish", "script", "empty", "stranger", "none", "directory"])
def test_what_is_no_nsinit_leaves_pid_1_as_it_is(world, name, content, why):
    world.service("one", "ExecStart=/bin/sleep 1000")
    if content is not None:
        (world.directory / name).write_bytes(content)
        (world.directory / name).chmod(0o755)
    if name == "stranger":
        shutil.copyfile("/bin/true", world.directory / name)
        (world.directory / name).chmod(0o755)
    result = world.run(f"nsctl show -p MainPID one; nsctl reexec $PWD/{name}; echo $?; nsctl show -p MainPID one; nsctl reexec; echo $?")
    lines = result.out.splitlines()
    assert lines[1] == "1" and lines[0] == lines[2] and lines[3] == "0", result
    assert why in result.err and world.lines() == []


def test_a_file_that_does_not_answer_holds_nobody_up(world):
    """It is waited for, up to a limit; meanwhile everything goes on. When it ends, that is said."""
    world.service("one", "ExecStart=/bin/sleep 1000")
    subprocess.run(["gcc", "-x", "c", "-o", world.directory / "deaf", "-"], check=True, text=True,
                   input="int pause(void); int main(void) { for (;;) pause(); }")
    process = world.start(program="nsctl reexec $PWD/deaf & "
                          + wait_for('for p in /proc/[0-9]*; do [ "$(readlink $p/exe)" != $PWD/deaf ] || echo ${p#/proc/}; done >pid; '
                                     "[ -s pid ]")
                          + "nsctl is-active one; nsctl reexec; echo $?; "
                          "kill -9 $(cat pid); wait $!; echo $?; nsctl reexec; echo $?")
    result = process.finish()
    assert result.out.splitlines()[-4:] == ["active", "1", "1", "0"], result
    assert "under way already" in result.err


def test_another_binary_takes_over(world):
    """An upgrade: the file is replaced by another one, and what runs is the new file."""
    new = world.directory / "new"
    shutil.copyfile(world.nsinit, new)
    new.chmod(0o755)
    world.service("one", "ExecStart=/bin/sh -c 'while :; do echo tick; sleep 0.01; done'")
    result = world.run("nsctl reexec $PWD/new; echo $?; readlink /proc/1/exe; cp new newer; mv newer new; nsctl reexec; echo $?; "
                       "readlink /proc/1/exe; "
                       "cat /proc/1/comm; nsctl is-active one; kill -TERM $$")
    lines = [line for line in result.out.splitlines() if not line.startswith("one: ")]
    assert lines == ["0", str(new), "0", str(new), "nsinit", "active"], result
    assert result.status == 143


def test_files_are_read_again(world):
    """daemon-reload: what runs goes on, by the new words; a file that is gone or broken does not end its service."""
    world.service("one", f"ExecStart=/bin/sleep 1000\nExecStop={note('old')}")
    world.service("two", f"ExecStart=/bin/sleep 1000\nExecStop={note('two')}")
    world.service("three", f"ExecStart=/bin/sleep 1000\nExecStop={note('three')}")
    units = world.directory / "units"
    script = ("nsctl show -p MainPID one two three >before; "
              f"sed -i 's/old/new/; s/^.Unit.$/&\\nDescription=The new one/' {units}/one.service; rm {units}/two.service; "
              f"echo rubbish >{units}/three.service; "
              f"cp {units}/one.service {units}/four.service; "
              "systemctl daemon-reload; echo $?; nsctl show -p MainPID one two three >after; cmp before after; "
              "nsctl show -p Description one; "
              "nsctl start four; nsctl is-active four; for s in one two three; do nsctl stop $s; nsctl is-active $s; done")
    result = world.run(script)
    assert result.out.splitlines() == ["0", "Description=The new one", "active"] + ["inactive"] * 3, result
    assert world.lines()[0] == "new" and "two" not in world.lines() and "three" not in world.lines()
    assert "two.service: its file is gone" in result.err


def test_a_command_that_runs_ends_in_the_next_life(world):
    """Jobs go on: a start that is under way, the rest of a list of commands, and who waits for it."""
    world.service("slow", "Type=oneshot\nRemainAfterExit=yes\nExecStartPre=/bin/sh -c 'echo pre >>@/notes'\n"
                  "ExecStart=/bin/sh -c 'echo one >>@/notes; until [ -e @/go ]; do sleep 0.01; "
                  "done'\nExecStart=/bin/sh -c 'echo two >>@/notes'")
    world.service("after", f"Type=oneshot\nExecStart={note('after')}", "After=slow.service")
    world.unit("x/start.service", "[Service]\nExecStart=/bin/sleep 1000\n")
    script = ("nsctl start slow & waits=$!; " + wait_for("grep -q one notes") + "nsctl --no-block start after; nsctl reexec; echo $?; "
              "cat notes; touch go; wait $waits; echo $?; nsctl is-active slow; " + wait_for("grep -q after notes"))
    for name in ("slow", "after"):
        os.rename(world.directory / "units" / f"{name}.service", world.directory / "units" / "x" / f"{name}.service")
    os.rename(world.directory / "units" / "x", world.directory / "more")
    place = "mkdir -p /run/systemd; ln -s $PWD/more /run/systemd/system; "
    result = world.start("--services", f"{world.directory}/units", program=place + script).finish()
    assert result.out.splitlines() == ["0", "pre", "one", "0", "active"], result
    assert world.lines() == ["pre", "one", "two", "after"]


def test_who_is_restarted_later_is_restarted_later(world):
    """Times are of a clock that goes on, and counters count on."""
    world.service("later", "Restart=always\nRestartSec=700ms\nExecStart=/bin/sh -c 'echo start >>@/notes; exit 1'",
                  "StartLimitIntervalSec=0")
    result = world.run(wait_for("nsctl show -p SubState later | grep -q auto-restart") + "nsctl reexec; "
                                                                                         "nsctl show -p SubState,NRestarts later; "
                       + wait_for("[ $(wc -l <notes) = 2 ]") + "nsctl show -p NRestarts --value later")
    lines = result.out.splitlines()
    assert lines[0] == "SubState=auto-restart" and int(lines[2]) > int(lines[1].split("=")[1]), result


def test_who_ended_in_between_is_reaped(world):
    """A process that ends while PID 1 is stopped just before its exec is a zombie for the next life."""
    world.service("short", "ExecStart=/bin/sh -c 'sleep 0.05'\nRestart=always\nRestartSec=0", "StartLimitIntervalSec=0")
    result = world.run("n=0; while [ $n -lt 30 ]; do (sleep 0.0$((n % 10)) & ) ; nsctl reexec || exit 9; n=$((n + 1)); done; "
                       + wait_for("! grep -q '^State:.Z' /proc/[0-9]*/status"))
    assert result.status == 0, result


def test_signals_for_the_program_arrive(world):
    """A real-time signal each, with its number, while PID 1 goes through several lives."""
    world.service("one", "ExecStart=/bin/sleep 1000")
    (world.directory / "count.py").write_text(
        "import os, signal, subprocess\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, range(35, 60))\n"
        "open('ready', 'w').close()\n"
        "lives = subprocess.Popen('n=0; while [ $n -lt 10 ]; do nsctl reexec || nsctl reexec; n=$((n+1)); done; "
        "touch done', shell=True)\n"
        "got = []\n"
        "while True:\n"
        "    info = signal.sigwaitinfo(range(35, 60))\n"
        "    if info.si_signo == 59: break\n"
        "    got.append(info.si_signo)\n"
        "lives.wait()\n"
        "print(len(got))\n")
    process = world.start(program="exec python3 count.py")
    until(lambda: (world.directory / "ready").exists(), "the program")
    sent = 0
    while not (world.directory / "done").exists() and sent < 20000:
        for number in range(35, 59):
            os.kill(process.pid, number)
            sent += 1
    until(lambda: (world.directory / "done").exists(), "ten lives")
    os.kill(process.pid, 59)
    result = process.finish()
    assert result.status == 0 and int(result.out) <= sent and int(result.out) >= 24, (sent, result)


def test_only_root(world):
    world.service("one", "ExecStart=/bin/sleep 1000")
    other = "setpriv --reuid 1000 --regid 1000 --clear-groups ./nsctl"
    result = world.run(f"{other} reexec; echo $?; {other} daemon-reload; echo $?")
    assert result.out == "1\n1\n" and result.err.count("only root may do that") == 2


def test_in_a_container_that_we_made(root, nsinit, scratch):
    """PID 1 may do more than its programs: it goes on as the same file and as no other, whatever lies at that file's path inside."""
    busybox = shutil.which("busybox")
    if not busybox:
        pytest.skip("needs a static busybox for a root of its own")
    for directory in ("bin", "proc", "sys", "dev", "run", "tmp", "etc/nsinit", f"{nsinit}".rpartition("/")[0].lstrip("/")):
        (scratch / directory).mkdir(parents=True, exist_ok=True)
    for source, name in ((busybox, "bin/sh"), (nsinit, "bin/nsctl"), ("/bin/true", f"{nsinit}".lstrip("/"))):
        shutil.copyfile(source, scratch / name)
        (scratch / name).chmod(0o755)
    (scratch / "etc/nsinit/one.service").write_text("[Service]\nExecStart=/bin/sh -c 'while :; do sleep 1000; done'\n")
    script = ("nsctl show -p MainPID one; nsctl reexec /bin/nsctl; echo $?; nsctl reexec; echo $?; nsctl daemon-reload; echo $?; "
              "nsctl show -p MainPID one; exit 5")
    result = root.run([nsinit, "--rootfs", scratch, "--services", "one", "--", "/bin/sh", "-c", script])
    lines = result.out.splitlines()
    assert result.status == 5 and lines[0] == lines[4] and lines[1:4] == ["1", "0", "0"], result
    assert "only runs the file that it was started with" in result.err


def test_a_variable_of_somebody_else_is_no_state(root, nsinit):
    for value in ("check", "0", "3", "-1", "x", ""):
        result = root.run([nsinit, "--", "/bin/sh", "-c", "echo ${NSINIT_STATE-none}"], pid1=True, env={"NSINIT_STATE": value})
        assert result.status == 0 and result.out == "none\n", (value, result)


def test_sockets_listen_on(world):
    """Who connects while PID 1 changes is served, by the service that runs, by one that is started for it, and by an instance."""
    answer = "/bin/sh -c 'read x; echo $$x from $$$$'"
    for name in ("cold", "warm"):
        world.unit(f"{name}.socket", f"[Socket]\nListenStream=@/{name}\n")
        world.service(name, "ExecStart=/usr/bin/python3 @/serve.py")
    world.unit("each.socket", "[Socket]\nListenStream=@/each\nAccept=yes\n")
    world.unit("each@.service", f"[Service]\nStandardInput=socket\nExecStart={answer}\n")
    (world.directory / "serve.py").write_text(
        "import os, socket\ns = socket.socket(fileno=3)\nwhile True:\n    c, _ = s.accept()\n"
        "    c.send(c.recv(99).strip() + b' from %d\\n' % os.getpid())\n")
    (world.directory / "ask").write_text(
        "#!/usr/bin/python3\nimport socket, subprocess, sys\ns = socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\n"
        "if sys.argv[2:]: subprocess.run(sys.argv[2:], check=True)\n"
        "s.send(b'hello\\n')\nprint(sys.argv[1], s.recv(99).decode(), end='')\n")
    (world.directory / "ask").chmod(0o755)
    result = world.start("--services", ",".join([f"{world.directory}/units"]), program=(
        "nsctl stop cold.service warm.service; ./ask warm; nsctl is-active cold.service each.socket; "
        "nsctl reexec; ./ask warm; ./ask cold; ./ask each; ./ask each nsctl reexec; ./ask warm nsctl reexec; "
        "nsctl list | grep -c each@")).finish()
    lines = result.out.splitlines()
    warm = [line for line in lines if line.startswith("warm")]
    assert len(warm) == 3 and len(set(warm)) == 1, result
    assert re.search(r"^inactive\nactive$", result.out, re.M), result
    assert len([x for x in lines if re.match(r"(cold|each) hello from \d+", x)]) == 3, result
    assert lines[-1] == "1", result


def test_a_term_of_before_ends_the_wait_of_after(world):
    """--wait: who was told to end before the exec is not waited for behind it."""
    world.service("one", "ExecStart=/bin/sleep 1000")
    script = "sleep 1000 & trap 'nsctl reexec; exit 3' TERM; kill -TERM 1; while :; do sleep 0.01; done"
    result = world.run(script, "--wait")
    assert result.status == 3, result
