"""Owns plots as inline SVG: colours that follow the page, text in its font, words for who cannot see them.

matplotlib draws in placeholder colours, which are then replaced by the page's CSS variables, so that one picture
serves light, dark and print. Pictures are made narrow, to be read at their own size on a phone.
"""

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

WIDTH: Final = 360
"""Width of a picture in CSS pixels at its natural size."""

# Colours that nothing else would use → the page's variables (pages/templates/page.css).
INK, MUTED, LINE, PAPER = "#010203", "#020304", "#030405", "#040506"
SERIES: Final = ("#0a0b01", "#0a0b02", "#0a0b03", "#0a0b04")
MARKERS: Final = ("o", "s", "^", "D")
DASHES: Final = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))
_VARIABLES: Final = {INK: "--ink", MUTED: "--muted", LINE: "--line", PAPER: "--paper"} | {
    colour: f"--s{number}" for number, colour in enumerate(SERIES, start=1)
}


@contextmanager
def figure(height: float, salt: str) -> Iterator[Any]:
    """Give an empty figure of `WIDTH` by `height` pixels, in the page's manner.

    The manner holds inside the block only; draw and turn into SVG there. `salt` makes the ids inside repeatable.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    manner = {
        "svg.fonttype": "none",
        "svg.hashsalt": salt,
        "font.size": 11,
        "font.family": "DejaVu Sans",  # ships with matplotlib; only measures the text, the page's own font shows it
        "text.color": INK,
        "axes.labelcolor": MUTED,
        "axes.edgecolor": LINE,
        "axes.facecolor": "none",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 11,
        "axes.labelsize": 10.5,
        "xtick.color": LINE,
        "ytick.color": LINE,
        "xtick.labelcolor": MUTED,
        "ytick.labelcolor": MUTED,
        "xtick.labelsize": 10.5,
        "ytick.labelsize": 10.5,
        "grid.color": LINE,
        "grid.linewidth": 0.7,
        "legend.frameon": False,
        "legend.fontsize": 10.5,
    }
    with mpl.rc_context(manner):
        yield Figure(figsize=(WIDTH / 72, height / 72), dpi=72, facecolor="none", layout="constrained")


def to_svg(drawn: Any, name: str, title: str, words: str) -> Markup:  # noqa: ANN401 (a matplotlib Figure)
    """Return a figure as an `<svg>` element for a page.

    Args:
        drawn: a figure made by `figure`.
        name: unique on the page; prefixes every id inside.
        title: what the picture shows; read out first.
        words: what is to be seen in it, for who cannot see it.
    """
    stream = io.StringIO()
    drawn.savefig(stream, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = stream.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r"\bid=\"", f'id="{name}-', text)
    text = re.sub(r"url\(#", f"url(#{name}-", text)
    text = re.sub(r"xlink:href=\"#", f'href="#{name}-', text)
    for colour, variable in _VARIABLES.items():
        text = text.replace(colour, f"var({variable})")
    # The page's own font shows the text; only size and weight are the picture's.
    text = re.sub(r"font: ((?:\w+ )*)([\d.]+)px [^;\"]*", r"font-size: \2px", text)
    text = re.sub(r" {2,}|\n", lambda found: "\n" if found[0] == "\n" else "", text)
    text = re.sub(r"\n+", "\n", text)
    body = text[text.index(">", text.index("<svg")) + 1 :]
    height = round(drawn.get_figheight() * 72)
    head = Markup(
        '<svg viewBox="0 0 {} {}" role="img" aria-labelledby="{}-t {}-d"><title id="{}-t">{}</title>'
        '<desc id="{}-d">{}</desc>'
    ).format(WIDTH, height, name, name, name, title, name, words)
    return head + Markup(body.strip())  # matplotlib escaped the text it was given


@dataclass(frozen=True)
class Curve:
    """A line through points (x, y), named."""

    name: str
    points: Sequence[tuple[float, float]]


def curves(lines: Sequence[Curve], name: str, title: str, x: str, y: str, words: str = "") -> Markup:
    """Return lines over a common axis, such as losses over steps; at most four, told apart by colour and dash."""
    with figure(210, name) as drawn:
        axes = drawn.add_subplot()
        for number, curve in enumerate(lines[: len(SERIES)]):
            xs, ys = zip(*curve.points, strict=True) if curve.points else ((), ())
            dash = DASHES[number]
            axes.plot(xs, ys, color=SERIES[number], linestyle=dash, linewidth=1.6, label=curve.name)
            if len(curve.points) <= 20:
                axes.plot(xs, ys, MARKERS[number], color=SERIES[number], markersize=3.5)
        axes.grid(axis="y")
        axes.set_axisbelow(True)
        axes.set_xlabel(x)
        axes.set_ylabel(y)
        if len(lines) > 1:
            axes.legend()
        said = words or "; ".join(
            f"{curve.name}: from {curve.points[0][1]:.3g} to {curve.points[-1][1]:.3g}"
            for curve in lines
            if curve.points
        )
        return to_svg(drawn, name, title, said)


@dataclass(frozen=True)
class Values:
    """Numbers whose spread is shown, named."""

    name: str
    values: Sequence[float]


def histogram(
    series: Sequence[Values],
    edges: Sequence[float],
    name: str,
    title: str,
    x: str,
    words: str,
    *,
    logarithmic: bool = False,
    mark: float | None = None,
) -> Markup:
    """Return how values are spread, as steps over common bins; what lies outside is in the first or last bin.

    Args:
        series: at most four, told apart by colour and dash.
        edges: of the bins, rising.
        name: unique on the page; prefixes every id inside.
        title: what the picture shows; read out first.
        x: what the values are.
        words: what is to be seen in it, for who cannot see it.
        logarithmic: whether the axis is.
        mark: a value to draw a line at.
    """
    from bisect import bisect_right

    with figure(210, name) as drawn:
        axes = drawn.add_subplot()
        for number, each in enumerate(series[: len(SERIES)]):
            counts = [0.0] * (len(edges) - 1)
            for value in each.values:
                counts[min(max(bisect_right(edges, value) - 1, 0), len(counts) - 1)] += 100 / len(each.values)
            colour, dash = SERIES[number], DASHES[number]
            axes.stairs(counts, edges, color=colour, linestyle=dash, linewidth=1.6, label=each.name)
            axes.stairs(counts, edges, color=colour, fill=True, alpha=0.12)
        if mark is not None:
            axes.axvline(mark, color=MUTED, linewidth=0.9, linestyle=(0, (2, 2)))
        if logarithmic:
            from matplotlib.ticker import FuncFormatter, NullFormatter

            axes.set_xscale("log", base=2)
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.4g}"))
            axes.xaxis.set_minor_formatter(NullFormatter())
        axes.grid(axis="y")
        axes.set_axisbelow(True)
        axes.set_xlabel(x)
        axes.set_ylabel("pairs, %")
        if len(series) > 1:
            axes.legend()
        return to_svg(drawn, name, title, words)


def heat_map(
    table: Sequence[Sequence[float | None]], labels: Sequence[str], name: str, title: str, words: str
) -> Markup:
    """Return values from -1 to 1 between things as tinted squares, each pair once: the lower triangle.

    Args:
        table: symmetric; None where there is no value.
        labels: of the rows; columns bear their numbers, from 1.
        name: unique on the page; prefixes every id inside.
        title: what the picture shows; read out first.
        words: what is to be seen in it, for who cannot see it.
    """
    left = 8 + min(150.0, 6.6 * max(map(len, labels), default=0))
    size = min(36.0, (WIDTH - left) / max(1, len(labels)))
    font = min(10.5, 0.44 * size)
    head = Markup(
        '<svg viewBox="0 0 {} {:.0f}" role="img" aria-labelledby="{}-t {}-d"><title id="{}-t">{}</title>'
        '<desc id="{}-d">{}</desc>'
    ).format(WIDTH, size * (len(labels) + 0.8), name, name, name, title, name, words)
    parts = []
    text = Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}" style="{}">{}</text>')
    ink, muted = (f"font-size:{font:.1f}px;fill:var({variable})" for variable in ("--ink", "--muted"))
    label_style = f"font-size:{min(10.5, 0.62 * size):.1f}px;fill:var(--ink)"
    for row, label in enumerate(labels):
        middle = (row + 0.5) * size + 0.35 * font
        parts.append(text.format(left - 6, middle, "end", label_style, label))
        centre = left + (row + 0.5) * size
        parts.append(text.format(centre, size * (len(labels) + 0.5), "middle", muted, row + 1))
        for column in range(row + 1):
            value = table[row][column]
            tint = 0.0 if value is None else min(1.0, abs(value))
            parts.append(
                Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" style="{}"/>').format(
                    left + column * size + 0.5,
                    row * size + 0.5,
                    size - 1,
                    size - 1,
                    # Never so dark that the number on it could not be read.
                    f"fill:var(--s{2 if value is not None and value < 0 else 1});fill-opacity:{0.05 + 0.5 * tint:.2f}",
                )
            )
            if value is not None and column < row:
                said = str(round(100 * value)).replace("-", "−")
                parts.append(text.format(left + (column + 0.5) * size, middle, "middle", ink, said))
    return head + Markup("").join(parts) + Markup("</svg>")
