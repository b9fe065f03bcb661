# SPDX-License-Identifier: MIT
"""The figures as text and as JSON."""

import dataclasses
import json
import os
import pathlib
import time


def machine():
    names = [line.split(":", 1)[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith("model name")]
    kernel = os.uname()
    return f"Linux {kernel.release.split('-')[0]}, {kernel.machine}, {os.cpu_count()} × {names[0] if names else 'CPU'}"


def busy():
    """The share of the machine's CPU that others use before we start."""
    def idle_and_all():
        ticks = [int(word) for word in pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
        return ticks[3] + ticks[4], sum(ticks)

    idle, everything = idle_and_all()
    time.sleep(1)
    later_idle, later_everything = idle_and_all()
    return 1 - (later_idle - idle) / (later_everything - everything)


def number(value, digits):
    return "-" if value is None else f"{value:,.{digits}f}"


def times(ratio):
    return "" if ratio is None else f"{ratio:.2f}" if ratio < 10 else f"{ratio:.1f}"


def lines(figure):
    """Cells: the heading, then one line a row."""
    yield ["", *(column.heading for column in figure.columns), *(["× floor", "× nsinit"] if figure.ratios else ["", ""]), ""]
    for row in figure.rows:
        cells = [number(row.data.get(column.key), column.digits) for column in figure.columns]
        # "bare" is what the others are compared beyond: a ratio of nothing
        ratios = [times(figure.ratio(row.name, other)) if row.kind != "base" else "" for other in ["floor", "nsinit"]]
        yield [row.name, *cells, *ratios, row.note]


def table(figure):
    grid = list(lines(figure))
    widths = [max(len(cells[i]) for cells in grid) for i in range(len(grid[0]))]
    text = [f"\n{figure.title}{', ' + figure.unit if figure.unit else ''}"]
    for cells in grid:
        columns = [cells[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(cells[1:-1], widths[1:-1])), cells[-1]]
        text.append("  " + "  ".join(columns).rstrip())
    return "\n".join(text)


def budget_line(budget):
    return f"  {'met   ' if budget.met else 'MISSED'}  {budget.figure():>10}  {budget.text}"


def budgets(figures):
    found = [budget for figure in figures for budget in figure.budgets]
    missed = sum(not budget.met for budget in found)
    return "\n".join(["\nbudgets", *map(budget_line, found), f"  {len(found) - missed} met, {missed} missed\n"])


def as_data(figure):
    data = dataclasses.asdict(figure)
    for row in data["rows"]:
        row["ratio_to_floor"] = figure.ratio(row["name"], "floor")
        row["ratio_to_nsinit"] = figure.ratio(row["name"], "nsinit")
    for budget, source in zip(data["budgets"], figure.budgets):
        budget["met"] = source.met
    return data


def write_json(path, lineup, busy_before, figures):
    document = {
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": machine(),
        "busy_before": round(busy_before, 3),
        "versions": lineup.versions,
        "absent": lineup.absent,
        "figures": [as_data(figure) for figure in figures],
    }
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
