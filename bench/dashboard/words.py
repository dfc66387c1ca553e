"""The words of the page about each workload: a title and a sentence. A workload that is not here is called by its name."""

WORKLOADS = {
    "sync_call": ("One call after another", "One connection, one call at a time: the round trip. Mostly the waking of a sleeping core, which is why spinning is another world."),
    "pipelined_call": ("Calls in flight", "One connection, up to 64, 256 or 1024 calls in flight; the best window counts."),
    "oneway": ("Calls without answers", "As fast as they leave; counted when the server has executed them."),
    "batched": ("Batches of calls", "Batches on one connection, every result read."),
    "stream": ("Items of a stream", "The items of one remote stream, one after another."),
    "connect": ("Connect, call, close", "A new connection for each call. Most of the time is the kernel's."),
    "many_connections": ("1,000 connections", "One call in flight on each of them, from one client thread."),
    "steady_load": ("10,000 connections under a fixed load", "Calls leave by the clock, not when the last answer came: the time of a call counts from when it was due, so a stall shows in every call it delayed. The figure is the 99th percentile at 20,000 calls/s."),
    "idle_crowd": ("One busy among 10,000 idle", "One call after another on one connection, beside 10,000 connections that have nothing to say; measured alone as well in the same run."),
    "mixed": ("Mixed load", "Two server cores, and clients that do small calls, pipelined calls and blobs at the same time."),
    "one_core": ("Two clients, one server core", "Bursts of calls in flight; servers and clients share the machine's cores."),
    "two_cores": ("Two clients, two server cores", "The same with a second core for the server. On two cores for everybody it cannot double: look at what the floor gains."),
    "huge": ("A blob of 256 MiB", "As argument; the size comes back. The median of the warm calls."),
    "blob_up": ("Blobs to the server", "One call after another with a blob as argument; its size comes back."),
    "blob_down": ("Blobs from the server", "One call after another with a blob as the result."),
    "lookup": ("Name lookup", "One name after another of 1,000."),
    "lookup_pipelined": ("Name lookups in flight", "Up to 64, 256 or 1024 of them."),
    "register": ("Registering names", "Counted when acknowledged, which in SQLite means durable."),
    "instructions_server": ("Instructions of a call: server", "Counted by callgrind from the request frame to the answer frame: decode, dispatch, encode, in each serializer. Free of noise; less is better."),
    "instructions_server_oneway": ("Instructions of a oneway call: server", "From the frame to the executed method."),
    "instructions_server_batch": ("Instructions of a batch’s entry: server", "From frame to frame, a hundred entries each."),
    "instructions_server_lookup": ("Instructions of a name lookup: server", "From frame to frame, one name of a thousand."),
    "instructions_server_stream": ("Instructions of a stream’s item: server", "All that the server does for it in user space, under epoll."),
    "instructions_client": ("Instructions of a call: client", "Counted by callgrind in the client of a synchronous call, without the kernel. All but free of noise; less is better."),
    "instructions_client_pipelined": ("Instructions of a call in flight: client", "Bursts of a hundred."),
    "instructions_client_oneway": ("Instructions of a oneway call: client", "Less is better."),
    "instructions_client_batch": ("Instructions of a batch’s entry: client", "Batches of a hundred, every result read."),
    "instructions_client_stream": ("Instructions of a stream’s item: client", "Less is better."),
    "instructions_client_lookup": ("Instructions of a name lookup: client", "One name after another, each waited for."),
}


def title(workload):
    return WORKLOADS.get(workload, (workload, ""))[0]


def sentence(workload):
    return WORKLOADS.get(workload, ("", ""))[1]
