"""The whole page: one file of HTML and style, without a script, without anything from elsewhere; the browser is told to fetch nothing."""
import os

from . import model, words
from .charts import text
from .glance import glance, machine
from .history import history
from .micro import micro
from .musts import musts
from .parts import anchor
from .python import python_clients
from .scenario import scenario
from .sizes import sizes

STYLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "page.css")
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def colours_of(data):
    """A number for each system that stays the same in all charts: ours from 0, peers from 4; floors are drawn in grey whatever theirs is."""
    found = {}
    for kind, first in (("ours", 0), ("peer", 4), ("floor", 6)):
        names = sorted({r["system"] for r in data.rows if model.kind(r["system"]) == kind}, key=lambda n: (not n.startswith(("engine-tcp", "engine-unix")), n != "pyro4", n))
        found.update((name, first + i) for i, name in enumerate(names))
    return found


MORE = (("sizes", "Throughput over size"), ("python", "Python clients"), ("history", "Commit by commit"), ("micro", "Micro benchmarks"))


def navigation(found, more):
    links = [(anchor(w), words.title(w)) for w in found] + [(name, title) for name, title in MORE if '<section id="%s">' % name in more]
    return '<nav>%s</nav>' % "".join('<a href="#%s">%s</a>' % (name, text(title)) for name, title in links)


def render(data, order=()):
    """The page as text. `order`: workloads in the order they are to appear; others follow."""
    colours = colours_of(data)
    found = model.workloads([r for r in data.rows if model.is_single(r)], order)
    with open(STYLE) as style:
        look = style.read()
    note = "" if not data.left_out else '<p class="note">%d lines had no system, workload or finite figure and are left out.</p>' % data.left_out
    empty = "" if data.rows or data.micro else '<p class="note">Nothing has been recorded yet: scripts/bench --record.</p>'
    more = [part for part in (sizes(data, colours), python_clients(data), history(data, order, colours), micro(data)) if part]
    body = [note, empty, glance(data, order), musts(data), machine(data), navigation(found, "".join(more)) if found else "",
            *(scenario(data, w) for w in found), *more]
    return ('<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="%s">'
            '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
            '<title>engine: benchmarks</title><style>%s</style></head><body><header><h1>engine <span>benchmarks</span></h1>'
            '<p class="key"><span><i class="dot ours"></i>ours</span><span><i class="dot floor"></i>raw floor</span><span><i class="dot peer"></i>peers</span></p>'
            '</header><main>%s</main></body></html>\n' % (POLICY, look, "\n".join(part for part in body if part)))
