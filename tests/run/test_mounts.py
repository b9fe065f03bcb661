# SPDX-License-Identifier: MIT
"""Role run: what is mounted, /dev, the masks of /proc and /sys, tmpfs and the read-only root."""

import os
from pathlib import Path

import pytest
from containers import Box, attributes, restricted, small_root, snapshot, table, words
from harness import MS_REC, checked, descendants_of, libc

MASKED = ("kcore", "keys", "latency_stats", "timer_list", "timer_stats", "sched_debug", "scsi", "acpi")
GUARDED = ("bus", "fs", "irq", "sys", "sysrq-trigger")
NODES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}
LINKS = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2",
         "ptmx": "pts/ptmx"}


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
