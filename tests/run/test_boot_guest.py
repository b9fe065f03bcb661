# SPDX-License-Identifier: MIT
"""
Role boot in a container, which the name init or --boot chooses: nothing that is mounted changes, and the end is an exit with
the program's status. tests/vm has the machine.
"""

import glob
import os
import pwd
import shutil
import signal

import pytest
from harness import checked, init_named

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: a PID namespace is made for nsinit to be PID 1 of")


@pytest.fixture
def boot(nsinit, scratch):
    """As /sbin/init, PID 1 of a container."""
    shutil.copy(nsinit, scratch / "init")
    return init_named(str(scratch / "init"), "pid1", "root")


def test_the_status_is_the_exit(boot):
    assert boot.run("", ["sh", "-c", "exit 7"]).status == 7


@pytest.mark.parametrize("options", ["--detach", "--status-fd 99", "--pid-file /no/such/file"])
def test_it_lives_on_unannounced(boot, options):
    """On a machine the end of PID 1 would be a panic."""
    result = boot.run(options, ["sh", "-c", "echo $PPID; exit 7"])
    assert (result.status, result.out) == (7, "1\n")
    assert f"nsinit: {options}: " in result.err, result


def test_an_outer_filter_may_refuse_openat2(boot):
    """As of engines that are older than the call; podman once called its init /dev/init."""
    tracer = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=openat2", "-e", "inject=openat2:error=EPERM"]
    result = boot.caller.run([*tracer, *boot.command("--drain 100ms", ["sh", "-c", "pwd; echo $PPID"])], pid1=True)
    assert (result.status, result.out) == (0, "/\n1\n"), result


def test_what_is_mounted_stays_and_what_is_not_may_hold_something(boot):
    script = "for m in proc sys dev run tmp; do stat -c %d /$m; done"
    inside = boot.run("", ["sh", "-c", script])
    outside = [str(os.stat(f"/{name}").st_dev) for name in ("sys", "dev", "run", "tmp")]
    assert inside.status == 0 and inside.out.split()[1:] == outside


def test_host_name_and_network_are_left_alone(boot):
    assert boot.run("", ["hostname"]).out.strip() == os.uname().nodename


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGPWR, signal.SIGRTMIN + 3, signal.SIGUSR2])
def test_the_end_that_a_manager_asks_for(boot, number):
    """The program and what it left behind get a TERM; the status is what the program makes of it."""
    script = ("trap 'exit 9' TERM; sh -c 'trap \"echo also; exit\" TERM; echo up; while :; do sleep 0.02; done' & "
              "while :; do sleep 0.02; done")
    process = boot.start("", ["sh", "-c", script])
    process.lines_until("up")
    process.send(number)
    result = process.finish()
    assert result.status == 9 and "also" in result.out


def test_a_reboot_is_one_that_the_manager_sees(boot):
    """reboot(2) in a PID namespace ends its PID 1 with a SIGHUP: reboot(2)."""
    process = boot.start("", ["sh", "-c", "trap 'exit 3' TERM; echo up; while :; do sleep 0.02; done"])
    process.lines_until("up")
    process.send(signal.SIGINT)
    assert process.finish().status == -signal.SIGHUP


def test_the_kernels_command_line_is_not_ours(boot):
    """It is that of the machine outside; options come as words."""
    result = boot.run("--drain 1s -v", ["true"])
    assert result.status == 0 and "status 0" in result.err


@pytest.mark.parametrize("user, home", [("daemon", pwd.getpwnam("daemon").pw_dir), ("4711", "/")])
def test_home_is_the_users(boot, user, home):
    assert boot.run(f"--user {user}", ["sh", "-c", "echo $HOME"]).out == f"{home}\n"


