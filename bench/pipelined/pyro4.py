"""Pyro4's asynchronous proxy, which makes a thread per call; `window` calls are started, then all are awaited."""
import Pyro4
import measure


def run(uri, given, check, text):
    proxy = Pyro4.Proxy(uri)
    proxy._pyroAsync()
    window = int(given.get("window", 64))
    clock = measure.Timing(given)
    while clock.running():
        started = [proxy.length(text) for _ in range(window)]
        answers = [each.value for each in started]
        clock.finished(window)
        check(answers, [len(text)] * window)
    measure.report_timing("pipelined_call", "calls/s", answers[0], clock)
