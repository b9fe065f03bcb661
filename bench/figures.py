# SPDX-License-Identifier: MIT
"""What is measured: each function runs the competitors of one task and returns its figures with their budgets."""

import contextlib
import dataclasses
import os
import pathlib
import statistics
import subprocess
import time

ORPHANS = 200  # a sample of the reaping figure
SETTLE_S = 0.5  # whatever an init does after the start
MOMENT_US = 1000  # the random moment of a signal: within this time of PID 1's exec


@dataclasses.dataclass
class Effort:
    quick: bool
    samples: int = None

    def rounds(self, full, quick):
        return self.samples or (quick if self.quick else full)


@dataclasses.dataclass
class Column:
    key: str
    heading: str
    digits: int = 1


@dataclasses.dataclass
class Row:
    name: str
    kind: str
    data: dict
    note: str = ""


@dataclasses.dataclass
class Budget:
    text: str
    value: float
    limit: float
    unit: str = "×"

    @property
    def met(self):
        return self.value <= self.limit

    def figure(self):
        """Three digits, so that a miss by little does not look like the limit."""
        return f"{self.value:.3g} {self.unit}".rstrip()


@dataclasses.dataclass
class Figure:
    name: str
    title: str
    unit: str
    key: str  # of Row.data, the number that is compared
    columns: list
    rows: list
    log: bool = False
    ratios: bool = True
    budgets: list = dataclasses.field(default_factory=list)

    def value(self, name):
        return next((row.data[self.key] for row in self.rows if row.name == name), None)

    def ratio(self, name, other):
        if not self.ratios:
            return None
        value, base = self.value(name), self.value(other)
        return value / base if value is not None and base else None

    def hold(self, text, limit, against):
        """Adds the budget "nsinit ≤ limit × against", if that took part."""
        ratio = self.ratio("nsinit", against)
        if ratio is not None:
            self.budgets.append(Budget(f"{text} ≤ {limit} × {against}", ratio, limit))


PEERS = ["tini", "tini-static", "dumb-init", "catatonit"]
SPREAD = [Column("median", "median"), Column("q1", "25 %"), Column("q3", "75 %")]


def command(lineup, task, rounds, count, rows):
    words = [str(lineup.work / "measure"), task, str(rounds), str(count)]
    for i, row in enumerate(rows):
        words += ([";;"] if i else []) + [str(row.every), *row.argv]
    return words


