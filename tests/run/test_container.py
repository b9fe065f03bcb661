# SPDX-License-Identifier: MIT
"""Role run: the namespaces, who the program is and what it inherits."""

import os
import shutil
from pathlib import Path

import pytest
from harness import command_of, libc, until
from containers import Box, add_program, host_namespaces, in_own_uts, one_line, own, small_root

DEFAULT = {"uts", "ipc", "pid", "mnt", "cgroup"}


# ---- namespaces ----


def new_namespaces(report):
    host = host_namespaces()
    return {kind for kind, inode in report["namespaces"].items() if inode != host[kind]}


def always(box):
    return {"user"} if box.caller.uid else set()


@pytest.mark.parametrize("options, changes", [
    ("", set()),
    ("--unshare net", {"net"}),
    ("--net none", {"net"}),
    ("--net host", set()),
    ("--unshare uts,ipc,pid,mount", set()),
    ("--share uts", {"uts"}),
    ("--share ipc", {"ipc"}),
    ("--share cgroup", {"cgroup"}),
    ("--share uts,ipc,cgroup --unshare net", {"uts", "ipc", "cgroup", "net"}),
])
def test_new_namespaces(box, bare, options, changes):
    for variant in (box, bare):
        report = variant.run(options, [variant_probe(variant)]).report
        assert new_namespaces(report) == DEFAULT ^ changes | always(box)


def variant_probe(box):
    return "/bin/probe" if box.rootfs else Path(box.nsinit).with_name("probe")


@pytest.fixture(autouse=True)
def probe_is_built(probe):
    return probe


def test_root_gets_a_user_namespace_when_it_asks(as_root):
    report = as_root.run("--unshare user", ["/bin/probe"]).report
    assert new_namespaces(report) == DEFAULT | {"user"}
    assert (report["uid"], report["gid"], report["groups"]) == (0, 0, [])


@pytest.mark.parametrize("options", ["--net none", "--unshare net"])
def test_loopback_is_up_and_alone(box, options):
    report = box.run(options, ["/bin/probe"]).report
    assert report["interfaces"] == {"lo": ["up", "loopback", "running"]}
    result = box.sh(options, "ping -c1 -W5 127.0.0.1 >/dev/null && ip -o -4 addr")
    assert result.status == 0 and " 127.0.0.1/8 " in result.out and len(result.out.splitlines()) == 1, result


def test_network_of_the_caller_is_kept(box):
    outside = box.caller.run([variant_probe(Box(box.nsinit, box.caller))]).report
    assert box.run("", ["/bin/probe"]).report["interfaces"] == outside["interfaces"]


def test_host_name_inside_and_not_outside(box):
    before = os.uname()
    report = box.run("--hostname inside-1 --domainname nis-1", ["/bin/probe"]).report
    assert (report["hostname"], report["domainname"]) == ("inside-1", "nis-1")
    assert os.uname() == before


def test_host_name_of_64_bytes(box):
    assert box.run(["--hostname", "h" * 64, "--domainname", "d" * 64], ["/bin/probe"]).report["hostname"] == "h" * 64


def test_host_name_is_ours_without_an_option(box):
    assert box.run("", ["/bin/probe"]).report["hostname"] == os.uname().nodename


def test_program_may_rename_its_host(box):
    before = os.uname().nodename
    result = box.sh("--privileged", "hostname mine && hostname")
    assert (result.status, result.out, os.uname().nodename) == (0, "mine\n", before)


@pytest.mark.parametrize("option", ["--hostname", "--domainname"])
def test_host_is_not_renamed_where_its_uts_namespace_is_shared(as_root, option):
    """A container option must not change the machine: refused, as for a user by the kernel."""
    script = 'before=$(hostname); "$@"; status=$?; test "$(hostname)" = "$before" || echo renamed; exit $status'
    command = as_root.command(f"--share uts {option} nsinit-test", ["/bin/true"])
    one_line(as_root.caller.run(["sh", "-c", script, "sh", *command], setup=in_own_uts), 125, option, "--share uts")


