# SPDX-License-Identifier: MIT
"""Role run as an ordinary user: the user namespace, its id maps, what the user may and may not, and nesting."""

import os
import shutil
import stat
from pathlib import Path

import pytest
from containers import Box, host_namespaces, one_line, own, small_root
from harness import Caller, status_field

OVERFLOW = 65534  # how an id that is not mapped shows


@pytest.fixture
def box(nsinit, user, rootfs_of):
    return Box(nsinit, user, rootfs_of(user))


@pytest.fixture
def bare(nsinit, user, probe):
    return Box(nsinit, user)


@pytest.fixture
def tools(nsinit, probe):
    """What is bound at /mnt to be tried inside: nsinit and the probe."""
    return f"--bind {Path(nsinit).parent}:/mnt:ro"


def need_root(what):
    if os.geteuid() != 0:
        pytest.skip(f"needs root: {what}")


# ---- ids ----


def maps(box, options, **more):
    # Under --user the program may not read its own map unless the container's root owns it; PID 1's is the same.
    with box.sleeping(options, box.program, **more) as running:
        return [Path(f"/proc/{running.pid1}/{name}").read_text().split() for name in ("uid_map", "gid_map", "setgroups")]


@pytest.mark.parametrize("with_rootfs, options, inside", [
    (True, "", ("0", "0")),
    (False, "", None),
    (True, "--user 33", ("33", "0")),
    (True, "--user user", ("1000", "1000")),
    (True, "--user 7:8", ("7", "8")),
    (False, "--user 0:0", ("0", "0")),
])
def test_one_id_is_mapped_to_the_callers(box, bare, probe, with_rootfs, options, inside):
    variant = box if with_rootfs else bare
    variant.program = ["/bin/probe" if with_rootfs else probe, "sleep"]
    uid, gid = inside or (str(box.caller.uid), str(box.caller.uid))
    assert maps(variant, options) == [[uid, str(box.caller.uid), "1"], [gid, str(box.caller.uid), "1"], ["deny"]]


def test_user_and_group_may_differ(nsinit, rootfs_of, user):
    need_root("to become a user with another group")
    odd = Caller("odd", 4444)
    box = Box(nsinit, odd, rootfs_of(user))
    box.program = ["/bin/probe", "sleep"]

    def become():
        os.setgroups([])
        os.setresgid(5555, 5555, 5555)
        os.setresuid(4444, 4444, 4444)

    assert maps(box, "", setup=become, ids=False) == [["0", "4444", "1"], ["0", "5555", "1"], ["deny"]]


def test_ids_inside_a_rootfs(box):
    report = box.run("", ["/bin/probe"]).report
    assert [report[key] for key in ("uid", "euid", "suid", "gid", "egid", "sgid")] == [0] * 6


def test_ids_on_the_hosts_root_are_kept(bare, probe):
    report = bare.run("", [probe]).report
    assert [report[key] for key in ("uid", "euid", "suid", "gid", "egid", "sgid")] == [bare.caller.uid] * 6


def test_files_made_inside_are_the_callers(box, scratch):
    (scratch / "out").mkdir()
    own(scratch / "out", box.caller.uid)
    for options in ("", "--user 33", "--user 7:8"):
        assert box.sh(f"{options} --bind {scratch}/out:/mnt", "echo x >/mnt/made && stat -c %u:%g /mnt/made").status == 0
        info = (scratch / "out/made").stat()
        assert (info.st_uid, info.st_gid) == (box.caller.uid, box.caller.uid)
        (scratch / "out/made").unlink()


def test_files_of_others_show_as_nobodys_and_stay_theirs(box, scratch):
    need_root("to have a file of somebody else")
    (scratch / "theirs").write_text("x\n")
    os.chown(scratch / "theirs", 4711, 4711)
    result = box.sh(f"--bind {scratch}:/mnt", "stat -c %u:%g /mnt/theirs; chown 0 /mnt/theirs; echo y >/mnt/theirs; chmod 777 /mnt/theirs")
    assert result.out == f"{OVERFLOW}:{OVERFLOW}\n" and result.status != 0
    info = (scratch / "theirs").stat()
    assert (info.st_uid, stat.S_IMODE(info.st_mode), (scratch / "theirs").read_text()) == (4711, 0o644, "x\n")


