"""The dashboard's page: its figures are those of the lines given, names cannot become markup, and a browser shows it without a script
error, without asking the network for anything, in both colour schemes and on a telephone. Pictures are kept where DASHBOARD_PICTURES says.
"""
import html.parser
import http.server
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import unittest
import zlib

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, "bench"))
from dashboard import model, numbers, page

BROWSER = shutil.which("chromium")
ABOUT = {"commit": "0123456789ab", "committed": "2026-01-02T03:04:05+00:00", "date": "2026-01-02T04:00:00+00:00", "cpu": "A processor", "cores": 2,
         "kernel": "6.1", "compiler": "g++ 12", "build": "release", "memory_gb": 8.0}
HOSTILE = '"><script>alert(1)</script><img src=http://127.0.0.1:9/x onerror=alert(2)>&\'</style>'


def row(system, workload, value, unit="calls/s", **more):
    return {"system": system, "workload": workload, "value": value, "unit": unit, "min": value * 0.9, "max": value * 1.1, **ABOUT, **more}


def latency(p50):
    return {"p50_us": p50, "p90_us": p50 * 2, "p99_us": p50 * 3, "p999_us": p50 * 10, "max_us": p50 * 100}


def sample():
    rows = []
    for run in range(4):
        when = {"commit": "abc%09d" % run, "committed": "2026-01-0%dT00:00:00+00:00" % (run + 1), "date": "2026-01-0%dT01:00:00+00:00" % (run + 1)}
        rows += [row("engine-tcp", "sync_call", 17000.25 + 500 * run, **latency(55.5), **when), row("tcp-blocking", "sync_call", 18000.75, **latency(50.1), **when),
                 row("engine-tcp-spin", "sync_call", 117000.0, **latency(8.0), **when), row("tcp-epoll-spin", "sync_call", 130000.5, **latency(7.0), **when),
                 row("zeromq", "sync_call", 9000.0, **latency(100.0), **when), row("pyro4", "sync_call", 4700.5, **latency(200.0), **when),
                 row("engine-tcp", "instructions_server", 2000.0 - 100 * run, "instructions", **when)]
    for system, peak in (("engine-tcp", 2500.0), ("tcp-epoll", 2900.0), ("redis", 1100.0)):
        rows += [row(system, "blob_up", peak / (1 + 300 / kb), "MB/s", kb=kb) for kb in (64, 1024, 16384, 262144, 1048576)]
    for system, factor in (("pyro4-python", 1), ("engine-python", 2.5)):
        rows += [row(system, "python_clients", figure * factor, figure=name) for name, figure in (("benchmark: call #1", 4000.5), ("batchedcalls: Batched", 16000.0))]
    return rows


MICRO = {"context": {"date": "2026-01-02", "num_cpus": 2}, "benchmarks": [
    {"name": "encode/msgpack", "run_type": "iteration", "real_time": 12.625, "cpu_time": 12.5, "time_unit": "ns", "bytes_per_second": 1e9},
    {"name": "encode/msgpack_mean", "run_type": "aggregate", "real_time": 99.0, "cpu_time": 99.0, "time_unit": "ns"}]}


class Figures(html.parser.HTMLParser):
    """Every figure and ratio of a page: its attributes and the text that is shown. And every element's name and attributes."""

    def __init__(self, drawn):
        super().__init__()
        self.figures, self.ratios, self.elements, self.open = [], [], [], None
        self.feed(drawn)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.elements.append((tag, given))
        if "data-value" in given:
            self.open = [given, ""]
            (self.ratios if "data-theirs" in given else self.figures).append(self.open)

    def handle_data(self, data):
        if self.open is not None:
            self.open[1] += data
            self.open = None


def read(*files):
    """What the page's model makes of texts, each given as a file."""
    data = model.Data()
    with tempfile.TemporaryDirectory() as folder:
        for number, content in enumerate(files):
            path = os.path.join(folder, "%d.json" % number)
            with open(path, "w") as out:
                out.write(content)
            model.read_into(data, path)
    return data


def lines(rows):
    return "".join(json.dumps(r) + "\n" for r in rows)


