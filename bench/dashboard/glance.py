"""What stands first on the page: how far ahead we are in each scenario, and on which machine that was."""
from . import model, words
from .charts import text
from .parts import NONE, against, anchor, figure, single_rows


def glance(data, order):
    rows = "".join(glance_row(single_rows(data, w), w) for w in model.workloads([r for r in data.rows if model.is_single(r)], order))
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
