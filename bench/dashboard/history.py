"""Commit by commit: a small chart per scenario of what our systems reached, as a ratio to the raw floor of the same run and absolutely.

All charts have the same commits on their axis, in their order. What other work on the machine has torn apart is left out and counted.
"""
from . import model, words
from .charts import SMALL, Series, lines, text
from .numbers import brief, short, times
from .parts import anchor

COMMITS = 24  # the newest of them


def history(data, order, colours):
    rows = [model.historic(r) for r in model.newest_machine(data.rows) if model.is_single(r)]
    steady = [r for r in rows if model.is_steady(r)]
    commits = commits_shown([r for r in steady if model.kind(r["system"]) == "ours"])
    charts = "".join(charts_of([r for r in steady if r["workload"] == w], w, commits, colours) for w in model.workloads(steady, order))
    if not charts:
        return ""
    torn = len([r for r in rows if model.kind(r["system"]) == "ours"]) - len([r for r in steady if model.kind(r["system"]) == "ours"])
    left_out = (" %d of our figures say more about what else the machine did than about the commit and are left out: their repetitions differ by more than %g times, "
                "or more than %g processes per core were busy when the run began." % (torn, model.TORN, model.BUSY)) if torn else ""
    return ('<section id="history"><h2>Commit by commit</h2><p>Oldest on the left, the same commits in every chart; scales are logarithmic, so that equal steps are equal ratios. '
            'Left: shares of the raw floor in the same run, where there is one; the dashed line is the floor itself. Right: the figures. '
            'A point is the median of the commit’s runs.%s</p>%s<div class="charts">%s</div></section>' % (text(left_out), legend(commits), charts))


def commits_shown(ours):
    """Those of scenarios that were measured at more than one."""
    by_workload = {}
    for row in ours:
        by_workload.setdefault(row["workload"], []).append(row)
    several = [rows for rows in by_workload.values() if len(model.commits(rows)) > 1]
    return model.commits(row for rows in several for row in rows)[-COMMITS:]


def legend(commits):
    return '<ol class="commits">%s</ol>' % "".join('<li><b>%d</b> %s <small>%s</small></li>' % (i, text(c.commit[:7] + ("+" if c.commit.endswith("+") else "")), text(c.day))
                                                   for i, c in enumerate(commits, 1))


def charts_of(rows, workload, commits, colours):
    """Nothing where there is only one commit to show: that stands in the scenario's card."""
    place = {c.commit: i for i, c in enumerate(commits)}
    systems = sorted({r["system"] for r in rows if model.kind(r["system"]) == "ours"})
    absolute = series_of(rows, systems, False, place, colours)
    if len({x for each in absolute for x, _, _ in each.points}) < 2:
        return ""
    ratios = series_of(rows, systems, True, place, colours)
    unit = next(r for r in rows if model.kind(r["system"]) == "ours").get("unit", "")
    names = [str(i + 1) for i in range(len(commits))]
    one = lambda series, what, said, reference: '<figure><figcaption>%s</figcaption>%s</figure>' % (
        text(what), lines(series, names, True, "%s of %s by commit" % (said, words.title(workload)), reference, SMALL))
    left = one(ratios, "× raw floor", "ratio", 1.0) if any(s.points for s in ratios) else '<figure class="nothing"><figcaption>no raw floor</figcaption></figure>'
    less = ", less is better" if model.lower_is_better({"unit": unit}) else ""
    return '<div class="chart-of" id="h-%s"><h3>%s</h3><div class="two">%s%s</div></div>' % (
        anchor(workload), text(words.title(workload)), left, one(absolute, unit + less, "figures", None))


def series_of(rows, systems, as_ratio, place, colours):
    found = []
    for name in systems:
        points = [p for p in model.history(rows, name, as_ratio) if p.commit in place and p.value > 0]
        if points:
            label = "%s %s" % (name.removeprefix("engine-"), times(points[-1].value) if as_ratio else brief(points[-1].value))
            found.append(Series(label, colours[name], "ours", [(place[p.commit], p.value, point_words(name, p, as_ratio)) for p in points]))
    return found


def point_words(system, point, as_ratio):
    shown = times if as_ratio else short
    spread = "" if point.runs == 1 else ", %s to %s in %d runs" % (shown(point.low), shown(point.high), point.runs)
    return "%s at %s: %s%s" % (system, point.commit, shown(point.value), spread)
