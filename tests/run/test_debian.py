# SPDX-License-Identifier: MIT
"""
Role run with a real Debian: `debootstrap --variant=minbase bookworm`, with nsinit as its PID 1.

The root is built once, by scripts/minbase. Root runs it read-only; who writes does so in a copy.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from containers import Box, own
from harness import command_of, descendants_of, until

MINBASE = Path(__file__).resolve().parents[2] / "scripts/minbase"
CANNOT = 3  # it says so that there is no building one here

pytestmark = pytest.mark.xdist_group("debian")  # the others need not wait for the one that builds


# ---- the root, built once ----


@pytest.fixture(scope="session")
def debian():
    result = subprocess.run([MINBASE], capture_output=True, text=True, check=False)
    if result.returncode == CANNOT:
        pytest.skip(result.stderr.strip())
    assert result.returncode == 0, result.stderr
    return Path(result.stdout.strip())


@pytest.fixture(scope="session")
def debian_of(debian, directory):
    """A copy for somebody to write to, owned by them."""
    def make(caller):
        path = directory / f"debian-{caller.name}"
        if not path.exists():
            subprocess.run(["cp", "-a", "--reflink=auto", debian, path], check=True)
            if caller.uid:
                own(path, caller.uid)
        return path
    return make


@pytest.fixture
def box(nsinit, caller, debian_of):
    return Box(nsinit, caller, debian_of(caller))


@pytest.fixture
def as_root(nsinit, root, debian):
    box = Box(nsinit, root, debian)
    box.options = "--read-only"
    return box


# ---- what is tried in it ----


def test_it_is_debian(box):
    result = box.run("", ["cat", "/etc/debian_version", "/proc/1/comm"])
    assert result.status == 0 and re.fullmatch(r"12\.\d+\nnsinit\n", result.out), result


def test_login_shell(box):
    result = box.run("--clear-env", ["bash", "-l", "-c", "shopt -q login_shell && echo $$ $HOME $PATH"])
    assert (result.status, result.err) == (0, "")
    assert result.out == "2 /root /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"


def test_login_shell_on_a_terminal(box):
    shell = box.pty("--env PS1=@", ["/bin/bash", "-l"])
    shell.expect_exact(["@", "# "])
    assert "job control" not in shell.before and "ioctl" not in shell.before
    shell.sendline("PS1=@; test -t 0 && stty size >/dev/null && echo fine $$")
    shell.expect_exact("fine 2")
    shell.expect_exact("@")
    shell.sendline("echo sleep''ing; sleep 1000")
    shell.expect_exact("sleeping")
    # Before, bash itself may get the ^C, and then reads on while the sleep has the terminal.
    until(lambda: any(command_of(p) == "sleep 1000" for p in descendants_of(shell.pid)), "the program in the foreground")
    shell.sendintr()
    shell.expect_exact("@")
    shell.sendline("exit 9")
    shell.expect("logout")
    shell.wait()
    assert shell.exitstatus == 9


def test_dpkg_lists_its_packages(box, debian):
    result = box.run("", ["dpkg", "-l"])
    listed = re.findall(r"^ii  (\S+)", result.out, re.M)
    known = re.findall(r"^Package: (\S+)", (debian / "var/lib/dpkg/status").read_text(), re.M)
    assert result.status == 0 and sorted(name.split(":")[0] for name in listed) == sorted(known) and "bash" in known


def test_apt_get_says_its_version(box):
    result = box.run("", ["apt-get", "--version"])
    assert result.status == 0 and result.out.startswith("apt 2.6."), result


def test_apt_get_check(box):
    result = box.run("", ["apt-get", "check"])
    assert result.status == 0 and "Building dependency tree" in result.out and result.err == "", result


@pytest.fixture
def package(scratch):
    """A package with a script, as small as it can be."""
    if not shutil.which("dpkg-deb"):
        pytest.skip("needs dpkg-deb to make a package")
    tree = scratch / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "usr/share/nsinit-test").mkdir(parents=True)
    (tree / "usr/share/nsinit-test/file").write_text("installed\n")
    (tree / "DEBIAN/control").write_text("Package: nsinit-test\nVersion: 1\nArchitecture: all\nMaintainer: nobody\nDescription: test\n")
    (tree / "DEBIAN/postinst").write_text("#!/bin/sh\necho configured in process $$ of $(cat /proc/1/comm)\n")
    (tree / "DEBIAN/postinst").chmod(0o755)
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", tree, scratch / "test.deb"], check=True, capture_output=True)
    return scratch


def test_dpkg_installs_and_purges(box, package):
    result = box.run(f"--bind {package}:/mnt", ["dpkg", "-i", "/mnt/test.deb"])
    assert result.status == 0 and re.search(r"configured in process \d+ of nsinit\n", result.out), result
    assert (box.rootfs / "usr/share/nsinit-test/file").read_text() == "installed\n"
    assert box.run("", ["dpkg", "-P", "nsinit-test"]).status == 0
    assert not (box.rootfs / "usr/share/nsinit-test").exists()


def test_su_to_another_user(as_root):
    result = as_root.run(as_root.options, ["su", "-s", "/bin/sh", "nobody", "-c", "id -un; id -g; echo $HOME"])
    assert (result.status, result.out, result.err) == (0, "nobody\n65534\n/nonexistent\n", "")


def test_login_su(as_root):
    result = as_root.run(as_root.options, ["su", "-", "root", "-c", "shopt -q login_shell; echo $? $USER $PWD"])
    assert (result.status, result.out, result.err) == (0, "0 root /root\n", "")


def test_su_keeps_the_status_and_the_death_of_its_child(as_root):
    assert as_root.run(as_root.options, ["su", "nobody", "-s", "/bin/sh", "-c", "exit 33"]).status == 33


def test_setuid_su_asks_an_ordinary_user(as_root):
    """The setuid bit works inside: su starts as root, and only then refuses for want of a password."""
    result = as_root.run(f"{as_root.options} --user www-data", ["su", "-c", "id"])
    assert result.status == 1 and "Authentication failure" in result.err, result


def test_runuser_and_setpriv(as_root):
    assert as_root.run(as_root.options, ["runuser", "-u", "www-data", "--", "id", "-un"]).out == "www-data\n"
    assert as_root.run(as_root.options, ["setpriv", "--reuid=games", "--regid=games", "--init-groups", "id", "-un"]).out == "games\n"


def test_users_of_its_passwd(as_root):
    result = as_root.run(f"{as_root.options} --user www-data", ["bash", "-c", "id -u; id -g; id -G; echo $HOME"])
    assert (result.status, result.out) == (0, "33\n33\n33\n/var/www\n")


def test_users_agree_with_id(as_root, debian):
    """Every user of a real passwd file, with the groups that Debian's own id finds for it."""
    names = [line.split(":")[0] for line in (debian / "etc/passwd").read_text().splitlines()]
    script = "for name in $@; do echo $name $(id -u $name) $(id -g $name) $(id -G $name); done"
    wanted = as_root.run(as_root.options, ["sh", "-c", script, "sh", *names]).out.splitlines()
    assert len(wanted) == len(names) > 10
    script = "echo $0 $(id -u) $(id -g) $(id -G)"
    got = [as_root.run(f"{as_root.options} --user {name}", ["sh", "-c", script, name]).out.strip() for name in names]
    assert got == wanted


def test_su_for_a_single_id(nsinit, user, debian_of):
    """With one id there is nobody else to become: su says so and nothing hangs."""
    result = Box(nsinit, user, debian_of(user)).run("", ["su", "-s", "/bin/sh", "nobody", "-c", "id"])
    assert result.status != 0 and result.out == "" and result.err != ""


def test_orphans_of_its_daemons_are_reaped(box):
    script = "for i in 1 2 3 4 5 6 7 8 9; do (setsid sleep 0.0$i &); done; sleep 0.3; cat /proc/[0-9]*/stat | grep -c ' Z ' || true"
    result = box.run("", ["bash", "-c", script])
    assert (result.status, result.out) == (0, "0\n")


def test_conf_over_its_etc(box, scratch):
    (scratch / "hostname").write_text("debian-inside\n")
    (scratch / "resolv.conf").write_text("nameserver 192.0.2.1\n")
    (scratch / "hosts").write_text("192.0.2.2 name-of-conf\n")
    result = box.run(["--conf", scratch], ["bash", "-c", "hostname; cat /etc/resolv.conf; getent hosts name-of-conf"])
    assert (result.status, result.out.split()) == (0, "debian-inside nameserver 192.0.2.1 192.0.2.2 name-of-conf".split()), result
