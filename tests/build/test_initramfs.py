# SPDX-License-Identifier: MIT
"""initramfs/build: the bytes that it writes, what it takes along, and what it says of a list that is wrong."""

import gzip
import lzma
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "initramfs/build"


def build(list_text, tmp_path, *options, name="list"):
    """Runs the builder on a list; what it wrote, or None, and what it said."""
    (tmp_path / name).write_text(list_text)
    out = tmp_path / "archive"
    out.unlink(missing_ok=True)
    done = subprocess.run([BUILD, "-o", out, tmp_path / name, *options], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False, cwd=tmp_path)
    assert (done.returncode == 0) == out.exists() and not list(tmp_path.glob("archive.new*")), done.stderr
    return out.read_bytes() if out.exists() else None, done.stdout + done.stderr


def plain(list_text, tmp_path, *options, **more):
    data, said = build(list_text, tmp_path, "-c", "none", *options, **more)
    assert data, said
    return data


def entries(data):
    """{path: (mode, uid, gid, links, time, device, content)}, in the order of the archive."""
    found, at = {}, 0
    while True:
        assert data[at:at + 6] == b"070701"
        field = [int(data[at + 6 + 8 * i:at + 14 + 8 * i], 16) for i in range(13)]
        name = data[at + 110:at + 110 + field[11] - 1].decode()
        at += (110 + field[11] + 3) & ~3
        content = data[at:at + field[6]]
        at += (field[6] + 3) & ~3
        if name == "TRAILER!!!":
            return found
        found[name] = (*field[1:6], (field[9], field[10]), content)


def header(*fields):
    return b"070701" + b"".join(b"%08X" % field for field in fields)


GOLDEN_LIST = """
# sorted by path, not by line
text /etc/name 'one two'   mode=600 owner=5:6
node /dev/null c 1 3 mode=666
link /bin/sh busybox
"""
GOLDEN = b"".join([
    header(1, 0o40755, 0, 0, 2, 0, 0, 0, 0, 0, 0, 4, 0) + b"bin\0\0\0",
    header(2, 0o120777, 0, 0, 1, 0, 7, 0, 0, 0, 0, 7, 0) + b"bin/sh\0\0\0\0" + b"busybox\0",
    header(3, 0o40755, 0, 0, 2, 0, 0, 0, 0, 0, 0, 4, 0) + b"dev\0\0\0",
    header(4, 0o20666, 0, 0, 1, 0, 0, 0, 0, 1, 3, 9, 0) + b"dev/null\0\0",
    header(5, 0o40755, 0, 0, 2, 0, 0, 0, 0, 0, 0, 4, 0) + b"etc\0\0\0",
    header(6, 0o100600, 5, 6, 1, 0, 8, 0, 0, 0, 0, 9, 0) + b"etc/name\0\0" + b"one two\n",
    header(0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 11, 0) + b"TRAILER!!!\0\0\0\0",
])


def test_golden_archive(tmp_path):
    data = plain(GOLDEN_LIST, tmp_path)
    assert data == GOLDEN + b"\0" * (-len(GOLDEN) % 512)


def test_order_place_and_time_do_not_matter(tmp_path):
    lines = ["file /a source", "dir /b mode=700", "tree /t tree", "program /init source-program"]
    archives = []
    for name, order in (("one", lines), ("another-place", lines[::-1])):
        here = tmp_path / name
        (here / "tree/inner").mkdir(parents=True)
        (here / "tree/inner/x").write_text("x")
        (here / "source").write_text("content")
        shutil.copy("/bin/busybox", here / "source-program")
        os.utime(here / "source", (len(name), len(name)))
        archives.append([build("\n".join(order).replace("source-program", "./source-program"), here, "-c", how)[0]
                         for how in ("none", "gzip", "xz", "zstd")])
    assert archives[0][0] and archives[0] == archives[1]


def test_compressions_hold_the_same(tmp_path):
    text = "text /a " + "x" * 5000
    whole = plain(text, tmp_path)
    undo = {"gzip": gzip.decompress, "xz": lzma.decompress,
            "zstd": lambda data: subprocess.run(["zstd", "-dc"], input=data, stdout=subprocess.PIPE, check=True).stdout}
    for name, function in undo.items():
        data, said = build(text, tmp_path, "-c", name)
        assert function(data) == whole and len(data) < len(whole)
        assert name != "xz" or data[7] == 1  # CRC32, which is the only check that the kernel's decompressor knows
        assert said == f"{tmp_path}/archive: 1 entries, {len(whole)} bytes, {len(data)} with {name}\n"


