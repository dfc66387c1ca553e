"""Debian's redis-server, nothing kept on disk. A child says "ready ADDRESS" once it answers; this process itself becomes the server."""
import os
import socket
import time

with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]

if os.fork() == 0:
    for _ in range(400):
        try:
            with socket.create_connection(("127.0.0.1", port)) as asking:
                asking.sendall(b"PING\r\n")
                if asking.recv(16).startswith(b"+PONG"):
                    print("ready 127.0.0.1:%d" % port, flush=True)
                    os._exit(0)
        except OSError:
            pass
        time.sleep(0.05)
    os._exit(1)

os.dup2(2, 1)
os.execvp("redis-server", ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no"])