def drawn_by_the_command(folder, rows, *more):
    """Runs scripts/dashboard as a user would; the path of its page."""
    given = [os.path.join(folder, "history.jsonl")]
    with open(given[0], "w") as out:
        out.write(lines(rows))
    for number, content in enumerate(more):
        given.append(os.path.join(folder, "micro%d.json" % number))
        with open(given[-1], "w") as out:
            json.dump(content, out)
    out = os.path.join(folder, "page.html")
    subprocess.run([sys.executable, os.path.join(TOP, "scripts", "dashboard"), "-o", out, *given], check=True, stdout=subprocess.DEVNULL)
    return out


class Page(unittest.TestCase):
    def test_every_figure_of_the_newest_run_is_on_the_page_as_it_was_recorded(self):
        rows = sample()
        shown = Figures(page.render(read(lines(rows))))
        for r in rows:
            newest = r["date"] == max(o["date"] for o in rows if o["workload"] == r["workload"])
            same = [(a, text) for a, text in shown.figures if a.get("data-system") == r["system"] and a["data-workload"] == r["workload"]
                    and a["data-what"] == "value" and a.get("data-figure") == r.get("figure") and a.get("data-kb") == (str(r["kb"]) if "kb" in r else None)]
            if newest:
                self.assertTrue(same, r)
                for attributes, text in same:
                    self.assertEqual(float(attributes["data-value"]), r["value"])
                    self.assertEqual(text, numbers.short(r["value"]))

    def test_no_figure_is_on_the_page_that_was_not_given(self):
        rows = sample()
        given = {(r["system"], r["workload"], k): r[k] for r in rows for k in ("p50_us", "p90_us", "p99_us", "p999_us", "max_us") if k in r}
        for attributes, text in Figures(page.render(read(lines(rows)))).figures:
            what, value = attributes["data-what"], float(attributes["data-value"])
            if what == "value":
                self.assertIn(value, [r["value"] for r in rows if r["system"] == attributes["data-system"] and r["workload"] == attributes["data-workload"]])
            else:
                self.assertEqual(value, given[attributes["data-system"], attributes["data-workload"], what])
            self.assertEqual(text, numbers.short(value))

    def test_ratios_are_of_the_two_figures_they_name_in_the_newest_run(self):
        rows = sample()
        newest = {(r["system"], r["workload"]): r["value"] for r in rows}  # of Python's clients all have the same ratio
        ratios = Figures(page.render(read(lines(rows)))).ratios
        self.assertTrue({("engine-tcp", "tcp-blocking"), ("engine-tcp-spin", "tcp-epoll-spin"), ("engine-tcp", "pyro4"), ("engine-tcp-spin", "zeromq")} <=
                        {(a["data-mine"], a["data-theirs"]) for a, _ in ratios})
        for a, text in ratios:
            expected = newest[a["data-mine"], a["data-workload"]] / newest[a["data-theirs"], a["data-workload"]]
            self.assertAlmostEqual(float(a["data-value"]), expected, delta=expected * 1e-5)
            self.assertEqual(text.lstrip("≈"), numbers.short(expected) + "×")

    def test_a_ratio_of_figures_whose_repetitions_overlap_is_marked(self):
        rows = [row("engine-tcp", "batched", 100.0, min=90, max=111), row("tcp-epoll", "batched", 120.0, min=110, max=130), row("ice", "batched", 10.0, min=9, max=11)]
        shown = {a["data-theirs"]: text for a, text in Figures(page.render(read(lines(rows)))).ratios}
        self.assertEqual(shown, {"tcp-epoll": "≈0.83×", "ice": "10.0×"})

    def test_fewer_instructions_are_better(self):
        mine, theirs = row("engine-tcp", "instructions_server", 100, "instructions"), row("other", "instructions_server", 200, "instructions")
        self.assertEqual(model.ahead(mine, theirs), 2)
        self.assertIs(model.best([mine, theirs]), mine)

    def test_the_history_is_in_the_order_of_commits_and_of_one_machine(self):
        rows = [row("engine-tcp", "batched", 3.0, commit="c", committed="2026-01-03"), row("engine-tcp", "batched", 1.0, commit="a", committed="2026-01-01"),
                row("engine-tcp", "batched", 5.0, commit="a", committed="2026-01-01"), row("engine-tcp", "batched", 9.0, commit="x", cpu="another", date="2020")]
        points = model.history(model.newest_machine(rows), "engine-tcp", False)
        self.assertEqual([(p.commit, p.value, p.runs) for p in points], [("a", 3.0, 2), ("c", 3.0, 1)])

    def test_all_charts_have_the_same_commits_and_show_ratios_beside_figures(self):
        rows = [row(system, workload, value * (run + 1), commit="c%d" % run, committed="2026-01-0%d" % run, date="2026-01-0%d" % run)
                for run in (1, 2, 3) for system, workload, value in (("engine-tcp", "batched", 8.0), ("tcp-epoll", "batched", 10.0), ("engine-tcp", "oneway", 5.0)) if run != 2 or workload == "oneway"]
        drawn = page.render(read(lines(rows)))
        section = drawn[drawn.index('<section id="history">'):]
        self.assertEqual(re.findall(r"<b>(\d)</b> (c\d)", section), [("1", "c1"), ("2", "c2"), ("3", "c3")])
        self.assertEqual(section.count("<svg"), 3)  # of oneway there is no floor to be a share of
        self.assertEqual(section.count("no raw floor"), 1)
        self.assertEqual(re.findall("<title>(.*?)</title>", section), ["engine-tcp at c1: 0.80×", "engine-tcp at c3: 0.80×", "engine-tcp at c1: 16.0", "engine-tcp at c3: 32.0",
                                                                      "engine-tcp at c1: 10.0", "engine-tcp at c2: 15.0", "engine-tcp at c3: 20.0"])

    def test_figures_whose_repetitions_are_torn_apart_are_left_out_of_the_history_and_counted(self):
        rows = [row("engine-tcp", "oneway", 5.0 + run, commit="c%d" % run, committed="2026-01-0%d" % run, date="2026-01-0%d" % run, min=1.0 if run == 2 else 5.0, max=9.0) for run in (1, 2, 3)]
        section = page.render(read(lines(rows)))
        section = section[section.index('<section id="history">'):]
        self.assertEqual(re.findall("<title>(.*?)</title>", section), ["engine-tcp at c1: 6.00", "engine-tcp at c3: 8.00"])
        self.assertIn(" 1 of our figures say more about what else the machine did", section)
        busy = row("engine-tcp", "oneway", 5.0, load=5.1)
        self.assertEqual([model.is_steady(r) for r in (busy, {**busy, "load": 5.0}, {**busy, "unit": "instructions"}, {**busy, "load": "x"})], [False, True, True, True])

    def test_of_two_server_cores_the_history_has_what_a_second_of_them_yields(self):
        made = model.historic(row("engine-tcp", "two_cores", 5.0, min=1, max=9, calls_per_core_s=7.0))
        self.assertEqual((made["value"], made["unit"], model.is_steady(made)), (7.0, "calls/s of a server core", True))

    def test_a_revision_that_was_measured_beside_is_history_and_not_the_newest_run(self):
        rows = [row("engine-tcp", "batched", 3.0), row("engine-tcp", "batched", 1.0, commit="old", committed="2025", compared=True)]
        self.assertEqual([r["value"] for r in model.latest(rows)], [3.0])
        self.assertEqual([p.commit for p in model.history(rows, "engine-tcp", False)], ["old", "0123456789ab"])
        self.assertEqual([r["value"] for r in model.latest([*rows, row("engine-tcp", "batched", 7.0, date="2020")])], [7.0])

    def test_a_run_of_few_systems_does_not_hide_one_of_many(self):
        rows = [row("engine-tcp", "batched", 3.0), row("tcp-epoll", "batched", 4.0), row("pyro4", "batched", 1.0), row("engine-tcp", "batched", 5.0, date="2027")]
        self.assertEqual([r["value"] for r in model.latest(rows)], [3.0, 4.0, 1.0])
        self.assertEqual([r["value"] for r in model.latest([*rows, row("tcp-epoll", "batched", 7.0, date="2027")])], [5.0, 7.0])
        self.assertEqual(model.latest([]), [])

    def test_files_of_google_benchmark_are_shown_without_their_aggregates(self):
        shown = [(a, t) for a, t in Figures(page.render(read(json.dumps(MICRO)))).figures if "data-micro" in a]
        self.assertEqual([(a["data-micro"], float(a["data-value"]), t) for a, t in shown], [("encode/msgpack", 12.5, "12.5")])  # of the processor

    def test_of_a_micro_benchmark_the_newest_results_are_shown_beside_those_before(self):
        run = lambda day, time: json.dumps({"context": {"date": "2026-01-0%d" % day}, "benchmarks": [{"name": "encode", "real_time": 99.0, "cpu_time": time, "time_unit": "ns"}]})
        data = model.Data()
        with tempfile.TemporaryDirectory() as folder:
            for day, time in ((2, 40.0), (1, 60.0)):
                path = os.path.join(folder, "2026010%dT000000-abc-micro_x.json" % day)
                with open(path, "w") as out:
                    out.write(run(day, time))
                model.read_into(data, path)
        drawn = page.render(data)
        self.assertEqual([a["data-value"] for a, _ in Figures(drawn).figures], ["40.0"])
        self.assertIn('micro_x <small>date 2026-01-02, 2 runs kept</small>', drawn)
        self.assertIn('<td class="n">60.0</td><td class="n"><b class="good">1.50×</b></td>', drawn)

    def test_what_must_be_reached_stands_on_the_page_as_in_the_report(self):
        drawn = page.render(read(lines([row("engine-tcp", "oneway", 9e6), row("zeromq", "oneway", 8e6)])))
        section = drawn[drawn.index('<section id="musts">'):]
        self.assertIn('0 of 14 scenarios do', section)
        self.assertIn('<th rowspan="2">oneway calls</th><td>8,000,000 calls/s</td><td>9,000,000 calls/s</td><td class="good">pass</td></tr>'
                      '<tr><td>1.5 × ZeroMQ</td><td>1.12 ×</td><td class="behind">short</td></tr>', section)
        self.assertNotIn('id="musts"', page.render(read(lines([row("engine-tcp", "mixed", 9e6)]))))

    def test_hostile_names_are_shown_and_are_no_markup(self):
        rows = [row(HOSTILE, HOSTILE, 5.0, HOSTILE, **{**latency(1.0), "commit": HOSTILE, "cpu": HOSTILE, "kernel": HOSTILE}),
                row("engine-" + HOSTILE, HOSTILE, 6.0, HOSTILE, commit=HOSTILE, window=HOSTILE), row(HOSTILE, HOSTILE, 7.0, kb=64),
                row("engine-" + HOSTILE, HOSTILE, 6.0, commit="another" + HOSTILE, date="1" + HOSTILE)]
        micro = {"context": {"date": HOSTILE}, "benchmarks": [{"name": HOSTILE, "real_time": 1, "time_unit": HOSTILE}]}
        drawn = page.render(read(lines(rows), json.dumps(micro)))
        shown = Figures(drawn)
        self.assertIn(HOSTILE, [a.get("data-system") for a, _ in shown.figures])
        self.assertFalse({"script", "img", "iframe", "object", "link"} & {tag for tag, _ in shown.elements})
        for tag, attributes in shown.elements:
            self.assertFalse([name for name in attributes if name.startswith("on")], attributes)
            self.assertTrue(attributes.get("href", "#").startswith("#"), attributes)
            self.assertNotIn("src", attributes)
        self.assertEqual(drawn.count("</style>"), 1)

    def test_lines_that_are_no_rows_are_counted_and_text_that_is_no_json_is_refused(self):
        bad = [{"system": "a"}, [1], 5, None, {"system": 1, "workload": "w", "value": 1}, {"system": "a", "workload": "w", "value": "1"}]
        text = lines(bad) + '{"system":"a","workload":"w","value":NaN}\n' + '{"system":"a","workload":"w","value":1e999}\n'
        data = read(text)
        self.assertEqual((data.left_out, data.rows), (8, []))
        self.assertIn("8 lines had no", page.render(data))
        self.assertRaisesRegex(model.Unreadable, "line 1 is no JSON", read, "hello\n")
        self.assertRaises(model.Unreadable, read, "[" * 100000)

    def test_odd_values_are_drawn(self):
        for rows in ([], [row("engine-tcp", "sync_call", 0)], [row("engine-tcp", "sync_call", 0), row("tcp-epoll", "sync_call", 0)],
                     [row("a", "b", 1e30), row("c", "b", 1e-300)], [{**row("a", "b", 1), "value": 10 ** 400}], [row("a", "b", 5, min="x", max=None, kb="y", p50_us="z")], [row("a", "b", 7, kb=0.001)],
                     [{"system": "a", "workload": "b", "value": 1}]):
            Figures(page.render(read(lines(rows))))