def sample(lineup, task, rounds, count, rows, prefix=()):
    """The samples of each row. A session of its own, so that no init finds a terminal to play with."""
    done = subprocess.run([*prefix, *command(lineup, task, rounds, count, rows)], text=True, start_new_session=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:  # on success it holds what the inits had to say, such as a warning a sample
        raise SystemExit(f"bench: {task}: {(done.stderr.splitlines() or ['no message'])[-1]}")
    samples = [[] for _ in rows]
    for line in done.stdout.splitlines():
        index, value = line.split()
        samples[int(index)].append(int(value))
    return samples


def summary(values):
    """In µs from ns."""
    values = [value / 1000 for value in values]
    cuts = statistics.quantiles(values, n=100) if len(values) > 1 else values * 99
    return {"median": statistics.median(values), "q1": cuts[24], "q3": cuts[74], "p99": cuts[98], "samples": len(values)}


def summarised(rows, samples):
    return [Row(row.name, row.kind, summary(values), row.note) for row, values in zip(rows, samples)]


def start(lineup, effort):
    rows = lineup.entrypoints("exit", base=True)
    results = summarised(rows, sample(lineup, "start", effort.rounds(2000, 200), 0, rows))
    bare = results[0].data["median"]
    for row in results:
        row.data["over"] = row.data["median"] - bare
    figure = Figure("start", "entrypoint: start and exit of a static program, over a bare exec of it", "µs", "over",
                    SPREAD + [Column("over", "over bare")], results)
    figure.hold("start + exit over a bare exec", 1.25, "floor")
    for peer in PEERS:
        figure.hold("start + exit over a bare exec", 0.4, peer)
    return [figure]


def fields(path):
    """The "Name: number" lines of a file in /proc."""
    pairs = (line.split(":", 1) for line in pathlib.Path(path).read_text().splitlines() if ":" in line)
    return {name: int(rest.split()[0]) for name, rest in pairs if rest.split() and rest.split()[0].isdigit()}


def look(pid):
    memory = fields(f"/proc/{pid}/smaps_rollup")
    return {
        "anonymous": memory["Anonymous"],
        "rss": memory["Rss"],
        "private": memory["Private_Clean"] + memory["Private_Dirty"],
        "switches": fields(f"/proc/{pid}/status")["voluntary_ctxt_switches"],
    }


@contextlib.contextmanager
def held(lineup, rows):
    """One idle PID 1 of each, as pids."""
    with subprocess.Popen(command(lineup, "hold", 0, 0, rows), text=True, start_new_session=True, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as holder:
        yield [int(holder.stdout.readline().split()[1]) for _ in rows]
        holder.stdin.close()


def watch(lineup, rows, seconds):
    """What each holds after a start, and how often it woke up in the time given."""
    with held(lineup, rows) as pids:
        time.sleep(SETTLE_S)
        os.sync()
        before = [look(pid) for pid in pids]
        time.sleep(seconds)
        after = [look(pid) for pid in pids]
    return [last | {"wakeups": last["switches"] - first["switches"]} for first, last in zip(before, after)]


def idle(lineup, effort):
    rows = lineup.entrypoints("inside", "hold")
    seconds = 3 if effort.quick else 10
    # The kernel starts each stack at a random offset, which moves the anonymous memory by a page: several starts.
    starts = [watch(lineup, rows, 0) for _ in range(2 if effort.quick else 8)] + [watch(lineup, rows, seconds)]
    results = []
    for row, looks in zip(rows, zip(*starts)):
        data = {key: statistics.median(one[key] for one in looks) for key in ["anonymous", "rss", "private"]}
        results.append(Row(row.name, row.kind, data | {"wakeups": looks[-1]["wakeups"]}))
    columns = [Column("anonymous", "anonymous", 0), Column("rss", "RSS", 0), Column("private", "private", 0),
               Column("wakeups", f"wake-ups, {seconds} s", 0)]
    figure = Figure("idle", "memory: anonymous, of an idle PID 1", "kB", "anonymous", columns, results, log=True)
    ours = next(row.data for row in results if row.name == "nsinit")
    figure.budgets = [Budget("idle, anonymous ≤ 24 kB", ours["anonymous"], 24, "kB"),
                      Budget("idle, RSS ≤ 120 kB", ours["rss"], 120, "kB"),
                      Budget(f"wake-ups in {seconds} s = 0", ours["wakeups"], 0, "")]
    for peer in PEERS:
        figure.hold("idle, anonymous", 0.5, peer)
    return [figure]


def reap(lineup, effort):
    rows = lineup.entrypoints("inside", "orphans", str(ORPHANS))
    results = summarised(rows, sample(lineup, "reap", effort.rounds(40, 8), ORPHANS, rows))
    figure = Figure("reap", "reaping: CPU time of PID 1 for each orphan", "µs", "median", SPREAD, results)
    figure.hold("CPU per orphan", 1.1, "floor")
    return [figure]


def latency(lineup, effort):
    rows = lineup.entrypoints("inside", "catch")
    samples = sample(lineup, "latency", effort.rounds(3000, 300), 0, rows)
    results = summarised(rows, [[value for value in values if value >= 0] for values in samples])
    for row, values in zip(results, samples):
        row.data["lost"] = sum(value < 0 for value in values)
    figure = Figure("latency", "signal latency: from kill(2) on PID 1 to the program's own clock stamp", "µs", "median",
                    SPREAD + [Column("p99", "p99"), Column("lost", "lost", 0)], results)
    figure.hold("signal latency", 1.1, "floor")
    lost = next(row.data["lost"] for row in results if row.name == "nsinit")
    figure.budgets.append(Budget(f"signals lost of {len(samples[0])} = 0", lost, 0, ""))
    return [figure]


def lost_figure(name, moment, starts, rows, samples):
    results = [Row(row.name, row.kind, {"lost": sum(values)}) for row, values in zip(rows, samples)]
    return Figure(name, f"signals lost of {starts}: {moment}", "", "lost", [Column("lost", "lost", 0)], results, ratios=False)


def lost(lineup, effort):
    rows = lineup.entrypoints("inside", "catch", groups=True)
    starts = effort.rounds(10000, 100)
    first = sample(lineup, "lost-first", starts, 0, rows)
    moment = sample(lineup, "lost-random", starts, MOMENT_US, rows)
    figures = [lost_figure("lost-first", "sent as soon as PID 1 has a child", starts, rows, first),
               lost_figure("lost-random", f"sent within {MOMENT_US // 1000} ms of PID 1's exec", starts, rows, moment)]
    # The random moment has no budget: what the floor loses was sent before its exec was complete, when nobody can hold it.
    for name in ["nsinit", "nsinit -g"]:
        figures[0].budgets.append(Budget(f"{name}: signals lost at the first child = 0", figures[0].value(name), 0, ""))
    return figures


def container_figure(lineup, effort, user):
    rows = lineup.able(lineup.containers(user), user)
    samples = sample(lineup, "life", effort.rounds(1500, 150), 0, rows, lineup.prefix(user))
    who = "ordinary user" if user else "root"
    figure = Figure("container-user" if user else "container",
                    f"container, {who}: whole life with namespaces, rootfs and mounts (unshare: only /proc)", "µs", "median",
                    SPREAD, summarised(rows, samples), log=True)
    for limit, against in [(1.15, "floor"), (0.4, "bwrap"), (0.05, "runc")]:
        figure.hold(f"container{' (user)' if user else ''}: whole life", limit, against)
    return figure


def container(lineup, effort):
    roles = [False, True] if os.geteuid() == 0 else [True]
    return [container_figure(lineup, effort, user) for user in roles]


def is_static(path):
    """No program interpreter among the ELF program headers, as readelf says."""
    answer = subprocess.run(["readelf", "--program-headers", path], capture_output=True, text=True, check=True)
    return "INTERP" not in answer.stdout


def size(lineup, effort):
    results = []
    for name, path in lineup.paths.items():
        if path:
            results.append(Row(name, "ours" if name == "nsinit" else "peer",
                               {"bytes": os.stat(path).st_size}, "static" if is_static(path) else "dynamic"))
    results.sort(key=lambda row: row.kind != "ours")
    figure = Figure("size", "binary size: the stripped file", "bytes", "bytes", [Column("bytes", "bytes", 0)], results, log=True)
    figure.budgets = [Budget("binary ≤ 128 KiB", figure.value("nsinit") / 1024, 128, "KiB")]
    return [figure]


FIGURES = {"start": start, "idle": idle, "container": container, "reap": reap, "latency": latency, "lost": lost, "size": size}
