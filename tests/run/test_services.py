# SPDX-License-Identifier: MIT
"""
Services: unit files as they are, started, watched, restarted and stopped by PID 1.

Each test has a /run of its own, so that sockets do not meet. What services do they write to files of `world.directory`; the
program behind -- is a shell that sees the same.
"""

import os
import re
import shutil
import signal

import pytest
from harness import children_of, command_of, descendants_of, until
from services import note, wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a /run of its own")


# ---- start and stop ----


def test_program_starts_when_services_are_up_and_its_status_is_ours(world):
    world.service("one", f"Type=oneshot\nExecStart={note('one')}")
    result = world.run("echo program >>notes; exit 7")
    assert result.status == 7, result
    assert world.lines() == ["one", "program"]


def test_order_of_start_and_stop(world):
    for name, unit in (("a", "After=b.service"), ("b", "After=x.target"), ("c", "Before=x.target")):
        world.service(name, f"Type=oneshot\nRemainAfterExit=yes\nExecStart={note('+' + name)}\nExecStop={note('-' + name)}", unit)
    assert world.run("true").status == 0
    assert world.lines() == ["+c", "+b", "+a", "-a", "-b", "-c"]


def test_circle_is_named_and_everything_starts(world):
    for name, after in (("a", "b"), ("b", "a")):
        world.service(name, f"Type=oneshot\nExecStart={note(name)}", f"After={after}.service")
    result = world.run("true")
    assert result.status == 0 and "a.service" in result.err and "circle" in result.err, result
    assert sorted(world.lines()) == ["a", "b"]


def test_all_commands_of_a_life_in_their_order(world):
    kinds = ["Condition", "StartPre", "Start", "StartPost", "Stop", "StopPost"]
    world.service("all", "Type=oneshot\nRemainAfterExit=yes\n" + "\n".join(f"Exec{kind}={note(kind)}" for kind in kinds))
    assert world.run("true").status == 0
    assert world.lines() == kinds


def test_failed_start_ends_in_stop_post_and_dependents_do_not_start(world):
    world.service("bad", f"Type=oneshot\nExecStart=/bin/false\nExecStopPost={note('post $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS')}")
    world.service("needs", f"Type=oneshot\nExecStart={note('needs')}", "Requires=bad.service\nAfter=bad.service")
    world.service("wants", f"Type=oneshot\nExecStart={note('wants')}", "Wants=bad.service\nAfter=bad.service")
    result = world.run("true")
    assert result.status == 0
    assert sorted(world.lines()) == ["post exit-code exited 1", "wants"]
    assert "needs.service: not started: it needs bad.service" in result.err


@pytest.mark.parametrize("type", ["oneshot", "forking", "notify"])
def test_what_ends_in_its_start_is_said(world, type):
    world.service("bad", f"Type={type}\nExecStart=/bin/sh -c 'exit 7'")
    assert re.search("bad.service: .* ended with exit code 7\n", world.run("true").err)


def test_missing_requirement(world):
    world.service("needs", f"Type=oneshot\nExecStart={note('needs')}", "Requires=nothing.service")
    result = world.run("true")
    assert world.lines() == [] and "it needs nothing.service, which is not there" in result.err


def test_conditions(world):
    rows = {
        "yes": "ConditionPathExists=/bin/sh", "no": "ConditionPathExists=!/bin/sh",
        "one-of": "ConditionPathExists=|/none\nConditionPathExists=|/bin/sh",
        "none-of": "ConditionPathExists=|/none\nConditionPathExists=|/none2",
        "glob": "ConditionPathExistsGlob=/bin/s?", "no-glob": "ConditionPathExistsGlob=/bin/no*such",
        "assert": "AssertPathIsDirectory=/bin/sh", "container": "ConditionVirtualization=container", "cpus": "ConditionCPUs=>=1",
    }
    for name, unit in rows.items():
        world.service(name, f"Type=oneshot\nExecStart={note(name)}", unit)
    result = world.run("true")
    assert sorted(world.lines()) == ["container", "cpus", "glob", "one-of", "yes"]
    assert "assert.service: failed" in result.err and "none-of.service: failed" not in result.err


