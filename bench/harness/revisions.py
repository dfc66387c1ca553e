"""Another revision of the project, built beside this one so that scripts/bench can measure both in turns.

Each revision has a worktree and a build folder in build-revisions/COMMIT, which are kept: the next comparison with it starts at once.
"""
import dataclasses
import importlib.util
import json
import os
import subprocess

from . import facts

# The programs that hold our code. Peers and floors do not change with the revision.
TARGETS = ("engine_server", "engine_client", "names_server", "names_client")
SAME_OPTIONS = ("buildtype", "optimization", "debug", "b_ndebug", "b_lto")


class CannotBuild(Exception):
    """The revision does not exist or does not build; the text says which and what was said."""


def run(*words, **more):
    done = subprocess.run(words, capture_output=True, text=True, **more)
    if done.returncode != 0:
        raise CannotBuild("%s: %s" % (" ".join(words[:4]), (done.stdout + done.stderr)[-2000:].strip()))


def options_of(programs):
    """The options of this build, for the other one: only the revision is to differ."""
    try:
        with open(os.path.join(os.path.dirname(programs), "meson-info", "intro-buildoptions.json")) as given:
            return ["-D%s=%s" % (o["name"], str(o["value"]).lower()) for o in json.load(given) if o["name"] in SAME_OPTIONS]
    except OSError:
        raise CannotBuild("%s is no build folder of meson, so the other revision cannot be built like it" % os.path.dirname(programs))


def targets_there(folder):
    """Those of our programs that the revision has already."""
    with open(os.path.join(folder, "meson-info", "intro-targets.json")) as given:
        names = {target["name"] for target in json.load(given)}
    return [target for target in TARGETS if target in names]


def build(top, name, programs):
    """Builds the revision like the given programs; gives the commit, the worktree and the folder of its programs. Throws CannotBuild."""
    commit = facts.git(top, "rev-parse", "--verify", "--short=12", name + "^{commit}")
    if not commit:
        raise CannotBuild("there is no revision " + name)
    source = os.path.join(top, "build-revisions", commit, "source")
    folder = os.path.join(top, "build-revisions", commit, "build")
    if not os.path.exists(os.path.join(source, "meson.build")):
        run("git", "-C", top, "worktree", "prune")
        run("git", "-C", top, "worktree", "add", "--detach", source, commit)
    options = options_of(programs)
    run("meson", "setup", folder, source, *options, *(["--reconfigure"] if os.path.exists(os.path.join(folder, "build.ninja")) else []))
    run("ninja", "-C", folder, *("bench/" + target for target in targets_there(folder)))
    return commit, source, os.path.join(folder, "bench")


def systems_there(source):
    """The systems that revision has: one that does not know a workload is not asked for it."""
    spec = importlib.util.spec_from_file_location("systems_of_another_revision", os.path.join(source, "bench", "systems.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {system.name: system for system in module.SYSTEMS}


def beside(chosen, commit, source, programs):
    """The chosen systems, each of ours followed by itself at the other revision, so that both meet the same disturbances."""
    there = systems_there(source)
    for system in chosen:
        yield system
        old = there.get(system.name)
        if old is not None and os.path.basename(system.server[0]) in TARGETS:
            place = lambda words: tuple(word.replace("{programs}", programs) for word in words)
            yield dataclasses.replace(system, name="%s@%s" % (system.name, commit), server=place(system.server), client=place(system.client),
                                      workloads=tuple(w for w in system.workloads if w in old.workloads))
