"""Oneway calls as fast as they go; at the end an ordinary call asks how many were executed."""
import Pyro4
import measure


def run(uri, given, check, text):
    proxy = Pyro4.Proxy(uri)
    before, sent = proxy.noted(), 0
    clock = measure.WholeRun(given)
    while clock.running():
        proxy.note(text)
        sent += 1
    check(proxy.noted() - before, sent)
    clock.finished(sent)
    measure.report_timing("oneway", "calls/s", len(text), clock)
