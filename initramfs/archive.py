# SPDX-License-Identifier: MIT
"""The newc archive that the kernel unpacks, and the compressions that it undoes.

The bytes follow from the entries alone: sorted by path, inode numbers in that order, no time, no link count that depends on
a file system. So a device node needs no root, and two builds are identical.
"""

import gzip
import lzma
import stat
import subprocess

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
