# SPDX-License-Identifier: MIT
"""Role run: what of the host is bound into a container, by --bind, --volume and --conf."""

import os
import stat
from pathlib import Path

import pytest
from containers import attributes, one_line, restricted, snapshot, table
from harness import checked


# ---- bind and volume ----


@pytest.fixture(params=["--bind", "--volume"])
def option(request):
    return request.param


def test_directory_appears_writable(box, source, option):
    result = box.sh([option, f"{source}:/mnt"], "cat /mnt/file /mnt/sub/deep && echo new >/mnt/made")
    assert (result.status, result.out) == (0, "content\ndeep\n")
    assert (source / "made").read_text() == "new\n" and (source / "made").stat().st_uid == box.caller.uid


def test_file_appears_writable(box, source, option):
    result = box.sh([option, f"{source}/file:/etc/issue"], "cat /etc/issue; echo more >>/etc/issue")
    assert (result.status, result.out) == (0, "content\n")
    assert (source / "file").read_text() == "content\nmore\n"


def test_same_path_without_a_target(box, source, option):
    result = box.sh([option, str(source)], f"cat {source}/file")
    assert (result.status, result.out) == (0, "content\n")


@pytest.mark.parametrize("words_, expected", [
    ("ro", {"ro"}), ("rw", {"rw"}), ("nosuid", {"rw", "nosuid"}), ("nodev", {"rw", "nodev"}), ("noexec", {"rw", "noexec"}),
    ("ro,nosuid,nodev,noexec", restricted("ro")), ("rec", {"rw"}), ("norec", {"rw"}), ("norec,ro", {"ro"}),
])
def test_options_of_a_bind(box, source, words_, expected):
    report = box.run(f"--bind {source}:/mnt:{words_} --bind {source}/file:/etc/issue:{words_}", ["/bin/probe"]).report
    base = attributes(box.run(f"--bind {source}:/mnt", ["/bin/probe"]).report, "/mnt") - {"rw"}
    assert attributes(report, "/mnt") == attributes(report, "/etc/issue") == expected | base


@pytest.mark.parametrize("words_", ["ro", "ro,norec"])
def test_read_only_bind_cannot_be_written(box, source, words_):
    before = snapshot(source)
    options = f"--bind {source}:/mnt:{words_} --bind {source}/file:/etc/issue:{words_}"
    for script in ("echo x >/mnt/made", "echo x >>/mnt/file", "rm /mnt/file", "chmod 777 /mnt", "echo x >/mnt/sub/made",
                   "echo x >>/etc/issue"):
        result = box.sh(options, script)
        assert result.status != 0 and "Read-only file system" in result.err, result
    assert snapshot(source) == before


def test_read_only_bind_stays_so(box, source):
    result = box.sh(f"--bind {source}:/mnt:ro", "mount -o remount,bind,rw /mnt; umount /mnt; echo x >/mnt/made")
    assert result.status != 0 and "Read-only" in result.err and not (source / "made").exists(), result


def test_noexec_bind(box, source):
    one_line(box.run(f"--bind {source}:/mnt:noexec", ["/mnt/probe"]), 126, "/mnt/probe", "Permission denied")
    assert box.run(f"--bind {source}:/mnt", ["/mnt/probe", "exit", "6"]).status == 6


def test_nosuid_bind(as_root, source):
    os.chown(source / "probe", 4321, 4321)
    os.chmod(source / "probe", 0o6755)
    assert as_root.run(f"--bind {source}:/mnt:nosuid", ["/mnt/probe"]).report["euid"] == 0
    assert as_root.run(f"--bind {source}:/mnt", ["/mnt/probe"]).report["euid"] == 4321  # the control


def test_nodev_bind(as_root, source):
    os.mknod(source / "zero", stat.S_IFCHR | 0o666, os.makedev(1, 5))
    assert as_root.sh(f"--bind {source}:/mnt", "head -c1 /mnt/zero | wc -c").out == "1\n"  # the control
    assert "Permission denied" in as_root.sh(f"--bind {source}:/mnt:nodev", "head -c1 /mnt/zero").err


@pytest.fixture
def with_submount(source, own_world):
    """source/sub holds a mount, tmpfs, with a file `inner`."""
    if os.geteuid() != 0:
        pytest.skip("needs root: something is mounted below the source")
    checked("mount", b"tmpfs", bytes(source / "sub"), b"tmpfs", 0, b"mode=777")
    (source / "sub/inner").write_text("inner\n")
    yield source
    checked("umount2", bytes(source / "sub"), 2)


