"""Throughput over the size of a message: a chart and its figures for each direction."""
from . import model, words
from .charts import Series, lines, text
from .numbers import short, size
from .parts import figure


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
    body = "".join('<tr class="%s"><th>%s</th>%s</tr>' % (model.kind(name), text(name), "".join(
        '<td class="n">%s</td>' % (figure(by_place[name, kb]) if (name, kb) in by_place else "–") for kb in steps_of_size)) for name in systems)
    return '<div><h3>%s</h3><p>%s In %s.</p>%s<div class="wide"><table class="plain"><thead><tr><th></th>%s</tr></thead><tbody>%s</tbody></table></div></div>' % (
        text(words.title(workload)), text(words.sentence(workload)), text(rows[0].get("unit", "")),
        lines(series, [size(kb) for kb in steps_of_size], True, words.title(workload)), head, body)
