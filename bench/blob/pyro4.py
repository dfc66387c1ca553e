"""One blob per call: of `mb` MiB, four calls, the median of the last three; or of `kb` KiB either way, as often as fits into `secs`."""
import Pyro4
import measure


def run(uri, given, check, text):
    proxy = Pyro4.Proxy(uri)
    workload = given["workload"]
    size = int(given.get("mb", 256)) << 20 if workload == "huge" else int(given["kb"]) << 10
    data = bytes(bytearray(range(256))) * (size // 256)

    def one():
        started = measure.now()
        counted = len(proxy.fetch(size)) if workload == "blob_down" else proxy.blob(data)
        check(counted, size)
        return size / 1e6 / (measure.now() - started)

    one()
    end = measure.now() + (0 if workload == "huge" else float(given.get("secs", 0.5)))
    rates = []
    while len(rates) < 3 or measure.now() < end:
        rates.append(one())
    measure.report(workload, sorted(rates)[len(rates) // 2], "MB/s", size, len(rates))