def test_no_process_and_no_socket_is_left(world):
    world.service("stays", "ExecStart=/bin/sleep 1000")
    world.service("deaf", "ExecStart=/bin/sh -c 'trap \"\" TERM; echo here >>@/notes; while :; do sleep 0.01; done'\nTimeoutStopSec=100ms")
    world.service("daemon", "Type=forking\nExecStart=/bin/sh -c 'setsid sleep 1000 & setsid sleep 1001 & exit 0'")
    process = world.start("-v", program=wait_for("grep -q here notes") + "true")
    result = process.finish()
    assert result.status == 0
    assert "deaf.service: outlived its TimeoutStopSec of 100 ms: KILL" in result.err


@pytest.mark.parametrize("mode,left", [("control-group", ""), ("mixed", ""), ("process", "child")])
def test_kill_mode(world, mode, left):
    """The main process ends at TERM, its child would stay for ever."""
    world.service("tree", f"KillMode={mode}\nExecStart=/bin/sh -c 'setsid sleep 1234 & echo $$! >@/pid; exec sleep 1000'")
    program = wait_for("[ -s pid ]") + "nsctl stop tree; kill -0 $(cat pid) 2>/dev/null && echo child >>notes; true"
    assert world.run(program).status == 0
    assert world.lines() == ([left] if left else [])


def test_stopping_hurries_at_a_second_signal(world):
    world.service("deaf", "ExecStart=/bin/sh -c 'trap \"\" TERM; echo here >>@/notes; while :; do sleep 0.01; done'\nTimeoutStopSec=1h")
    process = world.start("-v")
    until(lambda: world.lines() == ["here"], "the service")
    init = children_of(process.pid)[0] if not command_of(process.pid).startswith(world.nsinit) else process.pid
    process.send(signal.SIGTERM)
    while "signal TERM: the end" not in (line := process.stderr.readline().decode()):  # else a second one is the same
        assert line
    until(lambda: "sleep" in " ".join(map(command_of, descendants_of(init))), "life goes on")
    process.send(signal.SIGTERM)
    assert process.finish().status == 0


# ---- types ----


def say(*lines):
    """A program in one line that speaks to its supervisor and stays."""
    code = "; ".join(lines)
    return ("/usr/bin/python3 -c \"import os, socket, time; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); "
            f"s.connect(os.environ['NOTIFY_SOCKET']); {code}; time.sleep(1000)\"")


def test_notify_is_waited_for(world):
    world.service("note", "Type=notify\nExecStart=" + say(
        "time.sleep(0.2)", "open('@/notes', 'a').write('ready\\\\n')", "s.send(b'STATUS=fine\\\\nREADY=1')"))
    world.service("after", f"Type=oneshot\nExecStart={note('after')}", "After=note.service")
    result = world.run("nsctl status note")
    assert world.lines() == ["ready", "after"]
    assert "Status: fine" in result.out and "Active: active (running) since " in result.out, result


def test_who_never_is_ready_fails_in_time(world):
    world.service("note", "Type=notify\nTimeoutStartSec=100ms\nExecStart=/bin/sleep 1000")
    result = world.run("nsctl is-active note")
    assert result.status == 3 and result.out == "failed\n" and "not ready within 100 ms" in result.err, result


def test_strangers_are_not_heard(world):
    """Nobody but the main process may speak for a service: neither its child nor somebody else."""
    speak = say("s.send(b'READY=1')", "os._exit(0)")
    (world.directory / "speak").write_text("#!/bin/sh\n" + speak + "\necho said >>" + str(world.directory / "notes") + "\n")
    (world.directory / "speak").chmod(0o755)
    world.service("child", "Type=notify\nTimeoutStartSec=500ms\nExecStart=/bin/sh -c '@/speak; exec sleep 1000'")
    world.service("victim", "Type=notify\nTimeoutStartSec=500ms\nExecStart=/bin/sleep 1000")
    result = world.run("nsctl is-active child; nsctl is-active victim")
    assert world.lines() == ["said"] and result.out == "failed\nfailed\n", result


def test_watchdog(world):
    world.service("dog", "Type=notify\nWatchdogSec=200ms\nRestart=on-watchdog\nRestartSec=0\nExecStart="
                  + say("open('@/notes', 'a').write('start\\\\n')", "s.send(b'READY=1')"))
    assert world.run(wait_for("[ $(wc -l <notes) -ge 2 ]")).status == 0


