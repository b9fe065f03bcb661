# SPDX-License-Identifier: MIT
"""Role run: what is mounted, /dev, the masks of /proc and /sys, binds, tmpfs, conf and the read-only root."""

import os
import stat
from pathlib import Path

import pytest
from containers import Box, one_line, own, small_root, snapshot
from harness import MS_REC, checked, descendants_of, libc

MASKED = ("kcore", "keys", "latency_stats", "timer_list", "timer_stats", "sched_debug", "scsi", "acpi")
GUARDED = ("bus", "fs", "irq", "sys", "sysrq-trigger")
NODES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}
LINKS = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2",
         "ptmx": "pts/ptmx"}
TIMES = {"relatime", "noatime", "nodiratime", "strictatime"}


@pytest.fixture
def box(nsinit, caller, rootfs):
    return Box(nsinit, caller, rootfs)


@pytest.fixture
def bare(nsinit, caller):
    return Box(nsinit, caller)


@pytest.fixture
def as_root(nsinit, root, rootfs_of):
    return Box(nsinit, root, rootfs_of(root))


@pytest.fixture
def as_user(nsinit, user, rootfs_of):
    return Box(nsinit, user, rootfs_of(user))


@pytest.fixture
def small(nsinit, caller, scratch, probe):
    """A root directory that the test may change."""
    root = small_root(scratch / "root", probe)
    own(root, caller.uid)
    return Box(nsinit, caller, root)


def words(text):
    return set(text.split(",")) - TIMES


def table(report):
    """{target: (type, options)} of the last mount on each target, which is the one that is seen."""
    return {m["target"]: (m["type"], words(m["options"])) for m in report["mounts"]}


def attributes(report, target):
    return table(report)[target][1]


def restricted(*more):
    return {"nosuid", "nodev", "noexec", *more}


# ---- the table of every rootfs ----


def expected_rows():
    return {
        "/proc": ("proc", restricted("rw")),
        "/sys": ("sysfs", restricted("ro")),
        "/sys/fs/cgroup": ("cgroup2", restricted("ro")),
        "/dev": ("tmpfs", {"rw", "nosuid", "noexec"}),
        "/dev/pts": ("devpts", {"rw", "nosuid", "noexec"}),
        "/dev/shm": ("tmpfs", restricted("rw")),
        "/dev/mqueue": ("mqueue", restricted("rw")),
        "/run": ("tmpfs", {"rw", "nosuid", "nodev"}),
        "/tmp": ("tmpfs", {"rw", "nosuid", "nodev"}),
    }


def masks_expected():
    """On this kernel, for root: {target: options}."""
    rows = {f"/proc/{name}": {"ro"} for name in GUARDED if Path("/proc", name).exists()}
    for name in MASKED:
        if Path("/proc", name).exists():
            rows[f"/proc/{name}"] = {"ro"} if Path("/proc", name).is_dir() else {"nosuid", "noexec"}
    return rows


def without_masks(seen):
    return {target: row for target, row in seen.items() if target.split("/")[1:3] not in
            [["proc", name] for name in (*MASKED, *GUARDED)] and target != "/sys/firmware"}


@pytest.mark.parametrize("net", ["", "--net none"])
def test_table_of_root(as_root, net):
    seen = without_masks(table(as_root.run(net, ["/bin/probe"]).report))
    root = seen.pop("/")
    assert "rw" in root[1]
    assert seen == expected_rows()


@pytest.mark.parametrize("net", ["", "--net none"])
def test_table_of_a_user(as_user, net):
    seen = without_masks(table(as_user.run(net, ["/bin/probe"]).report))
    del seen["/"]
    for name in NODES:
        assert seen.pop(f"/dev/{name}")[0] in ("devtmpfs", "tmpfs")
    below_sys = {target: seen.pop(target) for target in list(seen) if target.startswith("/sys/") and target != "/sys/fs/cgroup"}
    assert seen == expected_rows()
    assert net == "" or below_sys == {}
    for target, (_, options) in below_sys.items():
        assert restricted("ro") <= options, target  # the host's, recursively restricted


def test_each_target_is_mounted_once(as_root, as_user):
    for box, net in ((as_root, ""), (as_root, "--net none"), (as_user, "--net none")):
        targets = [m["target"] for m in box.run(net, ["/bin/probe"]).report["mounts"]]
        assert len(targets) == len(set(targets)), targets


def test_nothing_of_the_host_is_left_below(box):
    """The old root is gone: no mount names a path of it, and the root is the rootfs."""
    report = box.run("", ["/bin/probe"]).report
    root = [m for m in report["mounts"] if m["target"] == "/"]
    assert len(root) == 1 and root[0]["root"].endswith(f"/{box.rootfs.name}"), root
    assert box.sh("", "cd /.. && pwd && echo *").out.split()[1:] == sorted(os.listdir(box.rootfs))


