"""What Google Benchmark wrote, a table for each file."""
from . import model
from .charts import text
from .numbers import short


def micro(data):
    parts = [micro_of(name, context, found) for name, context, found in data.micro if found]
    return '<section id="micro"><h2>Micro benchmarks</h2><p>As Google Benchmark wrote them.</p>%s</section>' % "".join(parts) if parts else ""


def micro_of(name, context, found):
    rate = any(model.is_number(b.get("bytes_per_second")) for b in found)
    body = "".join('<tr><th>%s</th><td class="n"><span class="figure" data-micro="%s" data-value="%s">%s</span> <small>%s</small></td>%s</tr>' % (
        text(b["name"]), text(b["name"]), text(repr(b["real_time"])), text(short(b["real_time"])), text(b.get("time_unit", "ns")),
        '<td class="n">%s</td>' % (text(short(b["bytes_per_second"] / 1e6)) if model.is_number(b.get("bytes_per_second")) else "–") if rate else "") for b in found)
    about = ", ".join("%s %s" % (k, context[k]) for k in ("commit", "date", "num_cpus", "mhz_per_cpu") if k in context)
    return ('<details><summary>%s <small>%s</small></summary><div class="wide"><table class="plain"><thead><tr><th>benchmark</th><th class="n">time</th>%s</tr></thead>'
            '<tbody>%s</tbody></table></div></details>' % (text(name), text(about), '<th class="n">MB/s</th>' if rate else "", body))
