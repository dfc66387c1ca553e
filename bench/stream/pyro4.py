"""Items of a stream, one request each."""
import Pyro4
import measure


def run(uri, given, check, text):
    proxy = Pyro4.Proxy(uri)
    clock = measure.Timing(given)
    while clock.running():
        wanted = 1
        for item in proxy.count_to(1000000):
            check(item, wanted)
            if wanted % 64 == 0:
                clock.finished(64)
                if not clock.running():
                    break
            wanted += 1
    measure.report_timing("stream", "items/s", 64, clock)