def test_mounts_are_private(box):
    assert all(m["propagation"] == [] for m in box.run("", ["/bin/probe"]).report["mounts"])


def test_super_block_options(box):
    seen = {m["target"]: m["super"].split(",") for m in box.run("", ["/bin/probe"]).report["mounts"]}
    assert "mode=755" in seen["/dev"] and "mode=755" in seen["/run"]
    assert {"mode=620", "ptmxmode=666"} <= set(seen["/dev/pts"])
    assert ("gid=5" in seen["/dev/pts"]) == (box.caller.uid == 0)


def test_modes_of_mount_points(box):
    script = "stat -c '%a %u:%g' / /dev /dev/pts /dev/shm /dev/mqueue /run /tmp"
    assert box.sh("", script).out.splitlines() == [
        "755 0:0", "755 0:0", "755 0:0", "1777 0:0", "1777 0:0", "755 0:0", "1777 0:0"]


@pytest.mark.parametrize("share, gone", [("ipc", "/dev/mqueue"), ("cgroup", "/sys/fs/cgroup")])
def test_no_file_system_of_a_shared_namespace_is_mounted_anew(as_root, share, gone):
    seen = without_masks(table(as_root.run(f"--share {share}", ["/bin/probe"]).report))
    assert set(seen) == {"/", *expected_rows()} - {gone}


def test_proc_is_of_the_new_namespaces(box):
    assert box.sh("--net none", "cat /proc/self/net/dev | tail -n +3").out.split(":")[0].strip() == "lo"
    assert box.sh("", "echo /proc/[0-9]*").out == "/proc/1 /proc/2\n"


def test_sys_shows_the_network_of_the_container(box):
    assert box.sh("--net none", "ls /sys/class/net").out == "lo\n"
    assert sorted(box.sh("", "ls /sys/class/net").out.split()) == sorted(os.listdir("/sys/class/net"))


def test_sys_and_cgroup_cannot_be_written(box):
    for path in ("/sys/kernel/mm/transparent_hugepage/enabled", "/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/new"):
        result = box.sh("", f"echo 1 >{path}")
        assert result.status != 0 and ("Read-only" in result.err or "Permission" in result.err or "nonexistent" in result.err), result
    assert "Read-only" in box.sh("", "mkdir /sys/fs/cgroup/new").err


def test_cgroup_shows_a_root_of_its_own(box):
    assert set(box.sh("", "sed 's/.*:.*:/:/' /proc/self/cgroup | sort -u").out.split()) == {":/"}


# ---- without a rootfs ----


@pytest.mark.parametrize("options, added", [
    ("", ["/proc"]),
    ("--net none", ["/proc", "/sys"]),
    ("--share ipc", ["/proc"]),
])
def test_hosts_root_gets_only_what_a_new_namespace_needs(bare, probe, options, added):
    before = bare.caller.run([probe]).report["mounts"]
    after = bare.run(options, [probe]).report["mounts"]
    mqueue = ["/dev/mqueue"] if Path("/dev/mqueue").is_dir() and "ipc" not in options else []
    assert sorted(m["target"] for m in after) == sorted([m["target"] for m in before] + added + mqueue)
    expected = expected_rows()
    for target in added + mqueue:
        assert table({"mounts": after})[target] == expected[target]


def test_hosts_root_is_what_it_was(bare):
    for path in ("/", "/etc", "/bin"):
        assert sorted(bare.sh("", f"ls -A {path}").out.split()) == sorted(os.listdir(path))


# ---- /dev ----


def test_device_nodes(box):
    result = box.sh("", "cd /dev && for n in *; do stat -c '%n %F %t %T %a' $n; done")
    lines = {line.split()[0]: " ".join(line.split()[1:]) for line in result.out.splitlines()}
    for name, (major, minor) in NODES.items():
        assert lines.pop(name) == f"character special file {major:x} {minor:x} 666"
    for name in LINKS:
        assert lines.pop(name).startswith("symbolic link")
    assert sorted(lines) == ["mqueue", "pts", "shm"] and all(line.startswith("directory") for line in lines.values())


def test_device_links(box):
    names = " ".join(LINKS)
    assert box.sh("", f"cd /dev && for n in {names}; do readlink $n; done").out.splitlines() == list(LINKS.values())


def test_devices_work(box):
    script = "echo x >/dev/null && head -c 3 /dev/zero | od -An -tx1 && head -c 16 /dev/urandom | wc -c && head -c 1 /dev/random | wc -c"
    assert box.sh("", script).out.split() == ["00", "00", "00", "16", "1"]
    assert "No space left" in box.sh("", "echo x >/dev/full").err
    assert box.sh("", "(echo via >/dev/stdout) | cat; cat /dev/fd/0 </etc/group | head -1").out == "via\nroot:x:0:\n"


