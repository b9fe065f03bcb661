# SPDX-License-Identifier: MIT
"""Kernel modules: which files a module needs, in the order in which they have to be loaded.

Read are the lists that depmod leaves in the tree of modules; what /etc/modprobe.d of any machine says is not.
"""

import gzip
import lzma
import os
import subprocess

# The kernel's own decompression is an option of its configuration, so what goes into an archive is plain.
PLAIN = {
    ".ko": lambda data: data,
    ".gz": gzip.decompress,
    ".xz": lzma.decompress,
    ".zst": lambda data: subprocess.run(["zstd", "-dcq"], input=data, stdout=subprocess.PIPE, check=True).stdout,
}


def name_of(path):
    """Hyphens and underscores are the same in a module's name."""
    return os.path.basename(path).split(".ko")[0].replace("-", "_")


def lines(path):
    try:
        with open(path, encoding="utf-8") as file:
            return [line.strip() for line in file if line.strip() and not line.startswith("#")]
    except FileNotFoundError:
        return []


class Modules:
    """The modules below lib/modules/VERSION."""

    def __init__(self, tree):
        self.tree = tree
        self.version = os.path.basename(os.path.normpath(tree))
        if not os.path.exists(os.path.join(tree, "modules.dep")):
            raise FileNotFoundError(f"{tree} has no modules.dep; run depmod")
        self.built_in = {name_of(line) for line in lines(os.path.join(tree, "modules.builtin"))}
        self.paths, self.needs = {}, {}
        for line in lines(os.path.join(tree, "modules.dep")):
            path, _, needs = line.partition(":")
            self.paths[name_of(path)] = path
            self.needs[name_of(path)] = [name_of(need) for need in needs.split()]
        self.soft = {"pre": {}, "post": {}}
        for line in lines(os.path.join(tree, "modules.softdep")):
            self.read_soft(line.split()[1:])

    def read_soft(self, words):
        """NAME pre: A B post: C"""
        where = None
        for word in words[1:]:
            if word.endswith(":"):
                where = self.soft.get(word[:-1])
            elif where is not None:
                where.setdefault(name_of(words[0]), []).append(name_of(word))

    def knows(self, name):
        return name_of(name) in self.paths or name_of(name) in self.built_in

    def order(self, name, done=()):
        """The names to load for name, itself included, those in done left out: before each what it needs. Unknown soft ones are."""
        names, begun = [], set(done)

        def visit(name):
            if name in begun or name not in self.paths:
                return
            begun.add(name)
            for need in self.needs[name] + self.soft["pre"].get(name, []):
                visit(need)
            names.append(name)
            for need in self.soft["post"].get(name, []):
                visit(need)
        visit(name_of(name))
        return names

    def target(self, name):
        """Where the plain file of a module is in the archive."""
        path = self.paths[name]
        return f"/lib/modules/{self.version}/" + path[:path.rindex(".ko") + 3]

    def content(self, name):
        path = os.path.join(self.tree, self.paths[name])
        with open(path, "rb") as file:
            return PLAIN[os.path.splitext(path)[1]](file.read())
