"""Drawings by hand: lines over an axis as SVG, and strips of marks as positioned elements that stretch with the page.

Whatever comes from a file goes through `text`, so that no name can become markup.
"""
import html
from dataclasses import dataclass

from .numbers import Linear, Logarithmic, brief, short

@dataclass(frozen=True)
class Frame:
    """The size of a chart, and the room around what is drawn."""
    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int


LARGE = Frame(480, 280, 46, 128, 12, 34)
SMALL = Frame(284, 150, 36, 126, 8, 24)
LABEL_HEIGHT = 15
COLOURS = 8  # --c0 … --c7 in the page's style


def text(anything):
    return html.escape(str(anything), quote=True)


def percent(fraction):
    return "%.2f%%" % (fraction * 100)


def strip(axis, low, middle, high, kind):
    """A mark at the middle and a bar over the spread, on a row of its own."""
    left, right = axis.at(low), axis.at(high)
    return ('<span class="strip %s"><i class="span" style="left:%s;width:%s"></i><i class="mark" style="left:%s"></i></span>' %
            (kind, percent(left), percent(max(0.0, right - left)), percent(axis.at(middle))))


def steps(axis, values, kind):
    """Several marks on one row, joined: the percentiles of a latency. `values`: (name, value) in rising order."""
    left, right = axis.at(values[0][1]), axis.at(values[-1][1])
    marks = "".join('<i class="step p%d" style="left:%s" title="%s"></i>' % (i, percent(axis.at(v)), text("%s %s µs" % (name, short(v))))
                    for i, (name, v) in enumerate(values))
    return '<span class="strip %s"><i class="join" style="left:%s;width:%s"></i>%s</span>' % (kind, percent(left), percent(right - left), marks)


def scale(axis, unit):
    """The axis under the strips."""
    ticks = "".join('<i style="left:%s">%s</i>' % (percent(axis.at(v)), text(brief(v))) for v in axis.ticks())
    return '<span class="scale">%s<b>%s</b></span>' % (ticks, text(unit))


def spread_labels(wanted, top, bottom):
    """Heights of labels near the wanted ones, none over another."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    placed, last = [0.0] * len(wanted), top - LABEL_HEIGHT
    for i in order:
        last = placed[i] = max(wanted[i], last + LABEL_HEIGHT)
    over = last - bottom
    for i in reversed(order):  # too far down: push them up again
        if over <= 0:
            break
        placed[i] -= over
        over = placed[order[order.index(i) - 1]] + LABEL_HEIGHT - placed[i] if order.index(i) > 0 else 0
    return placed


class Series:
    """One line of a chart: its name, the number of its colour, its kind, and points (x, y, what a pointer over it reads)."""

    def __init__(self, name, colour, kind, points):
        self.name, self.colour, self.kind, self.points = name, colour, kind, points


def lines(series, names_of_x, logarithmic, what, reference=None, frame=LARGE):
    """A chart of lines over evenly spaced places that have names. `reference`: a value that gets a line across."""
    values = [y for s in series for _, y, _ in s.points] + ([reference] if reference else [])
    axis = Logarithmic(values) if logarithmic else Linear(values)
    count = max(len(names_of_x), 1)
    end = frame.width - frame.right
    across = lambda x: frame.left + (end - frame.left) * ((x + 0.5) / count)
    down = lambda y: frame.height - frame.bottom - (frame.height - frame.top - frame.bottom) * axis.at(y)
    parts = ['<svg class="chart" viewBox="0 0 %d %d" role="img" aria-label="%s">' % (frame.width, frame.height, text(what))]
    for value in axis.ticks(6 if frame is LARGE else 4):
        parts.append('<line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/><text class="tick" x="%d" y="%.1f" text-anchor="end">%s</text>' %
                     (frame.left, end, down(value), down(value), frame.left - 6, down(value) + 4, text(brief(value))))
    if reference:
        parts.append('<line class="reference" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/>' % (frame.left, end, down(reference), down(reference)))
    every = -(-count // 6) if frame is LARGE else -(-count // 12)
    for i, name in enumerate(names_of_x):
        if i % every == 0:
            parts.append('<text class="tick" x="%.1f" y="%d" text-anchor="middle">%s</text>' % (across(i), frame.height - frame.bottom + 18, text(name)))
    parts += [line(s, across, down) for s in series]
    parts += end_labels(series, across, down, frame)
    return "".join(parts) + "</svg>"


def line(series, across, down):
    look = "c%d %s" % (series.colour % COLOURS, series.kind)
    points = " ".join("%.1f,%.1f" % (across(x), down(y)) for x, y, _ in series.points)
    dots = "".join('<circle class="%s" cx="%.1f" cy="%.1f" r="3.2"><title>%s</title></circle>' % (look, across(x), down(y), text(said))
                   for x, y, said in series.points)
    return '<polyline class="%s" points="%s"/>%s' % (look, points, dots)


def end_labels(series, across, down, frame):
    drawn = [s for s in series if s.points]
    end = frame.width - frame.right
    heights = spread_labels([down(s.points[-1][1]) for s in drawn], frame.top + 6, frame.height - frame.bottom)
    for s, height in zip(drawn, heights):
        x, y = across(s.points[-1][0]), down(s.points[-1][1])
        yield ('<path class="lead" d="M%.1f %.1fL%d %.1f"/><text class="name c%d %s" x="%d" y="%.1f">%s</text>' %
               (x + 4, y, end + 2, height, s.colour % COLOURS, s.kind, end + 6, height + 4, text(s.name[:22])))