def test_a_group_that_is_shut_out_stays_so(nsinit, rootfs_of, user, scratch):
    """CVE-2014-8989: whoever could leave a group would read what its mode hides from it."""
    need_root("to be in a group")
    (scratch / "secret").write_text("not for group 4242\n")
    os.chown(scratch / "secret", 0, 4242)
    (scratch / "secret").chmod(0o604)

    def member():
        os.setgroups([4242])
        os.setresgid(user.uid, user.uid, user.uid)
        os.setresuid(user.uid, user.uid, user.uid)

    for box, cat in ((Box(nsinit, user, rootfs_of(user)), "/bin/cat"), (Box(nsinit, user), "cat")):
        for options in ("", "--user 0", "--user 33:33"):
            result = box.run(f"{options} --bind {scratch}:/mnt", [cat, "/mnt/secret"], setup=member, ids=False)
            assert result.status == 1 and "Permission denied" in result.err, (options, result)
    assert user.run(["cat", scratch / "secret"]).out == "not for group 4242\n", "the control: without the group it can be read"


def test_groups_of_the_caller_show_but_have_no_name(bare, probe):
    need_root("to be in groups")

    def member():
        os.setgroups([bare.caller.uid, 4242, 4243])
        os.setresgid(bare.caller.uid, bare.caller.uid, bare.caller.uid)
        os.setresuid(bare.caller.uid, bare.caller.uid, bare.caller.uid)

    groups = bare.run("", [probe], setup=member, ids=False).report["groups"]
    assert sorted(groups) == sorted([bare.caller.uid, OVERFLOW, OVERFLOW])


# ---- privileges ----


def test_user_namespace_is_of_the_container(box, bare, probe):
    for variant, program in ((box, "/bin/probe"), (bare, probe)):
        assert variant.run("", [program]).report["namespaces"]["user"] != host_namespaces()["user"]


def test_no_capability_on_the_hosts_root(bare, probe):
    """The user is who it was, and can no more than before."""
    report = bare.run("", [probe]).report
    assert {report[key] for key in ("cap_inh", "cap_prm", "cap_eff", "cap_amb")} == {"0000000000000000"}


def test_no_capability_counts_outside(box, scratch):
    """Whatever the container's root may, it is for its own namespaces."""
    need_root("a file that only root may read")
    (scratch / "root-only").write_text("x\n")
    (scratch / "root-only").chmod(0o600)
    for options in ("", "--privileged"):
        result = box.sh(f"{options} --bind {scratch}:/mnt", "cat /mnt/root-only; echo x >/mnt/root-only; mknod /mnt/null c 1 3")
        assert result.status != 0 and result.out == "" and "not permitted" in result.err, result
    assert (scratch / "root-only").read_text() == "x\n" and not (scratch / "null").exists()


def test_setuid_program_of_the_host_gives_nothing(bare, scratch, probe):
    need_root("to make a setuid program")
    shutil.copy(probe, scratch / "setuid")
    (scratch / "setuid").chmod(0o4755)
    assert bare.caller.run([scratch / "setuid"]).report["euid"] == 0  # the control
    report = bare.run("", [scratch / "setuid"]).report
    assert (report["euid"], report["cap_eff"]) == (bare.caller.uid, "0000000000000000")


def test_what_a_user_cannot_says_so(box, bare):
    one_line(bare.run("--share user", ["true"]), 125, "--share user", "run as root")
    one_line(bare.run("--unshare net --share user", ["true"]), 125, "--share user")


def test_hosts_processes_cannot_be_signalled(box):
    assert box.sh("", f"kill -TERM {os.getpid()}; kill -0 {os.getppid()}").status != 0