def test_host_is_not_renamed_by_a_user(as_user):
    one_line(as_user.run("--share uts --hostname x", ["/bin/true"]), 125, "--hostname", "--share uts")


def test_conf_does_not_rename_the_host_either(as_root, scratch):
    (scratch / "hostname").write_text("nsinit-test\n")
    script = 'before=$(hostname); "$@"; test "$(hostname)" = "$before" || echo renamed'
    command = as_root.command(["--share", "uts", "--conf", scratch], ["/bin/true"])
    assert as_root.caller.run(["sh", "-c", script, "sh", *command], setup=in_own_uts).out == ""


# ---- processes ----


def test_program_is_process_2_and_nsinit_is_1(box):
    report = box.run("", ["/bin/probe"]).report
    assert (report["pid"], report["ppid"]) == (2, 1)
    assert box.sh("", "cat /proc/1/comm; cat /proc/2/comm; true").out == "nsinit\nsh\n"


def test_no_process_of_the_host_is_visible(box, bare):
    for variant in (box, bare):
        assert variant.sh("", "cd /proc && echo [0-9]*").out == "1 2\n"


def test_program_leads_a_process_group_of_its_own(box):
    report = box.run("", ["/bin/probe"]).report
    assert report["pgid"] == report["pid"]
    assert box.run("-c", ["/bin/probe"]).report["pgid"] != 2


def test_orphans_are_reaped_and_said_once(box):
    result = box.run("-w", ["/bin/probe", "orphans", "1"])
    assert (result.status, result.out) == (0, "1 reaped\n")
    assert result.err.count("\n") == 1 and "reaped orphan" in result.err, result


# ---- who the program is ----


IDENTITY = ("uid", "euid", "suid", "gid", "egid", "sgid")


def identity(report):
    return {report[key] for key in IDENTITY[:3]}, {report[key] for key in IDENTITY[3:]}, sorted(report["groups"])


@pytest.fixture
def peopled(scratch, probe):
    root = small_root(scratch / "root", probe)
    (root / "etc/passwd").write_text(
        "root:x:0:0:root:/root:/bin/sh\n"
        "few:x:1:2\n" "many:x:1:2:::::\n" "minus:x:-1:2::/:\n" "hex:x:0x10:2::/:\n" "space:x: 7:2::/:\n" "big:x:4294967295:2::/:\n"
        "empty:x::2::/:\n" "4711:x:5:6::/:\n" ":x:66:66::/:\n"
        "ann:x:2001:2002:Ann:/home/ann:/bin/sh\n"
        "ann:x:9:9:second:/:/bin/sh\n"
        "astray:x:2003:2004::home:/bin/sh\n"
        "last:x:2005:2006::/last:/bin/sh")
    (root / "etc/group").write_text(
        "root:x:0:\n" "audio:x:29:bob,ann\n" "video:x:44:ann\n" "wheel:x:10:anna,an\n" "broken:x:99\n" "negative:x:-3:ann\n"
        "games:x:60:bob,joe\n" "staff:x:50:\n")
    own(root, 1000)
    return root


@pytest.mark.parametrize("option, uid, gid, groups, home", [
    ("ann", 2001, 2002, [29, 44], "/home/ann"),
    ("2001", 2001, 2002, [29, 44], "/home/ann"),
    ("ann:staff", 2001, 50, [], "/home/ann"),
    ("ann:51", 2001, 51, [], "/home/ann"),
    ("2001:audio", 2001, 29, [], "/home/ann"),
    ("root", 0, 0, [], "/root"),
    ("0:0", 0, 0, [], "/root"),
    ("4321", 4321, 0, [], "/"),
    ("4321:8765", 4321, 8765, [], "/"),
    ("astray", 2003, 2004, [], "/"),
    ("last", 2005, 2006, [], "/last"),
    ("4711", 4711, 0, [], "/"),
    ("4294967294", 4294967294, 0, [], "/"),
])
def test_user(nsinit, root, peopled, option, uid, gid, groups, home):
    report = Box(nsinit, root, peopled).run(["--user", option], ["/bin/probe"]).report
    assert identity(report) == ({uid}, {gid}, sorted({gid, *groups}))  # as initgroups(3) has it
    assert f"HOME={home}" in report["env"]
    assert report["cap_eff"] == ("0000000000000000" if uid else report["cap_bnd"])


