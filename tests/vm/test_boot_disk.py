# SPDX-License-Identifier: MIT
"""
A machine with a disk: found by what is on it, mounted, made the root, and left clean. mkfs.ext4 fills a file system from a
directory, so nothing here needs a mount.
"""

import re
import shutil
import struct
import subprocess
import uuid
import zlib

import pytest
from guests import BUILD, Machine, booted, files, module, static_busybox, tool

pytestmark = pytest.mark.xdist_group("boot-disk")

DRIVERS = ["virtio_ring", "virtio", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci", "virtio_blk", "overlay"]
ROOT_UUID, DATA_UUID = "11111111-2222-3333-4444-555555555555", "99999999-8888-7777-6666-555555555555"
PART_UUID = uuid.UUID(int=0x0123456789abcdef0123456789abcdef)
LOOK = """#!/bin/sh
while read -r from where type options _; do echo "mount $from $where $type $options"; done </proc/mounts
echo "name $(hostname)"
echo "init $(cat /proc/1/cmdline | tr '\\0' ' ')"
while read -r key kib _; do echo "memory $key $kib"; done </proc/meminfo
echo "left $(ls / | tr '\\n' ' ')"
echo "seed $(wc -c </var/lib/nsinit/seed) $(md5sum </var/lib/nsinit/seed | cut -c1-32)"
touch /written && echo "writable"
exit 12
"""


def drivers(**others):
    tree = files(**{f"lib/{name}.ko": module(name) for name in DRIVERS})
    tree["etc/nsinit/modules"] = "".join(f"/lib/{name}.ko\n" for name in DRIVERS)
    tree.update(others)
    return tree


def tree_for_root(path, init=True, **others):
    """A root directory: busybox, nsinit as /sbin/init, LOOK as /look."""
    for name in ("bin", "sbin", "etc", "proc", "sys", "dev", "run", "tmp", "data", "var/lib/nsinit"):
        (path / name).mkdir(parents=True)
    shutil.copy(static_busybox(), path / "bin/busybox")
    for applet in ("sh", "cat", "ls", "tr", "hostname", "wc", "md5sum", "cut", "touch", "mount", "sync", "sleep", "echo"):
        (path / "bin" / applet).symlink_to("busybox")
    if init:
        shutil.copy(BUILD / "nsinit", path / "sbin/init")
    for name, text in {"look": LOOK, "etc/hostname": "of-the-disk\n", **others}.items():
        (path / name).write_text(text)
        (path / name).chmod(0o755)
    return path


def ext4(path, size, *options):
    path.write_bytes(b"")
    with open(path, "r+b") as file:
        file.truncate(size << 20)
    subprocess.run([tool("mkfs.ext4", "e2fsprogs"), "-q", *options, path], check=True)
    return path


def disk(path):
    return ["-drive", f"file={path},format=raw,if=virtio,cache=unsafe"]


def file_in(image, path):
    shown = subprocess.run([tool("debugfs", "e2fsprogs"), "-R", f"cat {path}", image], capture_output=True, check=True)
    return shown.stdout


def is_clean(image):
    head = subprocess.run([tool("dumpe2fs", "e2fsprogs"), "-h", image], capture_output=True, text=True, check=True).stdout
    return re.search(r"Filesystem state: +clean\n", head) and "needs_recovery" not in head


@pytest.fixture(scope="module")
def switched(tmp_path_factory):
    """From an initramfs of some size to a disk, by its label; the disk's own fstab makes it writable and mounts another."""
    path = tmp_path_factory.mktemp("switched")
    fstab = (f"# a comment\n/dev/vda / ext4 rw,noatime 0 1\nUUID={DATA_UUID} /data auto nosuid,nofail 0 2\n"
             "tmpfs /run/a\\040b tmpfs size=1m\nonly-one-word\n/dev/vdx /data ext4 nofail\nLABEL=none /data ext4 noauto\n"
             "/dev/vdb /nowhere ext4 defaults\n")
    root = ext4(path / "root.img", 32, "-L", "the-root", "-U", ROOT_UUID, "-d", tree_for_root(path / "root", **{"etc/fstab": fstab}))
    data = ext4(path / "data.img", 4, "-U", DATA_UUID)
    machine = booted(path, drivers(ballast=bytes(64 << 20)), "root=LABEL=the-root -- /look", options=[*disk(root), *disk(data)])
    machine.root, machine.data = root, data
    return machine


def test_the_status_of_a_program_on_the_disk(switched):
    assert switched.status == 12


@pytest.mark.parametrize("line", [
    "name of-the-disk", "init /sbin/init /look .*", "mount /dev/vda / ext4 rw,noatime", "mount /dev/vdb /data ext4 rw,nosuid,relatime",
    "mount devtmpfs /dev devtmpfs .*", "mount proc /proc proc .*", "writable",
    "left bin data dev etc look lost.found proc run sbin sys tmp var ",
    "nsinit: /etc/fstab line 5: only-one-word: no place to mount it on; .*",
    "nsinit: /etc/fstab line 8: /nowhere: No such file or directory",
])
def test_what_a_program_finds_there(switched, line):
    switched.line(line)


def test_a_wrong_line_is_not_in_the_way_of_others(switched):
    assert len(re.findall("^nsinit: /etc/fstab", switched.console, re.M)) == 3  # the third: /run/a b is not there


def test_the_memory_of_the_initramfs_is_free_again(switched):
    """An initramfs is a ramfs, whose pages are not evictable, or a tmpfs."""
    kinds = [int(switched.line(rf"memory {kind}: (\d+)").group(1)) for kind in ("Unevictable", "Shmem")]
    assert sum(kinds) < 16 << 10


def test_the_disks_are_clean(switched):
    assert is_clean(switched.root) and is_clean(switched.data)
    assert file_in(switched.root, "/written") == b""


def test_a_seed_is_kept_and_changes(switched):
    """Written at the end of the first run, used and replaced at the start of the second."""
    first = file_in(switched.root, "/var/lib/nsinit/seed")
    assert len(first) == 256 and first != bytes(256)
    machine = booted(switched.root.parent, drivers(), "root=LABEL=the-root -- /look", options=[*disk(switched.root), *disk(switched.data)])
    size, during = machine.line(r"seed (\d+) (\w+)").groups()
    last = file_in(switched.root, "/var/lib/nsinit/seed")
    assert size == "256" and last != first and len(last) == 256
    assert during not in (md5(first), md5(last))


def md5(data):
    return subprocess.run(["md5sum"], input=data, capture_output=True, check=True).stdout.split()[0].decode()


def partitioned(path, image, kind):
    """A disk with the image as its second partition, by hand: a GPT, or a DOS table."""
    data, start = image.read_bytes(), 2048
    sectors = start + len(data) // 512 + 64
    table = bytearray(sectors * 512)
    table[start * 512:start * 512 + len(data)] = data
    table[510:512] = b"\x55\xaa"
    last = start + len(data) // 512 - 1
    if kind == "dos":
        table[440:444] = struct.pack("<I", 0xdeadbeef)
        table[446:462] = struct.pack("<B3sB3sII", 0, b"", 0x83, b"", 64, 64)
        table[462:478] = struct.pack("<B3sB3sII", 0, b"", 0x83, b"", start, len(data) // 512)
    else:
        table[446:462] = struct.pack("<B3sB3sII", 0, b"", 0xee, b"", 1, sectors - 1)
        linux = uuid.UUID("0fc63daf-8483-4772-8e79-3d69d8477de4").bytes_le
        entries = bytearray(128 * 128)
        entries[0:128] = struct.pack("<16s16sQQQ72s", linux, uuid.uuid4().bytes_le, 64, 127, 0, b"")
        entries[128:256] = struct.pack("<16s16sQQQ72s", linux, PART_UUID.bytes_le, start, last, 0, b"")
        head = bytearray(struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, 0, 0, 1, sectors - 1, 34, sectors - 34,
                                     uuid.uuid4().bytes_le, 2, 128, 128, zlib.crc32(entries)))
        head[16:20] = struct.pack("<I", zlib.crc32(head))
        table[512:512 + len(head)] = head
        table[1024:1024 + len(entries)] = entries
    path.write_bytes(table)
    return path


@pytest.mark.parametrize("kind, spec", [
    ("gpt", f"PARTUUID={PART_UUID}"), ("dos", "PARTUUID=DEADBEEF-02"), ("gpt", f"UUID={ROOT_UUID.upper()}"),
])
def test_a_partition_by_its_number(tmp_path, kind, spec):
    """And a root without an init of its own: nsinit goes on as that, though its file is gone."""
    image = ext4(tmp_path / "root.img", 16, "-U", ROOT_UUID, "-d", tree_for_root(tmp_path / "root", init=False))
    whole = partitioned(tmp_path / "disk.img", image, kind)
    machine = booted(tmp_path, drivers(), f"root={spec} -- /look", options=disk(whole))
    assert machine.status == 12
    machine.line("mount /dev/vda2 / ext4 ro,.*")
    assert not re.search("^writable$", machine.console, re.M)


def test_an_ephemeral_root_forgets(tmp_path):
    image = ext4(tmp_path / "root.img", 16, "-d", tree_for_root(tmp_path / "root"))
    before = image.read_bytes()
    machine = booted(tmp_path, drivers(), "root=/dev/vda nsinit.ephemeral -- /look", options=disk(image))
    assert machine.status == 12
    machine.line("mount overlay / overlay rw,.*")
    machine.line("writable")
    assert image.read_bytes() == before


def test_a_full_root(tmp_path):
    """No block is left: the seed cannot be kept, which is said, and all else works."""
    image = ext4(tmp_path / "root.img", 16, "-m", "0", "-d", tree_for_root(tmp_path / "root"))
    fill = "#!/bin/sh\nexec 2>/dev/null\ncat /dev/zero >/fill\nwhile echo >/last.$((n += 1)); do :; done\nexit 9\n"
    (tmp_path / "root/look").write_text(fill)
    image = ext4(tmp_path / "root.img", 16, "-m", "0", "-d", tmp_path / "root")
    machine = booted(tmp_path, drivers(), "root=/dev/vda rw -- /look", options=disk(image))
    assert machine.status == 9
    machine.line("nsinit: /var/lib/nsinit/seed: No space left on device")
    again = booted(tmp_path, drivers(), "root=/dev/vda rw -- /bin/sh -c \"exit 8\"", options=disk(image))
    assert again.status == 8 and is_clean(image)


def test_an_init_that_is_not_there(tmp_path):
    image = ext4(tmp_path / "root.img", 16, "-d", tree_for_root(tmp_path / "root"))
    machine = booted(tmp_path, drivers(), "root=/dev/vda init=/sbin/other -- /look", options=disk(image))
    assert machine.status == 12
    machine.line("nsinit: init=/sbin/other: No such file or directory in the root; the usual ones are tried")


def test_a_root_that_cannot_be_mounted(tmp_path):
    (tmp_path / "disk").write_bytes(bytes(1 << 20))
    for words, told in [("", "/dev/vda holds no file system that is known; give rootfstype="),
                        (" rootfstype=ext4", "mount of /dev/vda as ext4: Invalid argument; .*")]:
        machine = booted(tmp_path, drivers(), f"root=/dev/vda{words} nsinit.failure=end", options=disk(tmp_path / "disk"))
        assert machine.status == 125
        machine.line("nsinit: root=/dev/vda: " + told)


LEDGER = """#!/bin/sh
n=0
[ -e /data/ledger ] && n=$(wc -l </data/ledger)
echo "found $n"
while :; do
  n=$((n + 1))
  echo "entry $n" >>/data/ledger
  sync /data/ledger
  echo "acknowledged $n"
done
"""


@pytest.mark.slow
def test_no_acknowledged_entry_is_lost_when_the_power_goes(tmp_path):
    """Twenty times the machine is switched off while it writes; what it had said to be written is there the next time."""
    root = ext4(tmp_path / "root.img", 16, "-d", tree_for_root(tmp_path / "root", look=LEDGER, **{"etc/fstab": "/dev/vdb /data ext4 rw\n"}))
    data = ext4(tmp_path / "data.img", 16)
    acknowledged = 0
    for cut in range(20):
        options = [*disk(root), "-drive", f"file={data},format=raw,if=virtio,cache=writethrough"]
        machine = Machine(tmp_path, drivers(), "root=/dev/vda -- /look", options=options)
        assert int(machine.read_until(r"found (\d+)\s").group(1)) >= acknowledged
        acknowledged = int(machine.read_until(rf"acknowledged ({acknowledged + 5 + 3 * cut})\s").group(1))
        machine.process.kill()
        rest = re.findall(r"acknowledged (\d+)\r?\n", machine.finish().console)
        acknowledged = int(rest[-1]) if rest else acknowledged
