"""What each hot path may cost in instructions: a tenth above what it cost when the budget was last set, so that a change that makes it dearer is
noticed in the tests. Lower them when the paths get cheaper. A path is (system, workload) as `scripts/bench --instructions` names them.

How the compiler optimises changes the counts, and so do asserts. There are budgets for g++ at -O1 and -O2 with asserts, by the dearer of both, and for
g++ at -O3 without; a build of another kind is not held to any.
"""

BUDGETS = {  #                                              asserts  without
    ("engine-msgpack", "instructions_server"):           ( 1_000,    850),
    ("engine-serpent", "instructions_server"):           ( 3_650,  3_150),
    ("engine-json", "instructions_server"):              ( 3_800,  3_250),
    ("engine-marshal", "instructions_server"):           ( 2_000,  1_850),
    ("engine-pickle", "instructions_server"):            ( 2_650,  2_250),
    ("engine-msgpack", "instructions_server_oneway"):    (   800,    620),
    ("engine-msgpack", "instructions_server_batch"):     (   350,    255),
    ("engine-msgpack", "instructions_server_lookup"):    ( 3_850,  3_200),
    ("engine-unix", "instructions_server_stream"):       (   190,    150),
    ("engine-unix", "instructions_client"):              ( 1_750,  1_600),
    ("engine-tcp", "instructions_client"):               ( 1_800,  1_600),
    ("engine-unix", "instructions_client_pipelined"):    ( 1_250,  1_080),
    ("engine-unix", "instructions_client_oneway"):       (   700,    550),
    ("engine-unix", "instructions_client_batch"):        (   300,    240),
    ("engine-unix", "instructions_client_stream"):       (   250,    240),
    ("engine-ns", "instructions_client_lookup"):         ( 4_400,  4_000),
}
KINDS = {("1", "false"): 0, ("2", "false"): 0, ("3", "true"): 1}  # optimization and b_ndebug of the build, as meson names them: which of the two


def of_build(compiler, options):
    """The budgets for what this compiler made with these options of meson, or None where there are none for it."""
    plain = str(options.get("b_sanitize")) == "none" and str(options.get("b_lto")).lower() == "false"
    kind = KINDS.get((str(options.get("optimization")), str(options.get("b_ndebug")).lower()))
    if kind is None or not plain or not compiler.startswith("g++"):
        return None
    return {path: budgets[kind] for path, budgets in BUDGETS.items()}
