"""One blob of `mb` MiB per call, four calls; the median of the last three."""
import Pyro4
import measure


def run(uri, given, check, text):
    proxy = Pyro4.Proxy(uri)
    data = bytes(bytearray(range(256))) * (int(given.get("mb", 256)) * 4096)
    rates = []
    for _ in range(4):
        started = measure.now()
        answer = proxy.blob(data)
        rates.append(len(data) / 1e6 / (measure.now() - started))
        check(answer, len(data))
    measure.report("huge", sorted(rates[1:])[1], "MB/s", answer, len(rates))
