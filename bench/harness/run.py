"""One run of scripts/bench: measurements in turns, their answers compared, and one row for each system and workload."""
import json
import statistics
import tempfile

import systems as registry
from .programs import Failure, run_client, running_server, two_cores


class Run:
    """All measurements of one run of this program. `about`: system -> what its figures were measured with."""

    def __init__(self, given, programs, about):
        self.given, self.programs, self.about = given, programs, about
        self.server_core, self.client_core = two_cores()
        self.results = {}   # (system, workload) -> settings as text -> results, one per repetition
        self.failures = []

    def measure(self, chosen, workloads):
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            for repetition in range(self.given.repeat):
                for workload in workloads:
                    for system in chosen:  # neighbours in time, so that what disturbs one disturbs the others
                        if workload.name in system.workloads:
                            self.measure_one(system, workload, repetition, folder)

    def measure_one(self, system, workload, repetition, folder):
        try:
            server_core, client_core = (None, None) if workload.both_cores else (self.server_core, self.client_core)
            with running_server(system, workload, self.programs, server_core, folder) as serving:
                for own in self.settings_of(system, workload):
                    settings = {**self.common_settings(workload), **system.client_settings, **own}
                    result = run_client(system, workload, settings, serving, self.programs, client_core)
                    line = {"system": system.name, **result, "rep": repetition, **own}
                    print(json.dumps(line), flush=True)
                    by_settings = self.results.setdefault((system.name, workload.name), {})
                    by_settings.setdefault(json.dumps(own), []).append(line)
        except Failure as failure:
            self.failures.append("%s %s: %s" % (system.name, workload.name, failure))
            print("# FAILED " + self.failures[-1], flush=True)

    def common_settings(self, workload):
        if self.given.smoke:
            return {"warm": 0.01, "secs": 0.02}
        return {"warm": 0.2, "secs": min(self.given.seconds, workload.longest)}

    def settings_of(self, system, workload):
        if self.given.smoke:
            own = system.workload_settings.get(workload.name, ({},))[0]
            return ({**own, **workload.smoke_settings[0]},)
        return system.workload_settings.get(workload.name, workload.settings)

    def compare_answers(self, workloads):
        """Every system must have computed the same; where not, there are no speeds to compare, and the results are dropped."""
        for workload in workloads:
            answers = {}  # where each of the settings is a figure of its own, each has an answer of its own
            for (system, name), by_settings in self.results.items():
                if name == workload.name:
                    for settings, result in ((s, r) for s, results in by_settings.items() for r in results):
                        answers.setdefault(settings if workload.sweep else "", {}).setdefault(result["answer"], set()).add(system)
            for answers in (given for given in answers.values() if len(given) > 1):
                said = "; ".join("%s from %s" % (a, ", ".join(sorted(who))) for a, who in answers.items())
                self.failures.append("%s: the answers differ: %s" % (workload.name, said))
                self.results = {key: r for key, r in self.results.items() if key[1] != workload.name}

    def rows(self):
        """One row per system and workload: medians of the best settings, and the spread of the repetitions. Of a sweep a row for each setting."""
        sweeps = {w.name for w in registry.WORKLOADS if w.sweep}
        for (system, workload), by_settings in self.results.items():
            if workload in sweeps:
                yield from (self.row(system, workload, results) for results in by_settings.values())
            else:
                yield self.row(system, workload, max(by_settings.values(), key=lambda results: statistics.median(r["value"] for r in results)))

    def row(self, system, workload, best):
        values = [r["value"] for r in best]
        row = {"system": system, "workload": workload, "value": round(statistics.median(values), 2), "unit": best[0]["unit"],
               "min": min(values), "max": max(values), "reps": values}
        for key in registry.PERCENTILES + registry.BESIDE:
            if all(key in r for r in best):
                row[key] = round(statistics.median(r[key] for r in best), 2)
        row.update({k: best[0][k] for k in registry.SETTINGS if k in best[0]})
        return {**row, **self.about[system]}
