"""What scripts/bench prints for a reader: the table, the promised ratios, the comparison of two revisions."""
import statistics

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


def best_of(names, workload, values):
    """(value, system) of the fastest one that was measured, or None."""
    return max(((values[n, workload], n) for n in names if (n, workload) in values), default=None)


def print_promises(rows):
    values = {(r["system"], r["workload"]): r["value"] for r in rows if "kb" not in r}
    units = {r["workload"]: r["unit"] for r in rows}
    print("\npromised ratios (of the medians above)")
    for promise in (p for p in registry.PROMISES if p.workload in units):
        print("  " + (told(promise, values) if promise.theirs else told_alone(promise, values, units[promise.workload])))


def told(promise, values):
    mine = best_of(promise.ours, promise.workload, values)
    theirs = best_of(promise.theirs, promise.their_workload, values)
    if mine is None or theirs is None:
        return not_measured(promise, "%5.2f" % promise.factor, promise.ours if mine is None else promise.theirs)
    ratio = mine[0] / theirs[0] if theirs[0] else float("inf")
    text = "%s %-17s >= %5.2f   %8.2f   %s / %s" % (mark(ratio, promise), promise.workload, promise.factor, ratio, mine[1], theirs[1])
    if promise.beside:
        text += " " + promise.beside
    floor = best_of(promise.floor, promise.workload, values)
    if floor is not None and theirs[0]:
        text += " (%s: %.2f)" % (floor[1], floor[0] / theirs[0])
    return text


def told_alone(promise, values, unit):
    mine = best_of(promise.ours, promise.workload, values)
    wanted = "%s %s" % (short(promise.factor), unit)
    if mine is None:
        return not_measured(promise, wanted, promise.ours)
    return "%s %-17s >= %s   %s   %s" % (mark(mine[0], promise), promise.workload, wanted, short(mine[0]), mine[1])


def mark(reached, promise):
    return "pass" if reached >= promise.factor else "FAIL"


def not_measured(promise, wanted, lacking):
    return " -   %-17s >= %s   not measured: %s" % (promise.workload, wanted, ", ".join(lacking))


def print_comparison(rows):
    """Ours against ours at the other revision: the ratio of each repetition to its neighbour in time."""
    by_name = {(r["system"], r["workload"], r.get("kb")): r for r in rows}
    print("\n%-18s %-17s %9s  %s" % ("this / that", "workload", "median", "min..max of the repetitions"))
    for (system, workload, kb), old in by_name.items():
        new = by_name.get((system.partition("@")[0], workload, kb))
        if "@" in system and new is not None and all(old["reps"]):
            ratios = [a / b for a, b in zip(new["reps"], old["reps"])]
            print("%-18s %-17s %9.3f  %.3f..%.3f" % (new["system"], workload, statistics.median(ratios), min(ratios), max(ratios)))