def test_pseudo_terminals_work_and_are_the_containers_own(box):
    terminal = os.openpty()  # one of the host, so that a shared devpts would show it
    result = box.sh("", "ls /dev/pts; exec 3<>/dev/ptmx; ls /dev/pts; stat -c '%F %a' /dev/pts/0")
    assert result.out.splitlines() == ["ptmx", "0", "ptmx", "character special file 620"], result
    for fd in terminal:
        os.close(fd)


def test_shared_memory_and_queues_work(box):
    assert box.sh("", "echo x >/dev/shm/a && cat /dev/shm/a && ls -A /dev/mqueue").out == "x\n"


def test_no_other_device_can_be_made_by_a_user(as_user):
    result = as_user.sh("", "mknod /dev/kmsg c 1 11")
    assert result.status != 0 and "not permitted" in result.err


# ---- masks: for root; a user namespace has the kernel's own guard ----


def test_masked_files_are_the_null_device(as_root):
    names = [name for name in MASKED if Path("/proc", name).is_file()]
    assert names, "no file to mask on this kernel"
    script = "".join(f"stat -L -c '%F %t %T' /proc/{name}; cat /proc/{name};" for name in names)
    assert as_root.sh("", script).out.splitlines() == ["character special file 1 3"] * len(names)


def test_masked_directories_are_empty_and_read_only(as_root):
    names = [name for name in MASKED if Path("/proc", name).is_dir()]
    assert names, "no directory to mask on this kernel"
    for name in names:
        assert as_root.sh("", f"ls -A /proc/{name}").out == ""
        assert "Read-only" in as_root.sh("", f"touch /proc/{name}/x").err


def test_guarded_parts_of_proc_are_read_only(as_root):
    names = [name for name in GUARDED if Path("/proc", name).exists()]
    seen = table(as_root.run("", ["/bin/probe"]).report)
    for name in names:
        assert seen[f"/proc/{name}"] == ("proc", restricted("ro"))
    assert "Read-only" in as_root.sh("", "echo x >/proc/sys/kernel/hostname").err
    assert "Read-only" in as_root.sh("", "echo x >/proc/sys/kernel/core_pattern").err


def test_every_mask_is_there(as_root):
    seen = table(as_root.run("", ["/bin/probe"]).report)
    for target, options in masks_expected().items():
        assert options <= seen[target][1], target


def test_firmware_is_masked(as_root, as_user):
    if not os.listdir("/sys/firmware"):
        pytest.skip("this machine shows nothing in /sys/firmware")
    for box in (as_root, as_user):
        for net in ("", "--net none"):
            assert box.sh(net, "ls -A /sys/firmware").out == "", (box.caller.name, net)


def test_a_user_cannot_write_what_is_not_masked_for_it(as_user):
    for path in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/sys/kernel/panic"):
        assert as_user.sh("", f"test -w {path} && echo x >{path}").status != 0


def test_masks_do_not_come_from_the_rootfs(nsinit, root, scratch, probe):
    """CVE-2025-31133: /dev/null of the image leads to what a mask must not show."""
    path = small_root(scratch / "root", probe)
    (path / "dev/null").symlink_to("/proc/sys/kernel/core_pattern")
    result = Box(nsinit, root, path).sh("", "stat -c '%F %t %T' /proc/keys /dev/null")
    assert result.out.splitlines() == ["character special file 1 3"] * 2


# ---- bind and volume ----


@pytest.fixture
def source(scratch, caller, probe):
    path = scratch / "source"
    (path / "sub").mkdir(parents=True)
    (path / "file").write_text("content\n")
    (path / "sub/deep").write_text("deep\n")
    (path / "probe").write_bytes(Path(probe).read_bytes())
    (path / "probe").chmod(0o4755)
    own(path, caller.uid)
    return path


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


# ---- tmpfs ----


def test_tmpfs(box):
    result = box.sh("--tmpfs /mnt", "stat -f -c %T /mnt; stat -c %a /mnt; ls -A /mnt; echo x >/mnt/x && cat /mnt/x")
    assert (result.status, result.out) == (0, "tmpfs\n1777\nx\n")
    assert attributes(box.run("--tmpfs /mnt", ["/bin/probe"]).report, "/mnt") == {"rw", "nosuid", "nodev"}
    assert not (box.rootfs / "mnt/x").exists()


