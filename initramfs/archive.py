# SPDX-License-Identifier: MIT
"""The newc archive that the kernel unpacks, and the compressions that it undoes.

The bytes follow from the entries alone: sorted by path, inode numbers in that order, no time, no link count that depends on
a file system. So a device node needs no root, and two builds are identical.
"""

import gzip
import io
import lzma
import os
import stat
import subprocess
import tarfile

# /linux/usr/gen_init_cpio writes blocks of 512; the kernel stops at the trailer and minds nothing after it.
BLOCK = 512


class Entry:
    """What one path of the archive is: mode with its type, content or target of a link, numbers of a device."""

    def __init__(self, mode, content=b"", device=(0, 0), owner=(0, 0)):
        self.mode, self.content, self.device, self.owner = mode, content, device, owner


def padded(data, size):
    return data + b"\0" * (-len(data) % size)


def record(inode, path, entry):
    name = path.encode() + b"\0"
    links = 2 if stat.S_ISDIR(entry.mode) else 1
    fields = (inode, entry.mode, *entry.owner, links, 0, len(entry.content), 0, 0, *entry.device, len(name), 0)
    header = b"070701" + b"".join(b"%08X" % field for field in fields)
    return padded(header + name, 4) + padded(entry.content, 4)


def newc(entries):
    """The archive of {path without the first slash: Entry}. A directory stands before what is in it."""
    records = [record(inode, path, entries[path]) for inode, path in enumerate(sorted(entries), 1)]
    trailer = record(0, "TRAILER!!!", Entry(0))
    return padded(b"".join(records) + trailer, BLOCK)


TAR_TYPES = {stat.S_IFDIR: tarfile.DIRTYPE, stat.S_IFREG: tarfile.REGTYPE, stat.S_IFLNK: tarfile.SYMTYPE, stat.S_IFCHR: tarfile.CHRTYPE,
             stat.S_IFBLK: tarfile.BLKTYPE}


def tar(entries):
    """The same entries for a program that makes a file system of them."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as written:
        for path in sorted(entries):
            entry, info = entries[path], tarfile.TarInfo(path)
            info.type, info.mode = TAR_TYPES[stat.S_IFMT(entry.mode)], stat.S_IMODE(entry.mode)
            info.uid, info.gid = entry.owner
            info.devmajor, info.devminor = entry.device
            if stat.S_ISLNK(entry.mode):
                info.linkname = entry.content.decode()
            elif stat.S_ISREG(entry.mode):
                info.size = len(entry.content)
            written.addfile(info, io.BytesIO(entry.content))
    return out.getvalue()


def zstd(data):
    # One thread: with several, where the blocks end depends on their number. Python 3.11 has no zstd of its own.
    return subprocess.run(["zstd", "-q", "-19", "-T1", "--no-check"], input=data, stdout=subprocess.PIPE, check=True).stdout


def xz(data):
    # The kernel's decompressor knows this check only, and needs as much memory as the dictionary is big.
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 9, "dict_size": 1 << 20}]
    return lzma.compress(data, check=lzma.CHECK_CRC32, filters=filters)


COMPRESSIONS = {
    "none": lambda data: data,
    "gzip": lambda data: gzip.compress(data, 9, mtime=0),
    "xz": xz,
    "zstd": zstd,
}


def write(path, data):
    """Whole or not at all."""
    new = f"{path}.new{os.getpid()}"
    try:
        with open(new, "wb") as file:
            file.write(data)
        os.replace(new, path)
    finally:
        if os.path.exists(new):
            os.unlink(new)