@unittest.skipUnless(BROWSER, "chromium is not installed")
class Browser(unittest.TestCase):
    """What Chromium says of the page that scripts/dashboard writes."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="dashboard-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        names = sample() + [row(HOSTILE, "sync_call", 8000.0, **latency(90.0), date="2026-01-04T01:00:00+00:00")]
        cls.page = drawn_by_the_command(cls.folder, names, MICRO)

    def browse(self, *words):
        profile = tempfile.mkdtemp(dir=self.folder)
        command = [BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--user-data-dir=" + profile, "--no-first-run", "--hide-scrollbars",
                   "--disable-background-networking", "--disable-component-update", "--allow-file-access-from-files", "--enable-logging=stderr", *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=100, env={**os.environ, "HOME": self.folder})

    def picture(self, scheme, width, height, name):
        path = os.path.join(os.environ.get("DASHBOARD_PICTURES") or self.folder, name)
        done = self.browse("--blink-settings=preferredColorScheme=%d" % {"dark": 0, "light": 1}[scheme], "--window-size=%d,%d" % (width, height),
                           "--screenshot=" + path, "file://" + self.page)
        self.assertTrue(os.path.exists(path), done.stderr[-2000:])
        self.assertNotIn("CONSOLE", done.stderr)  # script errors and refused requests are told there
        return path

    def test_it_is_light_or_dark_as_the_reader_prefers(self):
        light = first_pixel(self.picture("light", 1200, 4200, "light.png"))
        dark = first_pixel(self.picture("dark", 1200, 4200, "dark.png"))
        self.assertGreater(min(light), 200)
        self.assertLess(max(dark), 60)

    def test_on_a_telephone_nothing_is_wider_than_the_screen(self):
        wrapper = os.path.join(self.folder, "telephone.html")
        with open(wrapper, "w") as out:
            out.write('<iframe id="f" width="380" height="800" src="page.html" onload="const d=f.contentDocument.documentElement;'
                      'document.body.append(`wide ${d.scrollWidth} of ${d.clientWidth}, ${d.querySelectorAll(`.figure`).length} figures`)"></iframe>')
        said = self.browse("--dump-dom", "--virtual-time-budget=5000", "file://" + wrapper).stdout
        wide, room, figures = (int(number) for number in re.search(r"wide (\d+) of (\d+), (\d+) figures", said).groups())
        self.assertLessEqual(wide, room)
        self.assertGreater(figures, 20)
        self.picture("light", 500, 7000, "telephone.png")

    def test_it_asks_the_network_for_nothing(self):
        asked = []

        class Listener(http.server.SimpleHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                super().do_GET()

            def log_message(self, *_):
                pass

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), lambda *a: Listener(*a, directory=self.folder)) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            log = os.path.join(self.folder, "net.json")
            self.browse("--dump-dom", "--log-net-log=" + log, "http://127.0.0.1:%d/page.html" % server.server_port)
            server.shutdown()
        self.assertEqual([a for a in asked if a != "/favicon.ico"], ["/page.html"])  # the icon is the browser's own idea
        with open(log, errors="replace") as said:
            self.assertNotIn("127.0.0.1:9/", said.read())  # what the hostile name asked for


def first_pixel(path):
    """Red, green and blue of a picture's first pixel, which every PNG filter leaves as it is."""
    with open(path, "rb") as opened:
        content = opened.read()
    at, packed = 8, b""
    while at < len(content):
        length, name = struct.unpack(">I4s", content[at:at + 8])
        packed += content[at + 8:at + 8 + length] if name == b"IDAT" else b""
        at += 12 + length
    return tuple(zlib.decompress(packed)[1:4])


if __name__ == "__main__":
    unittest.main()
