"""The parts of the page: each takes the data and gives its HTML, or nothing where nothing was recorded.

Figures stand in elements with data-system, data-workload and data-value: what a person reads and what a test checks are one.
"""
from . import model, words
from .charts import Series, lines, scale, steps, strip, text
from .numbers import Logarithmic, short, size, times

PERCENTILES = (("p50", "p50_us"), ("p90", "p90_us"), ("p99", "p99_us"), ("p99.9", "p999_us"), ("max", "max_us"))
BESIDE = (("burst_calls_per_s", "calls/s in bursts"), ("blob_mb_per_s", "MB/s of blobs"))
NONE = '<span class="none">–</span>'
HISTORY_SYSTEMS = 8  # lines in one chart


def figure(row, what="value", shown=None):
    """A recorded figure as it is written, with the exact one beside it."""
    setting = ' data-kb="%s"' % text(row["kb"]) if "kb" in row else ""
    return '<span class="figure" data-system="%s" data-workload="%s" data-what="%s" data-value="%s"%s>%s</span>' % (
        text(row["system"]), text(row["workload"]), what, text(repr(row[what])), setting, text(shown or short(row[what])))


def ratio(value, mine, theirs):
    """A ratio of two systems of one run; above one is good for us, and 0.9 of a floor, which does nothing but send and receive."""
    if value is None:
        return NONE
    good, near = (0.9, 0.75) if model.kind(theirs["system"]) == "floor" else (1, 0.9)
    look = "good" if value >= good else "near" if value >= near else "behind"
    return '<b class="ratio %s" data-mine="%s" data-theirs="%s" data-workload="%s" data-value="%.6g">%s%s</b>' % (
        look, text(mine["system"]), text(theirs["system"]), text(mine["workload"]), value, "≈" if model.overlap(mine, theirs) else "", text(times(value)))


def against(mine, theirs):
    return ratio(model.ahead(mine, theirs) if mine and theirs else None, mine, theirs)


def anchor(workload):
    return "w-" + "".join(c if c.isalnum() else "-" for c in workload)


def single_rows(data, workload):
    """The newest figures of a workload that has one per system."""
    return model.latest(r for r in data.rows if r["workload"] == workload and "kb" not in r)


# --- at a glance ---

def glance(data, order):
    rows = "".join(glance_row(single_rows(data, w), w) for w in model.workloads([r for r in data.rows if "kb" not in r], order))
    if not rows:
        return ""
    return ('<section id="glance"><h2>At a glance</h2><p>How far ahead we are, in the newest run of each scenario: 1.00× is even, more is '
            'better for us. A floor is raw sockets without any protocol, so a little less than one is all that can be had. '
            'With ≈ the repetitions of both overlap: the difference may be chance.</p>'
            '<table class="glance"><thead><tr><th>Scenario</th><th class="n">Ours<small>TCP, the faster way</small></th>'
            '<th class="n">The raw floor<small>nobody spins</small></th><th class="n">The raw floor<small>both spin</small></th>'
            '<th class="n">The best peer<small>nobody spins</small></th><th class="n">The best peer<small>we spin</small></th></tr></thead><tbody>%s</tbody></table></section>' % rows)


def glance_row(rows, workload):
    ours = [r for r in rows if model.kind(r["system"]) == "ours"]
    if not ours:
        return ""
    tcp = [r for r in ours if "unix" not in r["system"]] or ours
    top = model.best(tcp)
    tcp = [r for r in tcp if model.stores_alike(r["system"], top["system"])]
    plain, spinning = (model.best(r for r in tcp if r["system"].endswith("-spin") == spin) for spin in (False, True))
    peer = model.best(r for r in rows if model.kind(r["system"]) == "peer" and model.stores_alike(r["system"], top["system"]))
    named = " <small>%s</small>" % text(peer["system"]) if peer else ""
    cells = [against(mine, model.floor_of(mine, rows)) if mine else NONE for mine in (plain, spinning)]
    cells += [against(mine, peer) + named if mine and peer else NONE for mine in (plain, spinning)]
    return '<tr><th><a href="#%s">%s</a></th><td class="n">%s <small>%s</small></td>%s</tr>' % (
        anchor(workload), text(words.title(workload)), figure(top), text(top.get("unit", "")), "".join('<td class="n">%s</td>' % c for c in cells))


# --- one card per scenario ---

def scenario(data, workload, colours):
    rows = single_rows(data, workload)
    if not rows:
        return ""
    parts = [figures_of(rows), latencies_of(rows), history_of(data, workload, colours)]
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


# --- latency ---

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


# --- history ---

def history_of(data, workload, colours):
    rows = [r for r in data.rows if r["workload"] == workload]
    systems = [s for s in dict.fromkeys(r["system"] for r in rows) if model.kind(s) == "ours"][:HISTORY_SYSTEMS]
    as_ratio = any(model.kind(r["system"]) == "floor" for r in rows)
    found = {s: model.history(rows, s, as_ratio) for s in systems}
    commits = commit_order(found.values())
    if len(commits) < 2:
        return ""
    place = {commit: i for i, commit in enumerate(commits)}
    series = [Series(s, colours[s], "ours", [(place[p.commit], p.value, point_words(s, p, as_ratio)) for p in points]) for s, points in found.items() if points]
    what = "of the raw floor in the same run" if as_ratio else rows[0].get("unit", "")
    return '<h3>Commit by commit</h3><p>%s, the median of each commit’s runs; oldest on the left.</p>%s' % (
        text(("Share " + what) if as_ratio else what), lines(series, [c[:7] for c in commits], False, "history of " + workload, 1.0 if as_ratio else None))


