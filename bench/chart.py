# SPDX-License-Identifier: MIT
"""The figures as one SVG: a panel a figure, a bar a competitor, its value and its multiple of nsinit beside it; the
budgets in a panel of their own."""

import math
from xml.sax.saxutils import escape

# Layout, px.
WIDTH = 960
MARGIN = 24
GAP = 36  # between the two columns of panels
PANEL = (WIDTH - 2 * MARGIN - GAP) // 2
LABEL = 86  # names, left of the bars
VALUE = 112  # numbers, right of them
BAR = PANEL - LABEL - VALUE
ROW = 19
HEAD = 40  # a panel's two lines of title
FOOT = 26
TOP = 70
LINE = 14  # of the budgets' list

COLOURS = {"ours": "#0b7285", "floor": "#b9c2cc", "base": "#dde2e7", "peer": "#8a97a6"}
STYLE = """text{font:12px system-ui,sans-serif;fill:#24292f}.title{font-size:18px;font-weight:600}.head{font-weight:600}
.note{fill:#66707b;font-size:11px}.ours{font-weight:600;fill:#0b7285}.missed{font-size:11px;font-weight:600;fill:#b3261e}
.grid{stroke:#e6e9ed}.value{paint-order:stroke;stroke:#fff;stroke-width:4px}.ratio{fill:#66707b}"""


def text(x, y, words, kind="", anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>'


def short(value):
    """A number as people read it beside a bar."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}".removesuffix(".0")


def scale(figure, values):
    """A function from a value to the length of its bar, and the values at which the axis has a line."""
    top = max(values)
    if not figure.log:
        step = 10 ** math.floor(math.log10(top)) if top > 0 else 1
        step *= 2 if top / step > 4 else 1 if top / step > 2 else 0.5
        marks = [step * i for i in range(int(top / step) + 1)]
        return lambda value: BAR * value / top if top else 0, marks
    low = 10 ** math.floor(math.log10(min(values) / 1.5))  # a log axis has no zero: the shortest bar still shows
    span = math.log10(top / low)
    marks = [low * 10**i for i in range(int(span) + 1)]
    return lambda value: BAR * math.log10(value / low) / span, marks


def shown(figure):
    """The rows with a bar: what is not there, or is what the others are compared beyond, has none."""
    return [row for row in figure.rows if row.kind != "base" and row.data.get(figure.key) is not None]


def height(figure):
    return HEAD + ROW * len(shown(figure)) + FOOT


def beside(figure, row, x, y):
    ratio = figure.ratio(row.name, "nsinit")
    value = escape(short(row.data[figure.key]))
    if ratio is not None and row.kind != "ours":
        value += f' <tspan class="ratio" dx="3">×{ratio:.{2 if ratio < 10 else 0}f}</tspan>'
    return f'<text x="{x:.1f}" y="{y:.1f}" class="value {row.kind if row.kind == "ours" else ""}">{value}</text>'


def axis(marks, length, left, top, bottom):
    for mark in marks:
        x = left + LABEL + length(mark)
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}" class="grid"/>'
        yield text(x, bottom + 12, short(mark), "note", "middle")


def panel(figure, left, top):
    rows = shown(figure)
    length, marks = scale(figure, [row.data[figure.key] for row in rows])
    head, _, rest = figure.title.partition(": ")
    unit = ", ".join(filter(None, [figure.unit, "log scale" if figure.log else ""]))
    yield text(left, top + 12, f"{head}{f' ({unit})' if unit else ''}", "head")
    yield text(left, top + 28, rest, "note")
    yield from axis(marks, length, left, top + HEAD - 4, top + HEAD + ROW * len(rows))
    for i, row in enumerate(rows):
        y = top + HEAD + ROW * i
        width = max(length(row.data[figure.key]), 1)
        kind = "ours" if row.kind == "ours" else ""
        yield text(left + LABEL - 8, y + 12, row.name, kind, "end")
        yield f'<rect x="{left + LABEL}" y="{y + 1}" width="{width:.1f}" height="{ROW - 5}" rx="2" fill="{COLOURS[row.kind]}"/>'
        yield beside(figure, row, left + LABEL + width + 6, y + 12)


def budgets(found, left, top):
    met = sum(budget.met for budget in found)
    yield text(left, top + 12, f"budgets: {met} met, {len(found) - met} missed", "head")
    for i, budget in enumerate(found):
        y = top + HEAD - 8 + LINE * i
        kind = "note" if budget.met else "missed"
        yield text(left + 54, y, budget.figure(), kind, "end")
        yield text(left + 64, y, budget.text, kind)


def draw(figures, machine):
    left = [MARGIN, MARGIN + PANEL + GAP]
    bottoms = [TOP, TOP]
    body = []
    for figure in figures:
        column = bottoms.index(min(bottoms))  # the shorter one
        body += panel(figure, left[column], bottoms[column])
        bottoms[column] += height(figure)
    found = [budget for figure in figures for budget in figure.budgets]
    column = bottoms.index(min(bottoms))
    body += budgets(found, left[column], bottoms[column])
    bottoms[column] += HEAD + LINE * len(found)
    head = [text(MARGIN, 32, "nsinit and its peers on the same work, in the same run", "title"),
            text(MARGIN, 50, "Medians; shorter is better. ×: as a multiple of nsinit. floor: a C program that makes only "
                 f"the system calls the task needs. {machine}", "note")]
    tall = max(bottoms) + 4
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{tall}" viewBox="0 0 {WIDTH} {tall}">',
        f"<style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{tall}" fill="#fff"/>',
        *head, *body, "</svg>\n",
    ])