@pytest.mark.parametrize("words_", ["", ":rec", ":rw,rec", ":ro"])
def test_recursive_bind_brings_the_mounts_below(box, with_submount, words_):
    result = box.sh(f"--bind {with_submount}:/mnt{words_}", "cat /mnt/sub/inner; ls /mnt/sub")
    assert (result.status, result.out) == (0, "inner\ninner\n")


def test_restriction_of_a_recursive_bind_reaches_the_mounts_below(box, with_submount):
    result = box.sh(f"--bind {with_submount}:/mnt:ro", "echo x >/mnt/sub/inner")
    assert result.status != 0 and "Read-only" in result.err
    report = box.run(f"--bind {with_submount}:/mnt:ro,nosuid,nodev,noexec", ["/bin/probe"]).report
    assert restricted("ro") <= attributes(report, "/mnt/sub")
    assert (with_submount / "sub/inner").read_text() == "inner\n"
    (with_submount / "sub/inner").write_text("the host's mount is as it was\n")


def test_norec_bind_leaves_the_mounts_below(as_root, with_submount):
    result = as_root.sh(f"--bind {with_submount}:/mnt:norec", "ls /mnt/sub")
    assert (result.status, result.out) == (0, "deep\n")


def test_norec_bind_may_not_uncover_what_a_mount_hides_from_a_user(as_user, with_submount):
    one_line(as_user.run(f"--bind {with_submount}:/mnt:norec", ["/bin/true"]), 125, f"--bind {with_submount}", "leave norec out")


def test_targets_are_made(small, source):
    result = small.sh(f"--bind {source}:/a/b/dir --bind {source}/file:/c/d/file --tmpfs /e/f --bind {source}/file:/etc/new",
                      "cat /a/b/dir/file /c/d/file /etc/new; stat -c %F /e/f")
    assert (result.status, result.out) == (0, "content\n" * 3 + "directory\n")
    root = small.rootfs
    assert (root / "a/b/dir").is_dir() and (root / "c/d/file").read_bytes() == b"" and (root / "e/f").is_dir()
    for made in ("a", "a/b", "a/b/dir", "c/d", "e/f"):
        info = (root / made).stat()
        assert (stat.S_IMODE(info.st_mode), info.st_uid) == (0o755, small.caller.uid), made
    assert stat.S_IMODE((root / "c/d/file").stat().st_mode) == 0o644


@pytest.mark.parametrize("target", ["/made/", "/made//deep//", "//made", "/./made/.", "/mnt/..{}/made"])
def test_targets_are_made_however_they_are_written(small, source, scratch, target):
    target = target.format(scratch / "etc")  # where a target that left the root would do no harm
    result = small.sh(f"--bind {source}/:{target}", f"cat {target}/file")
    assert (result.status, result.out) == (0, "content\n"), result
    result = small.sh(f"--tmpfs {target}", f"ls -A {target}; stat -f -c %T {target}")
    assert (result.status, result.out) == (0, "tmpfs\n"), result


def test_targets_in_memory_leave_the_rootfs_alone(small, source):
    before = snapshot(small.rootfs)
    options = f"--bind {source}:/run/a/b --bind {source}/file:/tmp/file --bind {source}:/dev/x"
    result = small.sh(options, "cat /run/a/b/file /tmp/file /dev/x/file")
    assert (result.status, result.out) == (0, "content\n" * 3)
    assert snapshot(small.rootfs) == before


def test_mounts_come_in_the_order_given(box, source):
    result = box.sh(f"--tmpfs /mnt --bind {source}:/mnt/in --tmpfs /mnt/in/sub", "ls /mnt; cat /mnt/in/file; ls -A /mnt/in/sub")
    assert (result.status, result.out) == (0, "in\ncontent\n")
    assert box.sh(f"--bind {source}:/mnt --tmpfs /mnt", "ls -A /mnt").out == ""


def test_sources_are_the_hosts_whatever_is_mounted(box, source):
    """A source below the rootfs, and one on the way to it, are those of before."""
    assert box.sh(f"--tmpfs /mnt --bind {box.rootfs}/etc:/mnt/etc", "cat /mnt/etc/passwd").out == (box.rootfs / "etc/passwd").read_text()


def test_relative_source(box, source):
    assert box.sh("--bind source:/mnt --bind source/file:/etc/issue", "cat /mnt/file /etc/issue", cwd=source.parent).out == "content\n" * 2


def test_source_that_is_a_link_or_a_device(box, source):
    (source.parent / "link").symlink_to("source")
    result = box.sh(f"--bind {source.parent}/link:/mnt --bind /dev/null:/etc/nothing", "cat /mnt/file; stat -c '%F %t %T' /etc/nothing")
    assert result.out == "content\ncharacter special file 1 3\n"