@pytest.mark.parametrize("option", [
    "nobody", "few", "many", "minus", "hex", "space", "big", "empty", "", ":0", ":staff", "ann:", "ann:nogroup", "ann:broken",
    "ann:negative",
    "4294967295", "-1", "1:4294967295", "1:-1", "0x10", " 1", "1 ", "1:2:3",
])
def test_user_that_is_none(nsinit, caller, peopled, option):
    one_line(Box(nsinit, caller, peopled).run(["--user", option], ["/bin/probe"]), 125, f"--user {option or repr(option)}:")


@pytest.mark.parametrize("option, uid, gid", [("ann", 2001, 2002), ("33:34", 33, 34), ("0", 0, 0)])
def test_user_picks_the_id_inside_for_an_ordinary_user(nsinit, user, peopled, option, uid, gid):
    report = Box(nsinit, user, peopled).run(["--user", option], ["/bin/probe"]).report
    assert identity(report) == ({uid}, {gid}, [])


def test_default_identity(as_root, as_user, nsinit, user, probe):
    for box in (as_root, as_user):
        report = box.run("", ["/bin/probe"]).report
        assert identity(report) == ({0}, {0}, [])
    report = Box(nsinit, user).run("", [probe]).report
    assert identity(report) == ({user.uid}, {user.uid}, [])


def test_groups_of_the_caller_do_not_enter_a_rootfs(as_root):
    report = as_root.run("", ["/bin/probe"], setup=lambda: os.setgroups([4, 27])).report
    assert report["groups"] == []


def test_groups_of_the_caller_stay_on_its_own_root(nsinit, root, probe):
    report = Box(nsinit, root).run("", [probe], setup=lambda: os.setgroups([4, 27])).report
    assert report["groups"] == [4, 27]


# ---- environment, directory, umask, descriptors ----


def env_of(result):
    return dict(variable.split("=", 1) for variable in result.report["env"])


def test_environment_is_the_callers_but_home(box):
    env = env_of(box.run("", ["/bin/probe"], env={"MARK": "a b", "HOME": "/home/of/caller"}))
    assert env["MARK"] == "a b" and env["HOME"] == "/root"


def test_environment_on_the_hosts_root_is_the_callers(bare):
    env = env_of(bare.run("", [variant_probe(bare)], env={"MARK": "x", "HOME": "/home/of/caller"}))
    assert env == env_of(bare.caller.run([variant_probe(bare)], env={"MARK": "x", "HOME": "/home/of/caller"}))


def test_env_adds_and_replaces_and_the_last_counts(box):
    options = ["--env", "NEW=1=2", "--env", "MARK=inside", "--env", "HOME=/mnt", "--env", "NEW=", "--env", "LINE=a\nb"]
    env = env_of(box.run(options, ["/bin/probe"], env={"MARK": "outside"}))
    assert (env["NEW"], env["MARK"], env["HOME"], env["LINE"]) == ("", "inside", "/mnt", "a\nb")