def test_forking_with_pid_file(world):
    world.service("fork", "Type=forking\nPIDFile=@/pid\nExecStart=/bin/sh -c '(setsid sleep 1000 & echo $$! >@/pid) & exit 0'")
    result = world.run("nsctl status fork; cat pid")
    pid = result.out.splitlines()[-1]
    assert re.search(rf"Main PID: {pid} \(\w+\)$", result.out, re.M), result
    assert not (world.directory / "pid").exists()


def test_forking_without_a_main_process(world):
    """It runs while any of its processes does."""
    world.service("fork", "Type=forking\nGuessMainPID=no\nExecStart=/bin/sh -c 'setsid sleep 1000 & echo $! >@/pid; exit 0'")
    result = world.run("nsctl is-active fork; kill $(cat pid); " + wait_for("[ $(nsctl is-active fork) = inactive ]"))
    assert (result.status, result.out) == (0, "active\n"), result


def test_daemon_that_has_cleared_its_environment_is_known(world):
    """And has left its session and its parent, as postfix does."""
    (world.directory / "daemon").write_text(f"setsid sh -c 'echo $$ >{world.directory}/pid; exec sleep 1000' &\n")
    world.service("fork", "Type=forking\nGuessMainPID=no\nExecStart=/usr/bin/env -i /bin/sh @/daemon\n"
                  f"ExecStartPost=/bin/sh -c '{wait_for('[ -s @/pid ]').replace('$', '$$')}'")
    result = world.run("nsctl is-active fork; nsctl stop fork; kill -0 $(cat pid) 2>&- && echo left; nsctl is-active fork")
    assert result.out == "active\ninactive\n", result


def test_script_of_the_time_before_unit_files(world):
    """As systemd takes them: what forks away stays, and each verb is a command."""
    (world.directory / "script").write_text(f"#!/bin/sh\necho $1 >>{world.directory}/notes\n[ $1 != start ] || setsid sleep 1000 &\n")
    result = world.run("mount -t tmpfs none /etc; mkdir /etc/init.d; cp script /etc/init.d/old; cp script /etc/init.d/plain; "
                       "chmod +x /etc/init.d/old; nsctl start old; nsctl is-active old; nsctl reload old; nsctl stop old; "
                       "nsctl start plain")
    assert world.lines() == ["start", "reload", "stop"] and result.out == "active\n", result
    assert "plain.service: no such file" in result.err


def test_pid_file_of_a_stranger_names_nobody(world):
    """An unprivileged service that writes the pid of somebody else must not have him killed."""
    (world.directory / "pids").mkdir()
    (world.directory / "pids").chmod(0o777)
    world.service("victim", "ExecStart=/bin/sh -c 'echo $$$$ >@/service; exec sleep 1000'")
    world.unit("liar@.service", "[Service]\nUser=daemon\nType=forking\nPIDFile=@/pids/%i\nTimeoutStartSec=300ms\n"
               "ExecStart=/bin/sh -c '(cat @/%i >@/pids/%i; exec sleep 1000) & exit 0'\n")
    result = world.run("echo $$ >program; " + wait_for("[ -s service ]") + "nsctl start liar@program; nsctl start liar@service; "
                       "kill -0 $(cat service) && echo survived")
    assert result.out == "survived\n", result
    assert result.err.count("no PID in") == 2, result


def test_remain_after_exit(world):
    world.service("gone", "Type=oneshot\nExecStart=/bin/true")
    world.service("stays", "Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true")
    result = world.run("nsctl is-active gone; nsctl is-active stays")
    assert result.out == "inactive\nactive\n"


# ---- restart ----


def test_killed_service_comes_back(world):
    world.service("back", "Restart=always\nRestartSec=0\nExecStart=/bin/sh -c 'echo $$$$ >>@/notes; exec sleep 1000'")
    assert world.run(wait_for("[ -s notes ]") + "kill -9 $(head -1 notes); " + wait_for("[ $(wc -l <notes) -ge 2 ]")).status == 0
    assert len(set(world.lines())) >= 2