def test_bind_on_the_hosts_root(bare, source, scratch):
    (scratch / "target").mkdir()
    (scratch / "plain").write_text("below\n")
    options = f"--bind {source}:{scratch}/target:ro --bind {source}/file:{scratch}/plain"
    result = bare.sh(options, f"cat {scratch}/target/file {scratch}/plain")
    assert (result.status, result.out) == (0, "content\n" * 2)
    assert os.listdir(scratch / "target") == [] and (scratch / "plain").read_text() == "below\n"


def test_target_on_the_hosts_root_is_never_made(bare, source, scratch):
    one_line(bare.run(f"--bind {source}:{scratch}/none", ["true"]), 125, "--bind", f"{scratch}/none", "No such file", "create it")
    one_line(bare.run(f"--tmpfs {scratch}/none", ["true"]), 125, "--tmpfs", f"{scratch}/none", "No such file", "create it")
    assert not (scratch / "none").exists()


def test_many_mounts(box, source):
    options = [word for i in range(200) for word in ("--bind", f"{source}/file:/tmp/{i}")]
    assert box.sh(options, "cat /tmp/* | sort | uniq -c").out.split() == ["200", "content"]


# ---- conf ----


@pytest.fixture
def conf(scratch):
    path = scratch / "conf"
    path.mkdir()
    (path / "hosts").write_text("127.0.0.1 localhost inside\n")
    (path / "hostname").write_text("# a comment\n\nnamed-by-conf\n")
    (path / "resolv.conf").write_text("nameserver 192.0.2.1\n")
    (path / "extra").write_text("any other file\n")
    (path / "directory").mkdir()
    return path


def test_conf(small, conf):
    result = small.sh(["--conf", conf], "hostname; cd /etc; cat hosts resolv.conf extra hostname; ls")
    assert result.out == ("named-by-conf\n127.0.0.1 localhost inside\nnameserver 192.0.2.1\nany other file\n# a comment\n\nnamed-by-conf\n"
                          "extra\ngroup\nhostname\nhosts\npasswd\nresolv.conf\n"), result


def test_conf_is_read_only(small, conf):
    before = snapshot(conf)
    seen = table(small.run(["--conf", conf], ["/bin/probe"]).report)
    for name in ("hosts", "hostname", "resolv.conf", "extra"):
        assert restricted("ro") <= seen[f"/etc/{name}"][1]
        assert "Read-only" in small.sh(["--conf", conf], f"echo x >/etc/{name}").err
    assert snapshot(conf) == before


def test_conf_yields_to_hostname(small, conf):
    assert small.sh(["--hostname", "given", "--conf", conf], "hostname").out == "given\n"
    assert small.sh(["--conf", conf, "--hostname", "given"], "hostname").out == "given\n"


def test_conf_follows_its_own_links(small, conf, scratch):
    (scratch / "elsewhere").write_text("nameserver 192.0.2.9\n")
    (conf / "resolv.conf").unlink()
    (conf / "resolv.conf").symlink_to("../elsewhere")
    assert small.sh(["--conf", conf], "cat /etc/resolv.conf").out == "nameserver 192.0.2.9\n"


@pytest.mark.parametrize("link", ["../run/systemd/resolve/stub-resolv.conf", "/run/resolvconf/resolv.conf", "/mnt/a/b/c", "real"])
def test_conf_through_a_dangling_link_of_the_rootfs(small, conf, link):
    """What Debian and Ubuntu images have as /etc/resolv.conf."""
    (small.rootfs / "etc/resolv.conf").symlink_to(link)
    script = "cat /etc/resolv.conf; readlink /etc/resolv.conf"
    result = small.sh(["--conf", conf], script, ids=False, setup=small.caller_with_empty(["/run"]))
    assert (result.status, result.out) == (0, f"nameserver 192.0.2.1\n{link}\n"), result


def test_conf_makes_etc(small, conf):
    for name in os.listdir(small.rootfs / "etc"):
        (small.rootfs / "etc" / name).unlink()
    (small.rootfs / "etc").rmdir()
    assert small.sh(["--conf", conf], "cat /etc/extra").out == "any other file\n"


def test_conf_on_the_hosts_root(bare, scratch):
    conf = scratch / "conf"
    conf.mkdir()
    (conf / "hosts").write_text("192.0.2.7 only-inside\n")
    before = Path("/etc/hosts").read_text()
    assert bare.sh(["--conf", conf], "cat /etc/hosts").out == "192.0.2.7 only-inside\n"
    assert Path("/etc/hosts").read_text() == before