def test_respawn(boot, scratch):
    script = f"echo x >>{scratch}/runs; [ $(wc -l <{scratch}/runs) -ge 3 ] || exit 4; kill -TERM 1; exec sleep 100"
    result = boot.run("--respawn", ["sh", "-c", script])
    assert result.status == 143
    assert result.err.count("ended with status 4; again in") == 2


@pytest.mark.parametrize("program", [True, False])
def test_services(boot, scratch, program):
    """With a program, which ends before them, or alone: then the end is asked for by one of them."""
    def own_run():
        checked("mount", b"run", b"/run", b"tmpfs", 0, None)

    note = f"echo %s >>{scratch}/notes"
    (scratch / "units").mkdir()
    (scratch / "units/a.service").write_text(f"[Service]\nType=oneshot\nRemainAfterExit=yes\n"
                                             f"ExecStart=/bin/sh -c '{note % 'up'}; cp /proc/self/cgroup {scratch}'\n"
                                             f"ExecStop=/bin/sh -c '{note % 'down'}'\n")
    if not program:
        (scratch / "units/b.service").write_text("[Unit]\nAfter=a.service\n[Service]\nExecStart=/bin/kill -TERM 1\n")
    words = ["sh", "-c", f"trap '{note % 'asked'}; exit 9' TERM; {note % 'program'}; kill -TERM 1; while :; do sleep 0.02; done"]
    process = boot.start(f"--services {scratch}/units", words if program else [], setup=own_run)
    result = process.finish()
    assert result.status == (9 if program else 0), result
    assert (scratch / "notes").read_text().split() == (["up", "program", "asked", "down"] if program else ["up", "down"])
    slices = [line.split(":", 2)[2].rpartition("/")[0] for line in (scratch / "cgroup").read_text().split() if "a.service" in line]
    trees = ["/sys/fs/cgroup", *glob.glob("/sys/fs/cgroup/*")]
    assert slices and not [path for path in slices for tree in trees if os.path.exists(tree + path)]


@pytest.mark.parametrize("words, told", [
    ("--boot --rootfs / --", "--boot: a machine is no container"),
    ("--boot --pause", "--boot: a machine is no container"),
    ("--grcae 5s --", "--grcae: no such option; did you mean --grace?"),
])
def test_wrong_words(boot, words, told):
    result = boot.run(words, [] if words.endswith("pause") else ["true"])
    assert result.status == 125 and told in result.err and len(result.err.splitlines()) == 1


DRY = """role: boot
written to: memory, forgotten at the end
mount: proc on /proc rw,nosuid,nodev,noexec
mount: sysfs on /sys rw,nosuid,nodev,noexec
mount: devtmpfs on /dev rw,nosuid
mount: devpts on /dev/pts rw,nosuid,noexec
mount: tmpfs on /dev/shm rw,nosuid,nodev
mount: mqueue on /dev/mqueue rw,nosuid,nodev,noexec
mount: tmpfs on /run rw,nosuid,nodev
mount: tmpfs on /tmp rw,nosuid,nodev
mount: cgroup2 on /sys/fs/cgroup rw,nosuid,nodev,noexec
hostname: box
drain: 10000 ms
directory: /
program: /bin/server 'a b'
step: file systems
step: modules, /etc/nsinit/modules
step: console, /dev/console
step: options, /proc/cmdline; else no boot
step: root, LABEL=x; else no boot
step: hostname, box
step: loopback, lo
step: fstab, /etc/fstab
step: sysctl, /etc/sysctl.d/*.conf
step: clock, /dev/rtc0
step: seed, /var/lib/nsinit/seed
step: address, 10.0.0.2
step: keys, /dev/input
step: services, /etc/nsinit; else no boot
root: ext4 rw, waited for 60000 ms, then /sbin/other
watchdog: 30000 ms
status to: /dev/vport0p1
respawn: yes
ask first: yes
end: reboot
"""