def test_start_limit(world):
    world.service("hopeless", f"Restart=always\nRestartSec=0\nExecStart={note('try')}", "StartLimitBurst=3\nStartLimitIntervalSec=1h")
    result = world.run(wait_for("nsctl is-active hopeless | grep -q failed"))
    assert result.status == 0
    assert world.lines() == ["try"] * 3 and "hopeless.service: failed: start-limit-hit" in result.err


def test_on_failure(world):
    world.service("bad", "ExecStart=/bin/false", "OnFailure=help@%n.service")
    world.unit("help@.service", f"[Service]\nType=oneshot\nExecStart={note('help %i')}\n")
    assert world.run(wait_for("[ -s notes ]")).status == 0
    assert world.lines() == ["help bad.service"]


# ---- the end ----


@pytest.mark.parametrize("command,status", [("exit 5", 5), ("exit 0", 0), ("kill -9 $$$$", 137)])
def test_essential_service_ends_everything_with_its_status(world, command, status):
    world.service("main", f"ExecStart=/bin/sh -c '{command}'")
    world.service("other", "ExecStart=/bin/sleep 1000")
    assert world.start("--essential", "main").finish().status == status


@pytest.mark.parametrize("settings", ["ExecStart=/bin/true\nRestart=always\nRestartSec=0", "ExecStart=/none"])
def test_essential_service_that_gives_up_is_no_success(world, settings):
    world.service("main", settings)
    assert world.start("--essential", "main").finish().status not in (0, *range(128, 193))


def test_services_of_an_ordinary_user_who_is_no_pid_1(user, nsinit, world):
    """As in a container with a random user, and beside others: what cannot be had is said, the rest works, and the environment is kept."""
    world.service("main", "ExecStart=/bin/sh -c 'echo $KEPT of $(id -u); exit 3'")
    options = ["-s", "--services", world.directory / "units", "--essential", "main"]
    result = user.run([nsinit, *options], env={"KEPT": "kept"})
    assert result.status == 3 and f"main: kept of {user.uid}" in result.out.splitlines(), result


def test_exit_actions_of_the_file(world):
    world.service("main", "ExecStart=/bin/sh -c 'exit 5'", "FailureAction=exit\nFailureActionExitStatus=9")
    assert world.start().finish().status == 9


def test_signal_during_the_start(world):
    world.service("slow", "Type=oneshot\nExecStart=/bin/sh -c 'echo here >>@/notes; exec sleep 1000'")
    process = world.start(program="echo never >>notes")
    until(lambda: world.lines() == ["here"], "the service")
    process.send(signal.SIGTERM)
    assert process.finish().status == 143
    assert world.lines() == ["here"]


@pytest.mark.parametrize("way", [[], ["-s"]])
def test_program_that_cannot_be_started_ends_its_services(world, way):
    """In order, and where nobody ends them with PID 1 too."""
    world.service("a", f"ExecStart=/bin/sleep 1000\nExecStop={note('stopped')}")
    result = world.root.run([world.nsinit, *way, "--services", world.directory / "units", "--", "/no/such"])
    assert result.status == 127 and result.err.count("/no/such") == 1
    assert world.lines() == ["stopped"]


# ---- what a service starts with ----


def test_surroundings(world):
    commands = [
        "id -u", 'echo "$$A|$$B|$$C|$RUNTIME_DIRECTORY"', "pwd", "umask", "ulimit -Sn", "ulimit -Hn", "stat -c %%a:%%U /run/mine",
        'grep -E "^(NoNewPrivs|SigBlk|SigIgn):" /proc/self/status', "ls /proc/self/fd | wc -l", "ps -o sid= -p $$$$ | wc -w",
    ]
    settings = [
        "Type=oneshot", "User=daemon", 'Environment=A=1 "B=two words"', "EnvironmentFile=-/none", "EnvironmentFile=@/vars",
        "WorkingDirectory=/tmp", "UMask=0077", "LimitNOFILE=100:200", "RuntimeDirectory=mine", "RuntimeDirectoryMode=0700",
        "NoNewPrivileges=yes", "StandardOutput=append:@/notes", "ExecStart=/bin/sh -c '" + "; ".join(commands).replace('"', '\\"') + "'",
    ]
    world.service("env", "\n".join(settings))
    (world.directory / "vars").write_text("A=from file\nC='c c'\n")
    (world.directory / "notes").touch()
    assert world.run("ls -d /run/mine 2>/dev/null").out == ""
    assert world.lines() == [
        "1", "from file|two words|c c|/run/mine", "/tmp", "0077", "100", "200", "700:daemon",
        "SigBlk:\t0000000000000000", "SigIgn:\t0000000000001000", "NoNewPrivs:\t1", "4", "1",
    ]