def test_cpio_reads_it(tmp_path):
    data = plain(GOLDEN_LIST + "text /long-name " + "y" * 1000, tmp_path)
    listed = subprocess.run(["cpio", "--quiet", "-itv"], input=data, capture_output=True, check=True).stdout.decode().splitlines()
    shown = {line.split(" -> ")[0].split()[-1]: line.split()[0] for line in listed}
    assert list(shown) == list(entries(data))
    assert (shown["dev/null"], shown["bin/sh"], shown["etc"], shown["etc/name"]) == ("crw-rw-rw-", "lrwxrwxrwx", "drwxr-xr-x", "-rw-------")


def test_paths_go_through_links_of_the_list(tmp_path):
    found = entries(plain("link /lib usr/lib\nlink /lib64 /lib\ntext /lib64/a x\ndir /usr mode=700", tmp_path))
    assert list(found) == ["lib", "lib64", "usr", "usr/lib", "usr/lib/a"]
    assert found["usr"][0] == 0o40700


def test_a_program_brings_what_it_needs_and_runs(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("needs root to chroot")
    data = plain("program /bin/bash", tmp_path)
    tree = tmp_path / "tree"
    tree.mkdir()
    subprocess.run(["cpio", "--quiet", "-id"], cwd=tree, input=data, check=True)
    done = subprocess.run(["chroot", tree, "/bin/bash", "-c", "echo $((6 * 7))"], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("42\n", 0), done.stderr


def test_libraries_are_those_that_the_loader_takes(tmp_path):
    """The loader's own list, of a program of this machine that may be run."""
    program = "/bin/ls"  # whose libraries need others
    listed = subprocess.run(["ldd", program], stdout=subprocess.PIPE, text=True, check=True).stdout
    wanted = {os.path.basename(line.split()[0]) for line in listed.splitlines() if "vdso" not in line}
    found = entries(plain(f"program /p {program}", tmp_path))
    assert {os.path.basename(path) for path in found if ".so" in path} == wanted


def test_a_sysroot_has_its_own_places(tmp_path):
    """By its ld.so.conf, and through links that would lead out of it."""
    for path in ("bin", "etc/ld.so.conf.d", "lib64", "real"):
        (tmp_path / "tree" / path).mkdir(parents=True)
    shutil.copy("/bin/bash", tmp_path / "tree/bin/other-shell")
    listed = subprocess.run(["ldd", "/bin/bash"], stdout=subprocess.PIPE, text=True, check=True).stdout
    for path in [word for word in listed.split() if word.startswith("/")]:
        shutil.copy(path, tmp_path / "tree" / ("lib64" if "/ld-" in path else "real"))
    (tmp_path / "tree/odd").symlink_to("/real")
    (tmp_path / "tree/etc/ld.so.conf").write_text("# places\ninclude ld.so.conf.d/*.conf\n")
    (tmp_path / "tree/etc/ld.so.conf.d/odd.conf").write_text("/odd\n")
    found = entries(plain("program /sh other-shell", tmp_path, "--sysroot", tmp_path / "tree"))
    assert "odd/libc.so.6" in found and found["odd/libc.so.6"][-1] == (tmp_path / "tree/real/libc.so.6").read_bytes()


def test_applets_are_those_of_busybox(tmp_path):
    found = entries(plain("program /bin/busybox busybox\napplets /usr/bin /bin/busybox", tmp_path))
    listed = subprocess.run(["busybox", "--list"], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    assert {path.removeprefix("usr/bin/") for path in found if path.startswith("usr/bin/")} == set(listed)
    assert found["usr/bin/ls"][-1] == b"../../bin/busybox"


def module_tree(tmp_path):
    """Modules a to e: a needs b and c, b needs c, d wants e before it and f after it, which is not there."""
    tree = tmp_path / "lib/modules/1.2"
    (tree / "kernel").mkdir(parents=True)
    for name in "abcdeg":
        (tree / f"kernel/{name}-x.ko").write_bytes(name.encode())
    (tree / "kernel/b-x.ko").unlink()
    (tree / "kernel/b-x.ko.xz").write_bytes(lzma.compress(b"b"))
    (tree / "modules.dep").write_text("kernel/a-x.ko: kernel/b-x.ko.xz kernel/c-x.ko\nkernel/b-x.ko.xz: kernel/c-x.ko\n"
                                      "kernel/c-x.ko:\nkernel/d-x.ko:\nkernel/e-x.ko:\nkernel/g-x.ko:\n")
    (tree / "modules.softdep").write_text("# Soft dependencies\nsoftdep d_x pre: e_x post: f_x g_x\n")
    (tree / "modules.builtin").write_text("kernel/built-in.ko\n")
    return tree


def test_modules_in_load_order(tmp_path):
    text = "module d_x\nmodule a_x speed=9 name='x y'\nmodule c-x\nmodule built_in\nmodule? nowhere"
    found = entries(plain(text, tmp_path, "--modules", module_tree(tmp_path)))
    names = [f"/lib/modules/1.2/kernel/{name}-x.ko" for name in "edgcba"]
    assert found["etc/nsinit/modules"][-1].decode() == "\n".join(names) + " speed=9 name=x y\n"
    assert {name: found[name.strip("/")][-1] for name in names} == {name: name[-6:-5].encode() for name in names}


def test_variables(tmp_path):
    (tmp_path / "here").write_text("content")
    (tmp_path / "lists").mkdir()
    found = entries(plain("file /a $source\ntext /b $word $$word", tmp_path, "--set", "source=here", "--set", "word=w", name="lists/list"))
    assert (found["a"][-1], found["b"][-1]) == (b"content", b"w\n$word\n")


WRONG = {
    "fils /a": "list:1: fils: no such kind of line; there are dir, file,",
    "\n\nfile /a": "list:3: file: /a: No such file or directory",
    "file /a ./b": "/b: No such file or directory",
    "dir a": "list:1: dir: a is not an absolute path without . and ..",
    "dir /a/../b": "list:1: dir: /a/../b is not an absolute path without . and ..",
    "dir /a b": "list:1: dir: is written dir PATH",
    "dir /a mode=8": "list:1: dir: mode=8 is not up to four octal digits",
    "dir /a owner=root:root": "list:1: dir: owner=root:root is not UID:GID in numbers",
    "node /a x 1 3": "list:1: node: x is neither c (character) nor b (block)",
    "node /a c one 3": "list:1: node: one is not a number",
    "text /a x\ntext /a y": "list:2: text: /a is there already, from",
    "text /a x\ndir /a/b": "list:2: dir: /a is no directory but what",
    "dir /a/b\ntext /a x": "list:2: text: /a is there already, from",
    "text /a 'x": "list:1: No closing quotation",
    "text /a $no": "list:1: $no is not set; set it with --set no=VALUE",
    "program /a nowhere": "/nowhere: No such file or directory",
    "program /a ./list": "list is not an ELF file",
    "program /a ./script": "is not an ELF file; list a script as file, and what runs it as program",
    "program /a ./damaged": "is damaged: ",
    "program /a ./needy": "needs libnowher.so9, which is in none of ",
    "program /a ./foreign\nprogram /b busybox": "is for another machine than the programs above",
    "applets /bin /bin/busybox": "list:1: applets: /bin/busybox is not a busybox that a line above has put in",
    "module ext4": "list:1: module: whose? name the kernel's with --modules lib/modules/VERSION",
    "include ./list": "list:1: include: ./list includes itself",
    "tree /a nowhere": "is not a directory",
}


@pytest.mark.parametrize("text", WRONG)
def test_mistakes_name_file_and_line(tmp_path, text):
    busybox = Path(shutil.which("busybox")).read_bytes()
    (tmp_path / "script").write_text("#!/bin/sh\n")
    (tmp_path / "damaged").write_bytes(busybox[:70])
    (tmp_path / "foreign").write_bytes(busybox[:18] + b"\xf7\0" + busybox[20:])
    (tmp_path / "needy").write_bytes(Path("/bin/bash").read_bytes().replace(b"libtinfo.so.6", b"libnowher.so9"))
    data, said = build(text, tmp_path)
    assert data is None
    assert said.startswith("build: ") and WRONG[text] in said and "Traceback" not in said


def test_an_unknown_module_is_a_mistake(tmp_path):
    _, said = build("module nowhere", tmp_path, "--modules", module_tree(tmp_path))
    assert f"list:1: module: {tmp_path}/lib/modules/1.2 has no module nowhere, and the kernel has not built it in" in said


def test_a_tree_without_dependencies_is_a_mistake(tmp_path):
    _, said = build("module ext4", tmp_path, "--modules", tmp_path)
    assert f"{tmp_path} has no modules.dep; run depmod" in said


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "initramfs/examples").iterdir() if path.is_file()))
def test_examples_are_followed(tmp_path, name):
    out = tmp_path / "archive"
    done = subprocess.run([BUILD, "-o", out, ROOT / "initramfs/examples" / name, "--set", "program=/bin/busybox"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert out.stat().st_size > 0
