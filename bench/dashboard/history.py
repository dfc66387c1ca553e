"""Our systems commit by commit: as shares of the raw floor of the same run where there is one, which a busy machine slows as well."""
from . import model
from .charts import Series, lines, text
from .numbers import short, times

HISTORY_SYSTEMS = 8  # lines in one chart


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
