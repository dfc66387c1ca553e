"""What Google Benchmark wrote: for each program the newest results, beside those that were kept before. Processor time, which other programs on the
machine disturb less than the clock."""
import re

from . import model
from .charts import text
from .numbers import short, times
from .parts import NONE


def micro(data):
    programs = {}
    for name, context, found in data.micro:
        if found:
            programs.setdefault(program_of(name), []).append((str(context.get("date", "")), name, context, {b["name"]: b for b in found}))
    parts = [program_table(program, sorted(runs, key=lambda run: run[:2])) for program, runs in sorted(programs.items())]
    return ('<section id="micro"><h2>Micro benchmarks</h2><p>Processor time of each, in the newest kept run of its program.</p>%s</section>' % "".join(parts)) if parts else ""


def program_of(name):
    """Kept files are named DATE-COMMIT-PROGRAM.json."""
    return re.sub(r"^\d{8}T\d{6}-[^-]+-|\.json$", "", name)


def program_table(program, runs):
    _, _, context, newest = runs[-1]
    before = runs[-2][3] if len(runs) > 1 else {}
    rate = any(model.is_number(b.get("bytes_per_second")) for b in newest.values())
    body = "".join(row(b, before.get(name), rate, bool(before)) for name, b in newest.items())
    about = ", ".join("%s %s" % (k, context[k]) for k in ("commit", "date", "num_cpus", "mhz_per_cpu") if k in context)
    head = ('<th class="n">MB/s</th>' if rate else "") + ('<th class="n">before</th><th class="n">faster</th>' if before else "")
    return ('<details><summary>%s <small>%s%s</small></summary><div class="wide"><table class="plain"><thead><tr><th>benchmark</th><th class="n">time</th>%s</tr></thead>'
            '<tbody>%s</tbody></table></div></details>' % (text(program), text(about), "" if len(runs) == 1 else ", %d runs kept" % len(runs), head, body))


def row(benchmark, before, rate, compare):
    time, unit = model.micro_time(benchmark), benchmark.get("time_unit", "ns")
    cells = '<td class="n"><span class="figure" data-micro="%s" data-value="%s">%s</span> <small>%s</small></td>' % (
        text(benchmark["name"]), text(repr(time)), text(short(time)), text(unit))
    if rate:
        cells += '<td class="n">%s</td>' % (text(short(benchmark["bytes_per_second"] / 1e6)) if model.is_number(benchmark.get("bytes_per_second")) else "–")
    if compare:
        cells += compared(time, unit, before)
    return "<tr><th>%s</th>%s</tr>" % (text(benchmark["name"]), cells)


def compared(time, unit, before):
    if not before or before.get("time_unit", "ns") != unit or time <= 0 or model.micro_time(before) <= 0:
        return '<td class="n">%s</td><td class="n">%s</td>' % (NONE, NONE)
    ratio = model.micro_time(before) / time
    return '<td class="n">%s</td><td class="n"><b class="%s">%s</b></td>' % (
        text(short(model.micro_time(before))), "good" if ratio >= 0.97 else "near" if ratio >= 0.9 else "behind", text(times(ratio)))
