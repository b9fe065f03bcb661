# SPDX-License-Identifier: MIT
"""A list of what an archive holds, a line each, read into {path: archive.Entry}.

Every mistake is a Mistake that names the file and the line. Sources are relative to the directory of the list.
"""

import os
import re
import shlex
import stat

import archive
import elf
import modules

BINARIES = ("/usr/local/bin/", "/usr/bin/", "/bin/", "/usr/sbin/", "/sbin/")  # where a program without a directory is
SETTING = re.compile("(mode|owner)=(.*)", re.S)


class Mistake(Exception):
    """A line of a list that cannot be followed."""


class Line:
    """One line: its words, the settings at its end, and where it stands."""

    def __init__(self, file, number, words):
        self.where, self.directory = f"{file}:{number}", os.path.dirname(file)
        self.kind, self.words, self.settings = words[0], words[1:], {}

    def wrong(self, what):
        return Mistake(f"{self.where}: {self.kind}: {what}")

    def take_settings(self, known):
        while self.words and (match := SETTING.fullmatch(self.words[-1])) and match.group(1) in known:
            self.settings[match.group(1)] = match.group(2)
            self.words.pop()

    def mode(self, default):
        text = self.settings.get("mode", "")
        if not text:
            return default
        if not re.fullmatch("[0-7]{1,4}", text):
            raise self.wrong(f"mode={text} is not up to four octal digits")
        return int(text, 8)

    def owner(self):
        text = self.settings.get("owner", "0:0")
        if not re.fullmatch(r"\d+:\d+", text):
            raise self.wrong(f"owner={text} is not UID:GID in numbers")
        return tuple(int(word) for word in text.split(":"))

    def number(self, word):
        if not word.isdigit():
            raise self.wrong(f"{word} is not a number")
        return int(word)

    def source(self, path):
        return os.path.normpath(os.path.join(self.directory, path))

    def read(self, path):
        try:
            with open(path, "rb") as file:
                return file.read()
        except OSError as error:
            raise self.wrong(f"{path}: {error.strerror}") from error