def test_what_a_machine_would_do(nsinit, caller):
    words = ("quiet root=LABEL=x rootfstype=ext4 rw rootwait init=/sbin/other ip=10.0.0.2 nsinit.hostname=box nsinit.ephemeral "
             'nsinit.watchdog=30s nsinit.exit-port=/dev/vport0p1 nsinit.respawn nsinit.ask-first nsinit.end=reboot -- /bin/server "a b"')
    result = caller.run([nsinit, "--cmdline", words])
    assert (result.status, result.out, result.err) == (0, DRY, "")


@pytest.mark.parametrize("word, told", [
    ("nsinit.wachdog=30s", "--wachdog=30s: no such option; did you mean --watchdog?"),
    ("nsinit.end=off", "end off: not an end; give poweroff, reboot or halt"),
    ("nsinit.failure=off", "failure off: not what a boot can do that fails; give shell, end or panic"),
    ("nsinit.secret=A=/nowhere", "secret A=/nowhere: the file is not there; mount it, or correct the path"),
    ("nsinit.cwd=", "cwd '': empty; give a value or leave the option out"),
    ("nsinit.nice=99", "nice 99: not a niceness; give -20 to 19"),
    ("nsinit.oom-score-adj=5000", "oom-score-adj 5000: not a score; give -1000 to 1000"),
    ("nsinit.umask=1000", "umask 1000: not a mask; give an octal number up to 0777"),
    ("nsinit.rlimit=nofile=5:1", "rlimit nofile=5:1: not a limit; give NAME=SOFT[:HARD], as nofile=1024:4096 or core=unlimited, "
                                 "SOFT up to HARD"),
])
def test_what_a_machine_would_not_do(nsinit, caller, word, told):
    """It is said, and all else is as it would be without the word: the shell of a failed boot has to start."""
    result = caller.run([nsinit, "--cmdline", word + " -- /bin/server"])
    assert (result.status, result.err) == (125, f"nsinit: {told}\n")
    assert result.out == caller.run([nsinit, "--cmdline", "-- /bin/server"]).out


@pytest.mark.parametrize("more", [[], ["--ask-first"]])
def test_what_a_guest_would_do(nsinit, caller, more):
    """What is not missing of a container's file systems stays."""
    result = caller.run([nsinit, "--boot", "--dry-run", *more, "--", "x"])
    assert result.status == 0 and "/run" not in result.out and ("ask first" in result.out) == bool(more)
    steps = [line for line in result.out.splitlines() if line.startswith("step")]
    assert steps == ["step: file systems", "step: services, /etc/nsinit; else no boot"]


def test_only_pid_1_can_boot(nsinit, caller):
    result = caller.run([nsinit, "--boot", "--", "true"])
    assert result.status == 125 and "--boot: only PID 1 can" in result.err


@pytest.mark.parametrize("option", [
    "--root=/", "--exit-port=/dev/null", "--respawn", "--end=halt", "--watchdog=5s", "--rw", "--rootwait=5s", "--ask-first",
])
def test_an_option_of_a_boot_without_one(nsinit, caller, option):
    """--root for --rootfs would else run the program on the host's root."""
    result = caller.run([nsinit, option, "--", "true"])
    assert result.status == 125 and "an option of a boot" in result.err


@pytest.mark.parametrize("name", ["poweroff", "reboot", "halt"])
def test_asking_a_pid_1_that_is_no_init(nsinit, scratch, root, name):
    """It would be a container's program that gets the signal."""
    shutil.copy(nsinit, scratch / name)
    result = root.run(["/bin/sh", "-c", f"{scratch}/{name}; echo status $?; :"], pid1=True)
    assert "status 1" in result.out and "PID 1 is sh, which is no init of a machine" in result.err


def test_asking_ours(boot, nsinit, scratch):
    shutil.copy(nsinit, scratch / "poweroff")
    result = boot.run("", ["sh", "-c", f"trap 'exit 5' TERM; {scratch}/poweroff || exit 1; while :; do sleep 0.02; done"])
    assert result.status == 5