@pytest.mark.parametrize("preserve, kept", [("no", []), ("restart", ["again"]), ("yes", ["again", "after"])])
def test_how_long_a_runtime_directory_is_kept(world, preserve, kept):
    """The first run leaves a file in it and kills itself, the second one stays."""
    script = "[ -e @/mark ] && { [ -e file ] && echo again; touch @/second; exec sleep 1000; }; touch file @/mark; kill -9 $$$$"
    world.service("one", "RuntimeDirectory=one\nWorkingDirectory=/run/one\nRestart=always\nRestartSec=0\nStandardOutput=file:@/notes\n"
                  f"RuntimeDirectoryPreserve={preserve}\nExecStart=/bin/sh -c '{script}'")
    world.run(wait_for("[ -e second ]") + "nsctl stop one; [ -e /run/one ] && echo after >>notes")
    assert world.lines() == kept


def test_directory_for_locks(world):
    world.service("one", "Type=oneshot\nUser=daemon\nStandardOutput=file:@/notes\nExecStart=/bin/stat -c %%a:%%U /run/lock")
    world.run("true")
    assert world.lines() == ["1777:root"]


def test_the_environment_of_a_service_stays_out_of_the_programs(world):
    world.service("one", "Environment=SERVICE=leak\nExecStart=/bin/sleep 1000")
    world.service("two", "Type=oneshot\nEnvironment=SERVICE=leak\nExecStart=/bin/true", "After=one.service")
    result = world.run('echo "$A|$SERVICE|$INVOCATION_ID|$NOTIFY_SOCKET"', "--env", "A=1")
    assert result.out == "1|||\n", result


def test_descriptors_of_the_caller_stay_out(world):
    world.service("fds", "Type=oneshot\nStandardOutput=file:@/notes\nExecStart=/bin/ls /proc/self/fd")
    with open("/dev/null") as passed:
        assert world.start(program="true", pass_fds=[passed.fileno()]).finish().status == 0
    assert world.lines() == ["0", "1", "2", "3"]


def test_dynamic_users_differ(world):
    for name in "ab":
        world.service(name, f"Type=oneshot\nDynamicUser=yes\nStateDirectory=nsinit-test-{name}\nStandardOutput=file:@/{name}\n"
                      "ExecStart=/usr/bin/id -u")
    try:
        assert world.run("true").status == 0
        ids = [int(world.lines(name)[0]) for name in "ab"]
        assert ids[0] != ids[1] and all(61184 <= i <= 65519 for i in ids)
        assert os.stat("/var/lib/nsinit-test-a").st_uid == ids[0]
    finally:
        for name in "ab":
            shutil.rmtree(f"/var/lib/nsinit-test-{name}", ignore_errors=True)


def test_program_that_is_not_there(world):
    world.service("none", "ExecStart=/none/such")
    world.service("user", "User=nonesuch\nExecStart=/bin/true")
    result = world.run("nsctl is-active none")
    assert result.out == "failed\n"
    assert "nsinit: none.service: program /none/such: No such file" in result.err
    assert "user.service: --user nonesuch: no such user" in result.err


# ---- control ----


def test_control(world):
    world.service("one", "ExecStart=/bin/sleep 1000\nExecReload=" + note("reload $MAINPID"), "Description=The one")
    result = world.run("nsctl list; nsctl stop one; nsctl is-active one; nsctl start one; nsctl restart one; nsctl reload one; "
                       "systemctl is-active one; nsctl cat one | head -1; nsctl start none; echo $?; nsctl nonsense; echo $?; "
                       "nsctl stop; echo $?")
    lines = result.out.splitlines()
    assert re.match(r"one\.service +running +\d+ +0 .*The one$", lines[0])
    assert lines[1:3] == ["inactive", "active"] and lines[3] == f"# {world.directory}/units/one.service" and lines[4:] == ["1", "1", "1"]
    assert re.fullmatch(r"reload \d+", world.lines()[0])