def commit_order(histories):
    """All commits, each system's own order kept: histories are in the order of commits already."""
    longest = sorted(histories, key=len, reverse=True)
    found = []
    for points in longest:
        for i, point in enumerate(points):
            if point.commit not in found:
                after = [found.index(p.commit) for p in points[:i] if p.commit in found]
                found.insert(max(after) + 1 if after else 0, point.commit)
    return found


def point_words(system, point, as_ratio):
    shown = times if as_ratio else short
    spread = "" if point.runs == 1 else ", %s to %s in %d runs" % (shown(point.low), shown(point.high), point.runs)
    return "%s at %s: %s%s" % (system, point.commit, shown(point.value), spread)


# --- throughput over size ---

def sizes(data, colours):
    found = model.workloads([r for r in data.rows if model.is_number(r.get("kb"))], ("blob_up", "blob_down"))
    charts = "".join(sizes_of(model.latest(r for r in data.rows if r["workload"] == w and model.is_number(r.get("kb"))), w, colours) for w in found)
    return '<section id="sizes"><h2>Throughput over message size</h2><div class="pair">%s</div></section>' % charts if charts else ""


def sizes_of(rows, workload, colours):
    steps_of_size = sorted({r["kb"] for r in rows})
    systems = list(dict.fromkeys(r["system"] for r in rows))
    by_place = {(r["system"], r["kb"]): r for r in rows}
    series = []
    for name in systems:
        points = [(i, by_place[name, kb]) for i, kb in enumerate(steps_of_size) if (name, kb) in by_place and by_place[name, kb]["value"] > 0]
        series.append(Series(name, colours[name], model.kind(name), [
            (i, row["value"], "%s, %s: %s %s" % (name, size(row["kb"]), short(row["value"]), row.get("unit", ""))) for i, row in points]))
    head = "".join('<th class="n">%s</th>' % text(size(kb)) for kb in steps_of_size)
    body = "".join("<tr><th>%s</th>%s</tr>" % (text(name), "".join(
        '<td class="n">%s</td>' % (figure(by_place[name, kb]) if (name, kb) in by_place else "–") for kb in steps_of_size)) for name in systems)
    return '<div><h3>%s</h3><p>%s In %s.</p>%s<div class="wide"><table class="plain"><thead><tr><th></th>%s</tr></thead><tbody>%s</tbody></table></div></div>' % (
        text(words.title(workload)), text(words.sentence(workload)), text(rows[0].get("unit", "")),
        lines(series, [size(kb) for kb in steps_of_size], True, words.title(workload)), head, body)


# --- Google Benchmark ---

def micro(data):
    parts = [micro_of(name, context, found) for name, context, found in data.micro if found]
    return '<section id="micro"><h2>Micro benchmarks</h2><p>As Google Benchmark wrote them.</p>%s</section>' % "".join(parts) if parts else ""


def micro_of(name, context, found):
    rate = any(model.is_number(b.get("bytes_per_second")) for b in found)
    axis = Logarithmic([b["real_time"] for b in found])
    body = "".join('<tr><th>%s</th><td class="n"><span class="figure" data-micro="%s" data-value="%s">%s</span> <small>%s</small></td>%s</tr>' % (
        text(b["name"]), text(b["name"]), text(repr(b["real_time"])), text(short(b["real_time"])), text(b.get("time_unit", "ns")),
        '<td class="n">%s</td>' % (text(short(b["bytes_per_second"] / 1e6)) if model.is_number(b.get("bytes_per_second")) else "–") if rate else "") for b in found)
    about = ", ".join("%s %s" % (k, context[k]) for k in ("commit", "date", "num_cpus", "mhz_per_cpu") if k in context)
    return ('<details%s><summary>%s <small>%s</small></summary><div class="wide"><table class="plain"><thead><tr><th>benchmark</th><th class="n">time</th>%s</tr></thead>'
            '<tbody>%s</tbody></table></div></details>' % ("", text(name), text(about), '<th class="n">MB/s</th>' if rate else "", body))


# --- the machine ---

def machine(data):
    rows = [r for r in data.rows if r.get("cpu")]
    if not rows:
        return ""
    newest = max(rows, key=model.run_of)
    facts = (("processor", "%s, %s cores for this" % (newest["cpu"], newest.get("cores", "?"))), ("memory", "%s GB" % newest.get("memory_gb", "?")),
             ("kernel", newest.get("kernel", "?")), ("compiler", newest.get("compiler", "?")), ("build", newest.get("build", "?")),
             ("commit", "%s%s" % (newest.get("commit", "?"), " with changes" if newest.get("dirty") else "")), ("measured", newest.get("date", "?")),
             ("load when it began", newest.get("load", "?")), ("runs shown", len({model.run_of(r) for r in data.rows})))
    return '<section id="machine"><h2>The machine</h2><dl>%s</dl></section>' % "".join("<div><dt>%s</dt><dd>%s</dd></div>" % (k, text(v)) for k, v in facts)
