# SPDX-License-Identifier: MIT
"""What a program needs to start: its interpreter and its shared libraries, read from the files and never by running them.

Libraries are looked for where the program's own loader would look, in a tree that may be another machine's.
"""

import glob
import os
import struct

PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
DT_NEEDED, DT_STRTAB, DT_RPATH, DT_RUNPATH = 1, 5, 15, 29

# By class: where the ELF header keeps the table of segments and their size and number; a segment's type, offset, address and
# size in the file; a dynamic entry.
LAYOUTS = {
    1: (struct.Struct("<28xI10xHH"), struct.Struct("<III4xI12x"), struct.Struct("<iI")),
    2: (struct.Struct("<32xQ14xHH"), struct.Struct("<I4xQQ8xQ16x"), struct.Struct("<qQ")),
}

# Directories that glibc's loaders look into unasked, each machine's in its own; a library of another machine is passed over.
TRIPLETS = ("x86_64-linux-gnu", "aarch64-linux-gnu", "arm-linux-gnueabihf", "riscv64-linux-gnu")
BUILT_IN = [directory + triplet for triplet in TRIPLETS for directory in ("/lib/", "/usr/lib/")]
BUILT_IN += ["/lib", "/usr/lib", "/lib64", "/usr/lib64"]


class Broken(Exception):
    """A file that is not what it should be; the words say what."""


class Elf:
    """One ELF file: machine, interpreter, names of libraries, and where it says they are."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        if self.data[:4] != b"\x7fELF":
            raise Broken("is not an ELF file")
        if self.data[4] not in LAYOUTS or self.data[5] != 1:
            raise Broken("is not ELF for a little-endian machine")
        try:
            self.read(*LAYOUTS[self.data[4]])
        except (struct.error, ValueError) as error:
            raise Broken(f"is damaged: {error}") from error

    def read(self, header, segment, dynamic):
        self.machine = self.data[4], struct.unpack_from("<H", self.data, 18)[0]  # 32 bits and 64 can share a number
        table, size, count = header.unpack_from(self.data)
        segments = [segment.unpack_from(self.data, table + size * index) for index in range(count)]
        interpreters = [self.text(offset) for kind, offset, _, _ in segments if kind == PT_INTERP]
        self.interpreter = interpreters[0] if interpreters else None
        tags = []
        for kind, offset, _, length in segments:
            if kind == PT_DYNAMIC:
                tags += dynamic.iter_unpack(self.data[offset:offset + length // dynamic.size * dynamic.size])
        strings = [self.offset(segments, value) for tag, value in tags if tag == DT_STRTAB]

        def texts(wanted):
            return [self.text(strings[0] + value) for tag, value in tags if tag == wanted]
        self.needed = texts(DT_NEEDED)
        self.paths = [path for text in texts(DT_RUNPATH) or texts(DT_RPATH) for path in text.split(":")]

    def text(self, offset):
        return self.data[offset:self.data.index(b"\0", offset)].decode()

    @staticmethod
    def offset(segments, address):
        for kind, offset, start, size in segments:
            if kind == PT_LOAD and start <= address < start + size:
                return offset + address - start
        raise ValueError(f"no segment has address {address:#x}")


def configured(tree, name="/etc/ld.so.conf"):
    """The directories that the loader's configuration in the tree names."""
    try:
        with open(tree + name, encoding="utf-8") as file:
            lines = [line.split("#")[0].strip() for line in file]
    except OSError:
        return
    for line in lines:
        if line.startswith("include"):
            pattern = os.path.join(os.path.dirname(name), line.split(maxsplit=1)[1])
            for found in sorted(glob.glob(tree + pattern)):
                yield from configured(tree, found[len(tree):])
        elif line:
            yield line


def musl(tree, interpreter):
    """The directories of musl's loader, which has a file of its own for them."""
    try:
        with open(tree + interpreter.replace("/lib/", "/etc/").replace(".so.1", ".path"), encoding="utf-8") as file:
            return file.read().replace("\n", ":").split(":")
    except OSError:
        return ["/lib", "/usr/local/lib", "/usr/lib"]


def is_musl(interpreter):
    return interpreter is not None and os.path.basename(interpreter).startswith("ld-musl-")


def find(tree, path):
    """The file that path means inside the tree, whose links, absolute ones too, stay inside it; None if there is none."""
    tree, real, parts = os.path.abspath(tree), "/", path.split("/")[::-1]
    for _ in range(1000):
        if not parts:
            return os.path.join(tree, real[1:])
        step = os.path.normpath(os.path.join(real, parts.pop()))
        here = os.path.join(tree, step[1:])
        if os.path.islink(here):
            target = os.readlink(here)
            real = "/" if target.startswith("/") else real
            parts += target.split("/")[::-1]
        elif os.path.exists(here):
            real = step
        else:
            return None
    return None


def library(tree, name, directories, machine):
    """Path and file of the first library of that name which is for the machine: (path, file), or None."""
    for directory in [""] if "/" in name else directories:
        path = os.path.join(directory, name)
        file = find(tree, path)
        try:
            if file and os.path.isfile(file) and Elf(file).machine == machine:
                return path, file
        except Broken:
            continue
    return None


def libraries(tree, path, file):
    """The machine of the program at path, read from file, and what it needs: {path: file}, its interpreter first."""
    program = Elf(file)
    machine = program.machine
    interpreter, needs = program.interpreter, {}
    if interpreter:
        needs[interpreter] = find(tree, interpreter)
        if not needs[interpreter]:
            raise Broken(f"needs the interpreter {interpreter}, which is not there")
    common = musl(tree, interpreter) if is_musl(interpreter) else [*configured(tree), *BUILT_IN]
    # What asks for the loader itself has it already.
    waiting, seen = [(path, program)], {os.path.basename(interpreter or "")}
    while waiting:
        path, program = waiting.pop(0)
        own = [place.replace("${ORIGIN}", "$ORIGIN").replace("$ORIGIN", os.path.dirname(path)) for place in program.paths]
        for name in program.needed:
            # musl's C library and its loader are one file.
            if name in seen or is_musl(interpreter) and name.startswith("libc."):
                continue
            seen.add(name)
            found = library(tree, name, own + common, program.machine)
            if not found:
                raise Broken(f"needs {name}, which is in none of " + " ".join(own + common))
            needs.setdefault(*found)
            waiting.append((found[0], Elf(found[1])))
    return machine, needs
