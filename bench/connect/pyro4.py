"""A new proxy, one call, release, over and over."""
import Pyro4
import measure


def run(uri, given, check, text):
    clock = measure.Timing(given)
    while clock.running():
        started = clock.now
        with Pyro4.Proxy(uri) as proxy:
            answer = proxy.length(text)
        clock.finished_call(started)
        check(answer, len(text))
    measure.report_timing("connect", "conn/s", answer, clock)