def test_clear_env(box):
    env = env_of(box.run("--clear-env --env A=1", ["/bin/probe"], env={"TERM": "vt100", "SECRET": "x", "TERMCAP": "y"}))
    assert env == {"TERM": "vt100", "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "A": "1"}


def test_program_is_found_in_the_path_that_it_gets(box, scratch):
    tools = scratch / "tools"
    tools.mkdir()
    (tools / "only-here").write_text("#!/bin/sh\nexit 9\n")
    (tools / "only-here").chmod(0o755)
    assert box.run(f"--bind {tools}:/mnt --env PATH=/mnt", ["only-here"]).status == 9
    assert box.run(f"--bind {tools}:/mnt", ["only-here"]).status == 127


def test_options_come_from_the_environment_as_well(nsinit, caller, rootfs):
    result = caller.run([nsinit, "--", "/bin/hostname"], env={"NSINIT_ROOTFS": str(rootfs), "NSINIT_HOSTNAME": "from-env"})
    assert (result.status, result.out) == (0, "from-env\n")


def test_script_without_interpreter_line_is_run_by_the_shell_inside(box, scratch):
    (scratch / "script").write_text("echo $0 $1 $$\n")
    (scratch / "script").chmod(0o755)
    result = box.run(f"--bind {scratch}:/mnt", ["/mnt/script", "word"])
    assert (result.status, result.out) == (0, "/mnt/script word 2\n")


def test_directory_is_the_root_of_a_rootfs(box, scratch):
    assert box.run("", ["/bin/probe"], cwd=scratch).report["cwd"] == "/"


@pytest.mark.parametrize("options", ["", "--net none", "--tmpfs /mnt"])
def test_directory_of_the_caller_is_kept_on_its_own_root(bare, scratch, options):
    assert bare.run(options, [variant_probe(bare)], cwd=scratch).report["cwd"] == str(scratch)


def test_relative_names_on_the_hosts_root(bare, scratch):
    (scratch / "sub").mkdir()
    (scratch / "tool").write_text("#!/bin/sh\npwd\n")
    (scratch / "tool").chmod(0o755)
    assert bare.run("", ["./tool"], cwd=scratch).out == f"{scratch}\n"
    assert bare.run("--cwd sub", ["../tool"], cwd=scratch).out == f"{scratch}/sub\n"


def test_cwd(box):
    assert box.run("--cwd /home/user", ["/bin/probe"]).report["cwd"] == "/home/user"


def test_cwd_below_a_mount_of_ours(box, scratch):
    assert box.run(f"--bind {scratch}:/mnt --cwd /mnt", ["/bin/probe"]).report["cwd"] == "/mnt"


def test_cwd_leads_nowhere_through_descriptors(box):
    """CVE-2024-21626: a descriptor on a directory of the host, reached by its number."""
    directory = os.open("/etc", os.O_RDONLY | os.O_DIRECTORY)
    for number in range(3, 24):
        result = box.run(f"--cwd /proc/self/fd/{number}", ["/bin/true"], pass_fds=[directory], setup=lambda: os.dup2(directory, 9))
        one_line(result, 125, f"--cwd /proc/self/fd/{number}:")
    os.close(directory)


@pytest.mark.parametrize("mask", [0, 0o27, 0o77, 0o777])
def test_umask_is_kept(box, bare, mask):
    for variant in (box, bare):
        assert variant.run("", [variant_probe(variant)], setup=lambda: os.umask(mask)).report["umask"] == mask


def test_mount_points_have_their_mode_whatever_the_umask(box):
    script = "stat -c %a /dev /run /tmp /dev/shm /dev/null /mnt/made"
    result = box.sh("--tmpfs /mnt/made:mode=750", script, setup=lambda: os.umask(0o77))
    assert result.out.split() == ["755", "755", "1777", "1777", "666", "750"]


def test_standard_descriptors_are_the_programs(box):
    result = box.run("", ["/bin/cat"], stdin=os.open(__file__, os.O_RDONLY))
    assert result.out == Path(__file__).read_text()


def test_no_other_descriptor_reaches_the_program_or_pid_1(box):
    leaks = [os.open(path, os.O_RDONLY) for path in ("/", "/etc", "/proc", __file__)]
    more = {"pass_fds": leaks, "setup": lambda: (os.setsid(), os.dup2(leaks[0], 200), os.dup2(leaks[1], 900))}
    fds = box.run("", ["/bin/probe"], **more).report["fds"]
    assert sorted(fds) == ["0", "1", "2"]
    with box.sleeping("", **more) as running:
        for pid in (running.pid1, running.program):
            until(lambda: sorted(os.listdir(f"/proc/{pid}/fd")) == ["0", "1", "2"], f"{command_of(pid)} without descriptors")
    for fd in leaks:
        os.close(fd)


def test_log_descriptor_stays_with_pid_1(box, scratch):
    log = os.open(scratch / "log", os.O_WRONLY | os.O_CREAT)
    result = box.run(f"-v --log-fd {log}", ["/bin/probe"], pass_fds=[log])
    assert sorted(result.report["fds"]) == ["0", "1", "2"] and result.err == ""
    assert "/bin/probe" in (scratch / "log").read_text()
    os.close(log)


def test_closed_standard_descriptors_are_no_error(box, scratch):
    scratch.joinpath("out").mkdir()
    own(scratch / "out", box.caller.uid)
    result = box.run(f"--bind {scratch}/out:/mnt", ["/bin/probe", "write", "/mnt/file", "done"], setup=lambda: os.closerange(0, 3))
    assert result.status == 0 and (scratch / "out/file").read_text() == "done\n"


# ---- the classic example ----


@pytest.fixture
def classic(rootfs_of, caller, scratch):
    """conf/ with three files, a rootfs of bash and a few commands with the libraries that ldd names, a volume."""
    root = scratch / "rootfs"
    for name in ("bin", "etc", "proc", "sys", "dev", "run", "tmp", "mnt", "root"):
        (root / name).mkdir(parents=True)
    for command in ("bash", "ps", "hostname", "mount", "ipcs", "ls", "cat"):
        program = shutil.which(command)
        if not program:
            pytest.skip(f"needs {command} to put into a root directory")
        add_program(root, program)
        if not (root / "bin" / command).exists():
            (root / "bin" / command).symlink_to(program)
    conf = scratch / "conf"
    conf.mkdir()
    (conf / "hosts").write_text("127.0.0.1 localhost mynode\n")
    (conf / "hostname").write_text("mynode\n")
    (conf / "resolv.conf").write_text("nameserver 192.0.2.53\n")
    volume = scratch / "volume"
    volume.mkdir()
    (volume / "note").write_text("from the host\n")
    own(root, caller.uid)
    own(volume, caller.uid)
    return scratch


@pytest.fixture
def queue():
    """A message queue of the host, which ipcs there lists."""
    identifier = libc.msgget(0, 0o600 | 0o1000)
    assert identifier >= 0
    yield identifier
    libc.msgctl(identifier, 0, None)


def test_classic_example(nsinit, caller, classic, queue):
    """A login shell in which ps, hostname, mount, ipcs -q and echo $$ show the isolated system."""
    shell = Box(nsinit, caller, classic / "rootfs").pty(
        ["--conf", classic / "conf", "--volume", f"{classic}/volume:/mnt", "--env", "PS1=@ "], ["/bin/bash", "-l"])
    shell.expect_exact("@ ")
    greeting = shell.before

    def ask(command):
        shell.sendline(command)
        shell.expect_exact("@ ")
        return shell.before.replace("\r", "").splitlines()

    assert greeting == ""  # no warning of job control, no missing file
    assert ask("echo $$") == ["2"]
    assert ask("hostname") == ["mynode"]
    assert ask("cat /etc/hosts /etc/resolv.conf") == ["127.0.0.1 localhost mynode", "nameserver 192.0.2.53"]
    assert ask("cat /mnt/note; echo back >/mnt/reply") == ["from the host"]
    processes = [line.split() for line in ask("ps -e -o pid,ppid,comm")[1:]]
    assert processes[:2] == [["1", "0", "nsinit"], ["2", "1", "bash"]]
    assert [(p[1], p[2]) for p in processes[2:]] == [("2", "ps")]
    targets = [line.split()[2] for line in ask("mount")]
    assert {"/", "/proc", "/sys", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue", "/run", "/tmp", "/mnt", "/etc/hosts", "/etc/hostname",
            "/etc/resolv.conf"} <= set(targets)
    assert not any(str(classic) in target for target in targets)
    assert [line for line in ask("ipcs -q") if line[:2] == "0x"] == []
    assert ask("echo /*") == [" ".join(sorted(f"/{name}" for name in os.listdir(classic / "rootfs")))]
    shell.sendline("exit 7")
    shell.expect("logout|exit")
    shell.wait()
    assert (shell.exitstatus, shell.signalstatus) == (7, None)
    assert (classic / "volume/reply").read_text() == "back\n"
    listed = caller.run(["ipcs", "-q"]).out
    assert any(line.split()[1] == str(queue) for line in listed.splitlines() if line.startswith("0x")), "the control: visible outside"
