"""One call after another through one proxy."""
import Pyro4
import measure


def run(uri, given, check, text):
    length = Pyro4.Proxy(uri).length
    clock = measure.Timing(given)
    while clock.running():
        started = clock.now
        answer = length(text)
        clock.finished_call(started)
        check(answer, len(text))
    measure.report_timing("sync_call", "calls/s", answer, clock)