class Contents:
    """What the lists read so far put into the archive. sysroot holds foreign programs and libraries, tree a kernel's modules."""

    def __init__(self, variables=(), sysroot="/", tree=None):
        self.variables, self.sysroot, self.tree = dict(variables), sysroot, tree
        self.entries, self.places, self.load, self.loaded = {}, {}, [], []
        self.known_modules, self.machine, self.reading = None, None, []

    def read(self, file, text=None):
        """Follows each line of a list. Raises Mistake."""
        if text is None:
            try:
                with open(file, encoding="utf-8") as opened:
                    text = opened.read()
            except (OSError, UnicodeDecodeError) as error:
                raise Mistake(f"{file}: {getattr(error, 'strerror', None) or 'is not text'}") from error
        self.reading.append(os.path.realpath(file))
        for number, written in enumerate(text.splitlines(), 1):
            try:
                words = shlex.split(written, comments=True)
            except ValueError as error:
                raise Mistake(f"{file}:{number}: {error}") from error
            if words:
                self.follow(Line(file, number, [self.expand(file, number, word) for word in words]))
        self.reading.pop()

    def expand(self, file, number, word):
        def value(match):
            if match.group(1) == "$":
                return "$"
            if match.group(1) not in self.variables:
                raise Mistake(f"{file}:{number}: ${match.group(1)} is not set; set it with --set {match.group(1)}=VALUE")
            return self.variables[match.group(1)]
        return re.sub(r"\$([a-z_]+|\$)", value, word)

    def follow(self, line):
        if line.kind not in KINDS:
            raise Mistake(f"{line.where}: {line.kind}: no such kind of line; there are {', '.join(KINDS)}")
        kind = KINDS[line.kind]
        line.take_settings(kind.settings)
        if not kind.least <= len(line.words) <= kind.most:
            raise line.wrong(f"is written {line.kind} {kind.usage}")
        kind.follow(self, line, *line.words)

    # The path of an entry: absolute in the list, and what a link of the list above it means.
    def place(self, line, path):
        if not path.startswith("/") or os.path.normpath(path) != path.rstrip("/") or path == "/":
            raise line.wrong(f"{path} is not an absolute path without . and ..")
        parts, real = path.strip("/").split("/"), ""
        for part in parts[:-1]:
            real = self.target(f"{real}/{part}".lstrip("/"))
        return f"{real}/{parts[-1]}".lstrip("/")

    def target(self, path):
        for _ in range(40):
            entry = self.entries.get(path)
            if not entry or not stat.S_ISLNK(entry.mode):
                break
            path = os.path.normpath(os.path.join("/", os.path.dirname(path), entry.content.decode())).lstrip("/")
        return path

    def add(self, line, path, entry):
        """Puts an entry and the directories above it in. The same file twice is no mistake, another one is."""
        path = self.place(line, path)
        above = os.path.dirname(path)
        if above and above not in self.entries:
            self.add(line, "/" + above, archive.Entry(stat.S_IFDIR | 0o755))
            self.places.pop(above)
        old = self.entries.get(path)
        if above and not stat.S_ISDIR(self.entries[above].mode):
            raise line.wrong(f"/{above} is no directory but what {self.places.get(above)} made it")
        if old and vars(old) != vars(entry) and (path in self.places or not stat.S_ISDIR(entry.mode)):
            raise line.wrong(f"/{path} is there already, from {self.places.get(path, 'a line with something in it')}")
        self.entries[path], self.places[path] = entry, line.where

    def directory(self, line, path):
        self.add(line, path, archive.Entry(stat.S_IFDIR | line.mode(0o755), owner=line.owner()))

    def file(self, line, path, source=None):
        source = line.source(source or path)
        content = line.read(source)
        mode = 0o755 if os.access(source, os.X_OK) else 0o644
        self.add(line, path, archive.Entry(stat.S_IFREG | line.mode(mode), content, owner=line.owner()))

    def text(self, line, path, *words):
        content = "".join(word + "\n" for word in words).encode()
        self.add(line, path, archive.Entry(stat.S_IFREG | line.mode(0o644), content, owner=line.owner()))

    def tree_of(self, line, path, source):
        """A directory with all that is in it."""
        top = line.source(source)
        if not os.path.isdir(top):
            raise line.wrong(f"{top} is not a directory")
        for here, directories, files in os.walk(top):
            inside = os.path.normpath(os.path.join(path, os.path.relpath(here, top)))
            self.directory(line, inside)
            for name in sorted(files + directories):
                source = os.path.join(here, name)
                if os.path.islink(source):
                    self.link(line, f"{inside}/{name}", os.readlink(source))
                elif os.path.isfile(source):
                    self.file(line, f"{inside}/{name}", os.path.abspath(source))
                elif not os.path.isdir(source):
                    raise line.wrong(f"{source} is neither a file, a directory nor a link")

    def link(self, line, path, target):
        self.add(line, path, archive.Entry(stat.S_IFLNK | 0o777, target.encode(), owner=line.owner()))

    def node(self, line, path, kind, major, minor):
        if kind not in ("c", "b"):
            raise line.wrong(f"{kind} is neither c (character) nor b (block)")
        mode = stat.S_IFCHR if kind == "c" else stat.S_IFBLK
        self.add(line, path, archive.Entry(mode | line.mode(0o600), device=(line.number(major), line.number(minor)), owner=line.owner()))

    def program(self, line, path, source=None):
        """A program, with the libraries that it needs where its loader looks for them."""
        source = source or path
        if "/" not in source:
            source = next((place + source for place in BINARIES if elf.find(self.sysroot, place + source)), source)
        file = source.startswith("/") and elf.find(self.sysroot, source) or line.source(source)
        content = line.read(file)
        self.add(line, path, archive.Entry(stat.S_IFREG | line.mode(0o755), content, owner=line.owner()))
        try:
            machine, needs = elf.libraries(self.sysroot, source, file)
        except elf.Broken as error:
            hint = "; list a script as file, and what runs it as program" if content[:2] == b"#!" else ""
            raise line.wrong(f"{file} {error}{hint}") from error
        if machine != (self.machine or machine):
            raise line.wrong(f"{file} is for another machine than the programs above")
        self.machine = machine
        for library, found in sorted(needs.items()):
            self.add(line, library, archive.Entry(stat.S_IFREG | 0o755, line.read(found)))

    def applets(self, line, path, busybox):
        """A link for each of busybox's names, which it holds one after the other in its file."""
        place = self.entries.get(self.place(line, busybox))
        content = place.content if place else b""
        start = content.find(b"[\0[[\0")
        if start < 0:
            raise line.wrong(f"{busybox} is not a busybox that a line above has put in")
        names = content[start:content.index(b"\0\0", start)].decode().split("\0")
        for name in names:
            if self.place(line, f"{path}/{name}") not in self.entries:
                self.link(line, f"{path}/{name}", os.path.relpath(busybox, path))

    def module(self, line, name, *parameters):
        """A module after what it needs; boot loads them in this order."""
        if not self.tree and line.kind == "module?":
            return
        if not self.tree:
            raise line.wrong("whose? name the kernel's with --modules lib/modules/VERSION")
        try:
            self.known_modules = self.known_modules or modules.Modules(self.tree)
        except OSError as error:
            raise line.wrong(error) from error
        known = self.known_modules
        if not known.knows(name):
            if line.kind == "module?":
                return
            raise line.wrong(f"{self.tree} has no module {name}, and the kernel has not built it in")
        for each in known.order(name, self.loaded):
            self.add(line, known.target(each), archive.Entry(stat.S_IFREG | 0o644, known.content(each)))
            own = parameters if each == modules.name_of(name) else ()
            self.load.append(" ".join([known.target(each), *own]))
            self.loaded.append(each)

    def include(self, line, file):
        if os.path.realpath(line.source(file)) in self.reading:
            raise line.wrong(f"{file} includes itself")
        self.read(line.source(file))

    def finish(self):
        """All of it; the list of modules is a file of its own for boot."""
        if self.load:
            content = "".join(each + "\n" for each in self.load).encode()
            self.add(Line("modules", 0, ["module"]), "/etc/nsinit/modules", archive.Entry(stat.S_IFREG | 0o644, content))
        return self.entries


