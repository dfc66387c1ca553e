"""Batches of a thousand calls, with their results."""
import Pyro4
import measure


def run(uri, given, check, text):
    proxy = Pyro4.Proxy(uri)
    clock = measure.Timing(given)
    while clock.running():
        batch = Pyro4.batch(proxy)
        for _ in range(1000):
            batch.length(text)
        answers = list(batch())
        clock.finished(1000)
        check(answers, [len(text)] * 1000)
    measure.report_timing("batched", "calls/s", answers[0], clock)
