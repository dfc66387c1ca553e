"""What must be reached and what is, a line per condition: the table of scripts/bench --report, from the newest run of each."""
from harness import report

from . import model
from .charts import text

LOOKS = {"pass": "good", "short": "behind", "-": "none"}


def musts(data):
    rows = data.rows + [row for kept in data.micro for row in report.micro_rows(*kept)]
    told = report.entries([r for r in rows if model.is_row(r)])
    if not any(each.runs for each in told):
        return ""
    passed = sum(each.outcome == "pass" for each in told)
    return ('<section id="musts"><h2>What must be reached</h2><p>%d of %d scenarios do, each in the newest run that measured it.</p><div class="wide"><table class="plain musts">'
            '<thead><tr><th>scenario</th><th>must reach</th><th>reached</th><th></th></tr></thead><tbody>%s</tbody></table></div></section>' %
            (passed, len(told), "".join(entry_rows(each) for each in told)))


def entry_rows(each):
    """The scenario stands beside the first of its conditions."""
    first = '<th rowspan="%d">%s</th>' % (len(each.cells), text(each.scenario))
    return "".join('<tr>%s<td>%s</td><td>%s%s</td><td class="%s">%s</td></tr>' % (
        "" if i else first, text(cell.wanted), text(cell.figure), " <small>%s</small>" % text(cell.beside) if cell.beside else "", LOOKS[cell.state],
        text(cell.state if cell.state != "-" else "–")) for i, cell in enumerate(each.cells))