class Kind:
    """What a kind of line takes, how it is written, and what follows it."""

    def __init__(self, follow, usage, least, most, settings=("mode", "owner")):
        self.follow, self.usage, self.least, self.most, self.settings = follow, usage, least, most, settings


ANY = 1 << 16
KINDS = {
    "dir": Kind(Contents.directory, "PATH", 1, 1),
    "file": Kind(Contents.file, "PATH [SOURCE]", 1, 2),
    "text": Kind(Contents.text, "PATH LINE...", 1, ANY),
    "tree": Kind(Contents.tree_of, "PATH SOURCE", 2, 2, ()),
    "link": Kind(Contents.link, "PATH TARGET", 2, 2, ("owner",)),
    "node": Kind(Contents.node, "PATH c|b MAJOR MINOR", 4, 4),
    "program": Kind(Contents.program, "PATH [SOURCE]", 1, 2),
    "applets": Kind(Contents.applets, "DIRECTORY BUSYBOX", 2, 2, ()),
    "module": Kind(Contents.module, "NAME [PARAMETER=VALUE]...", 1, ANY, ()),
    "module?": Kind(Contents.module, "NAME [PARAMETER=VALUE]...", 1, ANY, ()),
    "include": Kind(Contents.include, "FILE", 1, 1, ()),
}