def test_tmpfs_size_and_mode(box):
    result = box.sh("--tmpfs /mnt:size=1m,mode=700",
                    "stat -c %a /mnt; stat -f -c '%S %b' /mnt; head -c 2000000 /dev/zero >/mnt/x; stat -c %s /mnt/x")
    mode, fragment, blocks, written = result.out.split()
    assert (mode, int(fragment) * int(blocks), int(written)) == ("700", 1 << 20, 1 << 20)


def test_tmpfs_hides_what_was_there_only_inside(box):
    assert box.sh("--tmpfs /etc", "ls -A /etc").out == ""
    assert "passwd" in os.listdir(box.rootfs / "etc")


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


# ---- read-only root ----


def test_read_only_root(small, source):
    before = snapshot(small.rootfs)
    result = small.sh("--read-only", "for f in /x /etc/x /bin/x; do touch $f; done; touch /tmp/x /run/x /dev/shm/x && echo memory")
    assert result.out == "memory\n" and result.err.count("Read-only file system") == 3
    assert "ro" in attributes(small.run("--read-only", ["/bin/probe"]).report, "/")
    assert snapshot(small.rootfs) == before


def test_read_only_root_with_writable_volume(small, source):
    assert small.sh(f"--read-only --bind {source}:/mnt", "echo x >/mnt/made; touch /x").status != 0
    assert (source / "made").read_text() == "x\n"


def test_root_is_writable_otherwise(small):
    assert small.sh("", "echo x >/made").status == 0
    assert (small.rootfs / "made").read_text() == "x\n"


@pytest.mark.parametrize("options", ["", "--read-only"])
def test_hosts_root_as_rootfs(nsinit, caller, options):
    """Which is what the message for --read-only without --rootfs advises."""
    result = Box(nsinit, caller, "/").sh(options, "echo /proc/[0-9]*; ls -A /tmp; cat /proc/self/mountinfo")
    assert (result.status, result.err) == (0, ""), result
    processes, *mounts = result.out.splitlines()
    assert processes.split()[:2] == ["/proc/1", "/proc/2"]
    [root] = [words(fields[5]) for fields in (line.split() for line in mounts) if fields[4] == "/"]
    assert ("ro" in root) == (options != "")


def test_rootfs_that_is_the_current_directory(box):
    assert Box(box.nsinit, box.caller, ".").run("", ["/bin/probe"], cwd=box.rootfs).report["cwd"] == "/"
    assert Box(box.nsinit, box.caller, "..//" + box.rootfs.name + "/").run("", ["/bin/probe"], cwd=box.rootfs).report["cwd"] == "/"


def test_rootfs_that_is_a_link(box, scratch):
    (scratch / "link").symlink_to(box.rootfs)
    assert Box(box.nsinit, box.caller, scratch / "link").run("", ["/bin/probe"]).report["cwd"] == "/"


@pytest.fixture
def mounted_root(small, own_world):
    """A rootfs that is itself a mount, as an image is, with a mount in it."""
    if os.geteuid() != 0:
        pytest.skip("needs root: the rootfs is mounted")
    path = bytes(small.rootfs)
    checked("mount", path, path, None, 0x1000 | MS_REC, None)
    checked("mount", b"tmpfs", path + b"/mnt", b"tmpfs", 0, b"mode=777")
    (small.rootfs / "mnt/below").write_text("below\n")
    yield small
    checked("umount2", path + b"/mnt", 2)
    checked("umount2", path, 2)


def test_rootfs_that_is_a_mount_brings_the_mounts_below(mounted_root):
    assert mounted_root.sh("", "cat /mnt/below").out == "below\n"
    assert mounted_root.sh("--read-only", "cat /mnt/below; touch /x; touch /mnt/x").err.count("Read-only") == 1


# ---- propagation, both ways ----


def test_mounts_of_the_host_do_not_come_in_later(box, scratch):
    if os.geteuid() != 0:
        pytest.skip("needs root: something is mounted on the host")
    (scratch / "late").mkdir()
    for variant, program in ((box, "/bin/probe"), (Box(box.nsinit, box.caller), Path(box.nsinit).with_name("probe"))):
        with variant.sleeping("", [program, "sleep"]) as running:
            checked("mount", b"tmpfs", bytes(scratch / "late"), b"tmpfs", 0, None)
            inside = Path(f"/proc/{running.pid1}/mountinfo").read_text()
            libc.umount2(bytes(scratch / "late"), 2)
            assert "late" not in inside


def test_mounts_inside_do_not_come_out(box, source):
    before = Path("/proc/thread-self/mountinfo").read_text()
    with box.sleeping(f"--tmpfs /mnt --bind {source}:/opt") as running:
        assert Path("/proc/thread-self/mountinfo").read_text() == before
        inside = Path(f"/proc/{running.pid1}/mountinfo").read_text()
        assert " /opt " in inside and " /mnt " in inside
        assert running.pid1 in descendants_of(running.launcher.pid)