def test_cat_prints_the_whole_file(world):
    file = world.service("one", "ExecStart=/bin/sleep 1000\n" + "# long\n" * 1000)
    assert world.run("nsctl cat one").out == f"# {file}\n{file.read_text()}"


def test_enable_is_a_link(world):
    """In an /etc of its own: neither a link that is there nor one that is not is an error, and a file is never removed."""
    script = ("mount -t tmpfs none /etc; mkdir -p /etc/systemd/system; cp units/one.service /etc/systemd/system; "
              "nsctl enable one; nsctl enable one; readlink /etc/nsinit/one.service; nsctl disable one; nsctl disable one; ls /etc/nsinit; "
              "nsctl enable none; echo $?; cp units/one.service /etc/nsinit; nsctl disable one; echo $?; ls /etc/nsinit")
    world.service("one", "ExecStart=/bin/sleep 1000")
    result = world.run(script)
    assert result.out == "/etc/systemd/system/one.service\n1\n1\none.service\n", result
    assert "none.service: no such file" in result.err and "move it to /etc/systemd/system" in result.err


def test_others_may_look_and_not_touch(world):
    world.service("one", "ExecStart=/bin/sleep 1000")
    other = "setpriv --reuid 1000 --regid 1000 --clear-groups ./nsctl"
    result = world.run(f"{other} is-active one; {other} stop one; echo $?; nsctl is-active one")
    assert result.out == "active\n1\nactive\n" and "only root may do that" in result.err


def test_rubbish_on_both_sockets(world):
    code = ("import os, socket\n"
            "for i in range(300):\n"
            "    for path, kind in (('control', socket.SOCK_SEQPACKET), ('notify', socket.SOCK_DGRAM)):\n"
            "        s = socket.socket(socket.AF_UNIX, kind); s.connect('/run/nsinit/' + path)\n"
            "        try: s.send(os.urandom(1 + i * 7)); s.send(b'')\n"
            "        except OSError: pass\n"
            "held = [socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(6)]\n"
            "for s in held: s.connect('/run/nsinit/control')\n"
            "os.system('nsctl is-active one')\n")
    (world.directory / "rubbish.py").write_text(code)
    world.service("one", "ExecStart=/bin/sleep 1000")
    result = world.run("python3 rubbish.py")
    assert result.status == 0 and result.out == "active\n", result


# ---- files ----


def test_verify_is_like_a_compiler(root, nsinit, scratch):
    (scratch / "x.service").write_text("[Service]\nExecStart=/bin/true\nTypo=1\nRestart=maybe\n")
    (scratch / "y.service").write_text("[Service]\nExecStart=/bin/true\n")
    result = root.run([nsinit, "--verify", scratch / "x.service", scratch / "y.service"])
    assert result.status == 1
    assert re.fullmatch(rf"{scratch}/x.service:3: Typo: [^\n]+\n{scratch}/x.service:4: Restart: [^\n]+\n", result.err), result
    assert root.run([nsinit, "--verify", scratch / "y.service"]).status == 0


def test_directives_are_listed(root, nsinit):
    result = root.run([nsinit, "--list-directives"])
    assert result.status == 0 and re.search(r"^  ExecStart +honoured$", result.out, re.M), result


def test_wrong_services_start_nothing(world):
    world.service("one", f"ExecStart={note('one')}")
    for option in (["--services", "/none"], ["--services", "nonesuch"], ["--essential", "nonesuch"]):
        result = world.start(*option, program="echo program >>notes").finish()
        assert result.status == 125, result
    assert world.lines() == []


@pytest.mark.parametrize("options,said", [
    (["--join", "1", "--services", "x"], "leave --services out"), (["--essential", "x", "--", "true"], "give --services as well"),
])
def test_services_that_make_no_sense(root, nsinit, options, said):
    result = root.run([nsinit, *options])
    assert result.status == 125 and said in result.err, result


def test_dry_run_names_services(root, nsinit):
    result = root.run([nsinit, "--dry-run", "--services", "a,b"])
    assert result.status == 0 and "services: a,b\nprogram: none\n" in result.out, result
