# SPDX-License-Identifier: MIT
"""How the cost of a container grows: with the number that live beside it, and with the mounts of the host."""

import contextlib
import os
import statistics
import struct
import subprocess

from figures import Column, Figure, Row, fields, sample

ALIVE = [0, 10, 100, 1000]
MOUNTS = [1, 512, 8192]
HOLD = ["/inside", "orphans", "0"]  # until the end of its standard input
NEWS = struct.calcsize("qii")  # struct news of inside.h
GROWERS = ["floor", "nsinit", "bwrap", "unshare"]
# In a mount namespace of its own: each rbind of the tree into itself doubles it.
CROWD = """
mount -t tmpfs none /mnt && n=1
while [ $n -lt $0 ]; do mkdir /mnt/$n && mount --rbind /mnt /mnt/$n || exit; n=$((2 * n)); done
exec "$@"
"""


def growers(lineup, program=("/exit",)):
    return [row for row in lineup.containers(False, program) if row.name in GROWERS]


def median_us(values):
    return statistics.median(values) / 1000


@contextlib.contextmanager
def alive(argv, count, prefix):
    """That many containers, all of them up. They end with their common standard input."""
    if count == 0:
        yield 0
        return
    stdin, ours = os.pipe()
    news, theirs = os.pipe()
    before = fields("/proc/meminfo")["MemAvailable"]
    running = [subprocess.Popen([*prefix, *argv], stdin=stdin, stdout=theirs, start_new_session=True) for _ in range(count)]
    try:
        os.close(theirs)
        for _ in running:
            if len(os.read(news, NEWS)) != NEWS:
                raise SystemExit(f"bench: growth: {argv[0]}: a container does not answer")
        yield (before - fields("/proc/meminfo")["MemAvailable"]) / count
    finally:
        os.close(stdin)
        os.close(ours)
        for process in running:
            process.wait()
        os.close(news)


def growth_alive(lineup, effort):
    counts = ALIVE[:-1] if effort.quick else ALIVE
    columns = [Column(f"life{count}", f"{count:,} others", 0) for count in counts] + [Column("memory", "kB each", 0)]
    results = []
    for row, holder in zip(growers(lineup), growers(lineup, HOLD)):
        data = {}
        for count in counts:
            with alive(holder.argv, count, lineup.prefix(False)) as memory:
                data |= {f"life{count}": median_us(sample(lineup, "life", effort.rounds(200, 40), 0, [row], lineup.prefix(False))[0])}
                data |= {"memory": memory}
        results.append(Row(row.name, row.kind, data, row.note))
    return Figure("growth-alive", "growth: whole life of a container, µs, beside others; memory of each, everything counted", "",
                  f"life{counts[-1]}", columns, results, log=True)


def growth_mounts(lineup, effort):
    columns = [Column(f"life{count}", f"{count:,} mounts", 0) for count in MOUNTS]
    rows = growers(lineup)
    data = [{} for _ in rows]
    for count in MOUNTS:
        prefix = [*lineup.prefix(False), "unshare", "--mount", "--propagation", "private", "sh", "-c", CROWD, str(count)]
        for found, values in zip(data, sample(lineup, "life", effort.rounds(200, 20), 0, rows, prefix)):
            found[f"life{count}"] = median_us(values)
    return Figure("growth-mounts", "growth: whole life of a container, µs, on a host with that many more mounts", "",
                  f"life{MOUNTS[-1]}", columns, [Row(row.name, row.kind, found, row.note) for row, found in zip(rows, data)], log=True)


def growth(lineup, effort):
    if os.geteuid() != 0:
        print("bench: not taken: growth, which only root can")
        return []
    return [growth_alive(lineup, effort), growth_mounts(lineup, effort)]
