"""What a figure is worth nothing without: the revision, the machine, the kernel and the compiler it was measured with.

`of(programs)` gives them as one flat dictionary, which is added to every line that scripts/bench writes.
"""
import datetime
import json
import os
import platform
import re
import subprocess

BUILD_OPTIONS = ("buildtype", "optimization", "b_ndebug", "b_lto")


def git(top, *words):
    """What git says in the folder, or an empty text where it says nothing (no repository, no git)."""
    try:
        return subprocess.run(["git", "-C", top, *words], capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def revision(top):
    """The commit that is checked out in a folder, and whether tracked files differ from it. Figures already recorded do not count as a difference."""
    changed = git(top, "status", "--porcelain", "--untracked-files=no", "--", ".", ":!bench/history.jsonl")
    return {"commit": git(top, "rev-parse", "--short=12", "HEAD") or "unknown", "committed": git(top, "log", "-1", "--format=%cI") or None,
            "dirty": bool(changed)}


def cpu_model():
    try:
        with open("/proc/cpuinfo") as lines:
            named = re.search(r"^(?:model name|Processor|cpu model)\s*:\s*(.+)$", lines.read(), re.MULTILINE)
    except OSError:
        named = None
    return named.group(1).strip() if named else platform.machine()


def machine():
    return {"cpu": cpu_model(), "cores": len(os.sched_getaffinity(0)), "arch": platform.machine(),
            "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1), "kernel": platform.release()}


def compiler(program):
    """The compiler as it wrote itself into a program: what was really used, whatever the build folder says today."""
    try:
        said = subprocess.run(["readelf", "-p", ".comment", program], capture_output=True, text=True).stdout
    except OSError:
        return "unknown"
    names = [re.sub(r"GCC: \(.*\) ", "g++ ", line.split("]", 1)[1].strip()) for line in said.splitlines() if "]" in line]
    return ", ".join(sorted({name for name in names if "linker" not in name.lower()})) or "unknown"


def build_options(programs):
    """How the folder of the programs was configured: buildtype=release b_ndebug=true … ."""
    try:
        with open(os.path.join(os.path.dirname(programs), "meson-info", "intro-buildoptions.json")) as given:
            options = {option["name"]: option["value"] for option in json.load(given)}
    except OSError:
        return "unknown"
    return " ".join("%s=%s" % (name, str(options[name]).lower()) for name in BUILD_OPTIONS if name in options)


def of(top, programs):
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    # How much else ran when it began: who reads a bad figure later cannot ask the machine any more.
    return {**revision(top), "date": now.isoformat(), **machine(), "load": round(os.getloadavg()[0], 2), "compiler": compiler(os.path.join(programs, "engine_server")),
            "build": build_options(programs)}
