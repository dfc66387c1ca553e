"""What scripts/bench prints for a reader: the table, the promised ratios, the comparison of two revisions."""
import statistics

import promises
import systems as registry


def short(value):
    return "{:,.0f}".format(value) if value >= 100 else "{:.1f}".format(value)


def print_table(rows):
    print("\n%-18s %-17s %14s %-8s %-27s %9s %9s" % ("system", "workload", "median", "", "min..max", "p50 us", "p99 us"))
    order = [w.name for w in registry.WORKLOADS]
    for row in sorted(rows, key=lambda r: order.index(r["workload"])):
        spread = "%s..%s" % (short(row["min"]), short(row["max"]))
        latency = [short(row[k]) if k in row else "" for k in ("p50_us", "p99_us")]
        window = " w%d" % row["window"] if "window" in row else " %gM" % (row["kb"] / 1024) if "kb" in row else ""
        print("%-18s %-17s %14s %-8s %-27s %9s %9s" %
              (row["system"], row["workload"] + window, short(row["value"]), row["unit"], spread, *latency))


def print_crowds(rows):
    """What connections that are idle cost the one that is not, and the memory of both sides."""
    for row in (r for r in rows if "of_alone" in r):
        memory = ", ".join("%s bytes of the %s" % (short(row[side + "_bytes_per_idle"]), side) for side in ("server", "client") if side + "_bytes_per_idle" in row)
        print("%-18s beside %s idle connections %.3f as quick as alone; each takes %s" % (row["system"], short(row["conns"]), row["of_alone"], memory))


def print_promises(rows):
    units = {r["workload"]: r["unit"] for r in rows}
    print("\npromised (of the medians above)")
    for promise in (p for p in promises.ALL if p.workload in units):
        print("  " + told(promise, promises.reached(promise, rows), units[promise.workload]))


def told(promise, reached, unit):
    """A line for a promise: whether it is kept, what is wanted, what was reached by whom."""
    plain = not promise.theirs
    sign, wanted = "<=" if promise.at_most else ">=", "%s %s" % (short(promise.factor), unit) if plain else "%5.2f" % promise.factor
    if reached.value is None:
        return " -   %-17s %s %s   not measured: %s" % (promise.workload, sign, wanted, ", ".join(reached.lacking))
    shown = short(reached.value) if plain else "%8.2f" % reached.value
    text = "%s %-17s %s %s   %s   %s" % ("pass" if reached.kept else "FAIL", promise.workload, sign, wanted, shown, reached.mine)
    if reached.theirs:
        text += " / " + reached.theirs
    if promise.beside:
        text += " " + promise.beside
    if promise.loss_from:
        text += ", each as a ratio to its own %s" % promise.loss_from
    if reached.floor:
        text += " (%s: %.2f)" % reached.floor
    return text


def print_comparison(rows):
    """Ours against ours at the other revision: the ratio of each repetition to its neighbour in time."""
    by_name = {(r["system"], r["workload"], r.get("kb")): r for r in rows}
    print("\n%-18s %-17s %9s  %s" % ("this / that", "workload", "median", "min..max of the repetitions"))
    for (system, workload, kb), old in by_name.items():
        new = by_name.get((system.partition("@")[0], workload, kb))
        if "@" in system and new is not None and all(old["reps"]):
            ratios = [a / b for a, b in zip(new["reps"], old["reps"])]
            print("%-18s %-17s %9.3f  %.3f..%.3f" % (new["system"], workload, statistics.median(ratios), min(ratios), max(ratios)))
