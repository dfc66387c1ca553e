"""Figures and ratios as they stand on the page.

A figure has data-system, data-workload and data-value beside the text: what a person reads and what a test checks are one.
"""
from . import model
from .charts import text
from .numbers import short, times

NONE = '<span class="none">–</span>'


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
    return model.latest(r for r in data.rows if r["workload"] == workload and model.is_single(r))
