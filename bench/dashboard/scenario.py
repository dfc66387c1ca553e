"""The card of one scenario: every system's figure beside ours, and how long single calls take."""
from . import model, words
from .charts import scale, steps, strip, text
from .numbers import Logarithmic, short
from .parts import against, anchor, figure, single_rows

PERCENTILES = (("p50", "p50_us"), ("p90", "p90_us"), ("p99", "p99_us"), ("p99.9", "p999_us"), ("max", "max_us"))
BESIDE = (("burst_calls_per_s", "calls/s in bursts"), ("blob_mb_per_s", "MB/s of blobs"), ("calls_per_core_s", "calls in a second of the server’s processor time"))


def scenario(data, workload):
    rows = single_rows(data, workload)
    if not rows:
        return ""
    parts = [figures_of(rows), latencies_of(rows)]
    return '<section class="scenario" id="%s"><h2>%s</h2><p>%s</p>%s</section>' % (
        anchor(workload), text(words.title(workload)), text(words.sentence(workload)), "".join(parts))


def figures_of(rows):
    axis = Logarithmic([v for r in rows for v in (r["value"], *model.spread(r))])
    less = model.lower_is_better(rows[0])
    ordered = sorted(rows, key=lambda r: r["value"], reverse=not less)
    body = "".join(figure_row(row, rows, axis) for row in ordered)
    unit = rows[0].get("unit", "")
    return ('<div class="rows"><div class="row head"><span>system</span><span>%s, median and spread%s, on a logarithmic scale</span><span class="n">median</span>'
            '<span class="n">ours beside it</span></div>%s<div class="row foot"><span></span>%s<span></span><span></span></div></div>' %
            (text(unit), ", less is better" if less else "", body, scale(axis, unit)))


def figure_row(row, rows, axis):
    kind = model.kind(row["system"])
    beside = ""
    if kind != "ours":
        mine = model.counterpart(row, rows)
        beside = "%s <small>%s</small>" % (against(mine, row), text(mine["system"])) if mine else ""
    low, high = model.spread(row)
    window = " <small>window %s</small>" % text(row["window"]) if "window" in row else ""
    also = ", ".join("%s %s" % (short(row[key]), name) for key, name in BESIDE if model.is_number(row.get(key)))
    also = '<small class="also">%s</small>' % text("beside it: " + also) if also else ""
    return '<div class="row %s"><span class="who">%s%s</span>%s<span class="n" title="%s">%s</span><span class="n">%s</span>%s</div>' % (
        kind, text(row["system"]), window, strip(axis, low, row["value"], high, kind),
        text("%s to %s" % (short(low), short(high))), figure(row), beside, also)


def percentiles(row):
    return [(name, row[key]) for name, key in PERCENTILES if model.is_number(row.get(key)) and row[key] > 0]


def latencies_of(rows):
    timed = [(r, percentiles(r)) for r in rows if len(percentiles(r)) > 1]
    if not timed:
        return ""
    axis = Logarithmic([v for _, values in timed for _, v in values])
    timed.sort(key=lambda pair: pair[1][0][1])
    body = "".join('<div class="row %s"><span class="who">%s</span>%s%s</div>' % (
        model.kind(r["system"]), text(r["system"]), steps(axis, values, model.kind(r["system"])), percentile_cells(r)) for r, values in timed)
    key = "".join('<span><i class="step p%d"></i>%s</span>' % (i, name) for i, (name, _) in enumerate(PERCENTILES))
    return ('<h3>How long a call takes</h3><p class="key">%s</p><div class="rows latency"><div class="row head"><span>system</span><span>microseconds, on a logarithmic scale</span>'
            '%s</div>%s<div class="row foot"><span></span>%s%s</div></div>' % (
                key, "".join('<span class="n">%s</span>' % n for n, _ in PERCENTILES), body, scale(axis, "µs"), "<span></span>" * len(PERCENTILES)))


def percentile_cells(row):
    return "".join('<span class="n" data-name="%s">%s</span>' % (name, figure(row, key) if model.is_number(row.get(key)) else "–") for name, key in PERCENTILES)
