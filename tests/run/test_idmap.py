# SPDX-License-Identifier: MIT
"""Binds with idmap: the ids that a file system has on disk are those that the container's maps give them."""

import os
import re
import shutil

import pytest
from containers import Box, one_line, small_root
from harness import checked, linux

FIRST, COUNT = 100000, 1000
IDMAPS = pytest.mark.skipif(linux() < (5, 12), reason="before Linux 5.12 no mount can map ids; test_an_old_kernel tells how that is said")
MAPS = f"--map-uid 0:{FIRST}:{COUNT} --map-gid 0:{FIRST}:{COUNT}"


@pytest.fixture
def box(nsinit, root, scratch, probe):
    """Its root directory belongs to the container's ids."""
    path = small_root(scratch / "root", probe)
    for name in (path, *path.rglob("*")):
        os.chown(name, FIRST, FIRST, follow_symlinks=False)
    return Box(nsinit, root, path)


@pytest.fixture
def source(scratch):
    """Files of the ids 0, 5 and one that the maps do not have."""
    path = scratch / "source"
    path.mkdir()
    for name, uid, gid in (("root", 0, 0), ("other", 5, 6), ("nobody", COUNT, COUNT)):
        (path / name).write_text(f"{name}\n")
        os.chown(path / name, uid, gid)
        (path / name).chmod(0o600)
    return path


def owners(result):
    assert result.status == 0, result
    return {line.split()[2]: tuple(map(int, line.split()[:2])) for line in result.out.splitlines()}


LIST = "cd /mnt; stat -c '%u %g %n' *"
UNMAPPED = (65534, 65534)


@IDMAPS
def test_ids_on_disk_are_ids_inside(box, source):
    assert owners(box.sh(f"{MAPS} --bind {source}:/mnt:idmap", LIST)) == {"root": (0, 0), "other": (5, 6), "nobody": UNMAPPED}
    assert owners(box.sh(f"{MAPS} --bind {source}:/mnt", LIST)) == dict.fromkeys(("root", "other", "nobody"), UNMAPPED)  # the control


@IDMAPS
def test_what_is_made_inside_has_that_id_on_disk(box, source):
    result = box.sh(f"{MAPS} --bind {source}:/mnt:idmap", "cat /mnt/root && touch /mnt/made && cat /mnt/nobody")
    assert result.out == "root\n" and "Permission denied" in result.err, result
    info = (source / "made").stat()
    assert (info.st_uid, info.st_gid) == (0, 0)


@IDMAPS
def test_of_a_file_and_with_other_words(box, source):
    options = f"{MAPS} --bind {source}/root:/etc/hosts:idmap --bind {source}:/mnt:ro,idmap,noexec --volume {source}:/srv:idmap,norec"
    script = "cat /etc/hosts; touch /mnt/x; touch /srv/y; grep -cE ' (/mnt|/srv|/etc/hosts) .*idmapped' /proc/self/mountinfo"
    result = box.sh(options, script)
    assert result.out == "root\n3\n" and "/mnt/x: Read-only file system" in result.err, result
    assert not (source / "x").exists() and (source / "y").exists()


@IDMAPS
def test_with_the_mounts_below(box, source, own_world):
    (source / "sub").mkdir()
    checked("mount", b"tmpfs", bytes(source / "sub"), b"tmpfs", 0, b"mode=755")
    try:
        (source / "sub/inner").write_text("inner\n")
        result = box.sh(f"{MAPS} --bind {source}:/mnt:idmap", "stat -c %u /mnt/sub/inner")
        assert result.out == "0\n" or "cannot; leave" in result.err, result  # tmpfs can since Linux 6.3
    finally:
        checked("umount2", bytes(source / "sub"), 2)


@IDMAPS
def test_no_mount_travels_in_or_out(box, source):
    """The source is shared with the rest of the machine, the tests' own mount namespace; the bind must not be."""
    result = box.sh(f"{MAPS} --bind {source}:/mnt:idmap", "grep ' /mnt ' /proc/self/mountinfo")
    assert re.search(r" /mnt [^ ]+ - ", result.out), result


@IDMAPS
def test_several_with_a_network(box, source):
    """Words of the launcher come in order, whatever they are about."""
    result = box.sh(f"{MAPS} --bind {source}:/mnt:idmap --bind {source}:/srv:idmap --net veth:address=10.99.7.2/24",
                    "stat -c %u /mnt/other /srv/other")
    assert (result.status, result.out) == (0, "5\n5\n") or "veth" in result.err, result


# ---- refusals ----


@pytest.mark.parametrize("caller", ["root", "user"], indirect=True)
def test_without_maps(nsinit, caller, scratch):
    one_line(Box(nsinit, caller).run(f"--bind {scratch}:/mnt:idmap", ["/bin/true"]), 125, f"--bind {scratch}", "--map-uid")


def test_a_source_that_is_not_there(box, scratch):
    one_line(box.run(f"{MAPS} --bind {scratch}/not:/mnt:idmap", ["/bin/true"]), 125, f"--bind {scratch}/not", "No such file")


@IDMAPS
def test_a_file_system_that_cannot(box):
    one_line(box.run(f"{MAPS} --bind /proc:/mnt:idmap,norec", ["/bin/true"]), 125, "--bind /proc", "cannot; leave idmap out")


@IDMAPS
def test_an_ordinary_user_may_not(nsinit, user, source):
    """Not even as root of a user namespace, in which it has every capability."""
    source.chmod(0o755)
    inner = [nsinit, "--map-uid", "0:0:1", "--map-gid", "0:0:1", "--bind", f"{source}:/mnt:idmap", "--", "/bin/true"]
    result = user.run([nsinit, "--unshare", "user", "--user", "0:0", "--privileged", "--", *inner])
    one_line(result, 125, f"--bind {source}", "only root")


def test_an_old_kernel(box, source):
    if not shutil.which("strace"):
        pytest.skip("needs strace")
    strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=mount_setattr:error=ENOSYS"]
    one_line(box.caller.run([*strace, *box.command(f"{MAPS} --bind {source}:/mnt:idmap", ["/bin/true"])]), 125, "5.12")
