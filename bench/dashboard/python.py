"""What users of Python gain by the server alone: each figure that Pyro4's example clients print, with Pyro4's server and with ours."""
from . import model
from .charts import text
from .numbers import short
from .parts import NONE, ratio

WORKLOAD = "python_clients"


def python_clients(data):
    rows = model.latest(r for r in data.rows if r["workload"] == WORKLOAD and isinstance(r.get("figure"), str))
    figures = list(dict.fromkeys(r["figure"] for r in rows))
    if not figures:
        return ""
    body = "".join(figure_row(name, [r for r in rows if r["figure"] == name]) for name in figures)
    return ('<section id="python"><h2>Unmodified Python clients</h2><p>Pyro4’s own example clients, and the figures that they print of themselves. Only the server differs.</p>'
            '<div class="wide"><table class="plain"><thead><tr><th>example and figure</th><th class="n">Pyro4’s server</th><th class="n">ours</th><th></th><th class="n">ratio</th></tr></thead>'
            '<tbody>%s</tbody></table></div></section>' % body)


def figure_row(name, rows):
    mine, theirs = (next((r for r in rows if (model.kind(r["system"]) == "ours") == wanted), None) for wanted in (True, False))
    unit = (mine or theirs).get("unit", "")
    compared = ratio(model.ahead(mine, theirs), mine, theirs) if mine and theirs else NONE
    return '<tr><th>%s</th><td class="n">%s</td><td class="n">%s</td><td><small>%s</small></td><td class="n">%s</td></tr>' % (
        text(name), cell(theirs), cell(mine), text(unit), compared)


def cell(row):
    if not row:
        return NONE
    return '<span class="figure" data-system="%s" data-workload="%s" data-what="value" data-figure="%s" data-value="%s">%s</span>' % (
        text(row["system"]), text(row["workload"]), text(row["figure"]), text(repr(row["value"])), text(short(row["value"])))