def test_terminal_devices_are_usable(box):
    assert box.sh("", "exec 3<>/dev/ptmx && stat -c %u:%a /dev/pts/0").out == "0:620\n"


def test_pid_1_cannot_be_traced_or_read_by_the_program(bare, probe):
    """On the host's root the program has no capability and PID 1 has: its memory and descriptors are not for it."""
    for name in ("mem", "environ", "maps"):
        result = bare.sh("", f"cat /proc/1/{name} >/dev/null")
        assert result.status != 0 and ("denied" in result.err or "not permitted" in result.err), (name, result)


# ---- root that asks for a user namespace ----


def test_root_in_a_user_namespace(nsinit, root, rootfs_of):
    box = Box(nsinit, root, rootfs_of(root))
    box.program = ["/bin/probe", "sleep"]
    assert maps(box, "--unshare user") == [["0", "0", "1"], ["0", "0", "1"], ["deny"]]
    assert box.sh("--unshare user", "echo x >/etc/made; stat -c %u /etc/made; rm /etc/made").out == "0\n"


# ---- nesting ----


@pytest.mark.parametrize("net", ["", "--net none"])
@pytest.mark.parametrize("user_", ["", "--unshare user"])
def test_container_in_a_container_of_a_user(box, tools, net, user_):
    """With every capability of its namespace the container's root needs no further user namespace, but may have one."""
    inner = f"/mnt/nsinit {net} {user_} --rootfs / --hostname deeper --tmpfs /tmp/x -- /bin/sh -c"
    result = box.sh(f"--privileged {tools}", f"{inner} 'hostname; echo $$; echo /proc/[0-9]*'")
    assert (result.status, result.out) == (0, "deeper\n2\n/proc/1 /proc/2\n"), result


def test_four_deep(box, tools):
    nested = "/mnt/nsinit --privileged -- " * 3
    result = box.sh(f"--privileged {tools}", nested + "/bin/probe exit 44")
    assert result.status == 44, result


def test_status_and_signals_cross_every_level(box, tools):
    nested = ["/mnt/nsinit", "--privileged", "--"] * 2
    running = box.start(f"--privileged {tools}", nested + ["/bin/probe", "on", "USR1", "/tmp/x", "21"])
    assert running.line() == "ready"
    running.send(10)
    assert running.finish().status == 21


def test_kill_of_the_outer_pid_1_ends_every_level(box, tools):
    with box.sleeping(f"--privileged {tools}", ["/mnt/nsinit", "--", "/bin/probe", "sleep"]) as running:
        assert status_field(running.pid1, "NSpid").split()[1:] == ["1"]


def test_entrypoint_in_a_container(box, tools):
    """nsinit as the program of a container is a second process: it reaps as a subreaper, when asked."""
    result = box.sh(tools, "exec /mnt/nsinit -s -e 3:5 -- /bin/probe exit 3")
    assert result.status == 5, result


def test_masked_proc_refuses_a_nested_user_namespace(nsinit, root, rootfs_of, tools):
    """The kernel lets nobody mount a /proc that shows more than the one they have: the message says where the remedy is."""
    result = Box(nsinit, root, rootfs_of(root)).run(f"{tools} --seccomp none --user 1000", ["/mnt/nsinit", "--", "/bin/true"])
    one_line(result, 125, "proc", "Operation not permitted", "outer container", "nsinit --check")


def test_private_home(box, scratch):
    """What a user does on a shared machine: a home of their own over the real one."""
    home = small_root(scratch / "home", Path(box.nsinit).with_name("probe"))
    own(home, box.caller.uid)
    result = Box(box.nsinit, box.caller).sh(f"--bind {home}:/home --tmpfs /mnt", "ls /home; echo x >/home/made; ls -A /mnt")
    assert (result.status, sorted([*result.out.split(), "made"])) == (0, sorted(os.listdir(home))), result
