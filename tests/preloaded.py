"""Programs that begin as copies of one process which has loaded everything: a script of ten commands loads torch once.

    with programs() as environment:
        subprocess.run(["bash", "script.sh"], env=environment)

`python` and `zpix` on this PATH are small programs that hand their arguments, environment and standard streams to a
server, which forks.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

BIN = Path(sys.executable).parent
MODULES = ("zpix.cli", "zpix.jobs.run", "zpix.jobs.train", "zpix.jobs.prepare", "zpix.jobs.evaluate", "zpix.scenes",
           "zpix.plots", "scipy.stats", "astropy.table", "torch._dynamo")  # fmt: skip

CLIENT = """#!{python} -IS
import json, os, signal, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    socket.send_fds(server, [b"."], [0, 1, 2])
    asked = {{"argv": sys.argv, "cwd": os.getcwd(), "environment": dict(os.environ)}}
    server.sendall(json.dumps(asked).encode() + b"\\n")
    status = int(server.makefile().readline())
if status < 0:
    os.kill(os.getpid(), -status)
sys.exit(status)
"""


@contextmanager
def programs() -> Iterator[dict[str, str]]:
    """Environment whose PATH begins with a `python` and a `zpix` that start at once, while the context lasts."""
    with tempfile.TemporaryDirectory(prefix="zpix-") as folder:
        address = f"{folder}/socket"
        for name in ("python", "zpix"):
            path = Path(folder) / name
            path.write_text(CLIENT.format(python=sys.executable, address=address))
            path.chmod(0o755)
        server = subprocess.Popen([sys.executable, __file__, address], stdin=subprocess.PIPE)
        try:
            while not Path(address).exists() and server.poll() is None:
                time.sleep(0.05)
            yield {**os.environ, "PATH": f"{folder}{os.pathsep}{BIN}{os.pathsep}{os.environ['PATH']}"}
        finally:
            server.communicate()  # it ends with its standard input


def serve(address: str) -> None:
    """Start a copy of this process for every client, until standard input ends."""
    for name in MODULES:
        importlib.import_module(name)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address + ".new")
        listener.listen(64)
        os.rename(address + ".new", address)
        while True:
            ready, _, _ = select.select([listener, 0], [], [])
            if 0 in ready:
                return
            client, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                attend(client)
            client.close()
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def attend(client: socket.socket) -> None:
    """Run what a client asks for in a further process, tell how it ended, and end it when the client has ended."""
    _, streams, _, _ = socket.recv_fds(client, 1, 3)
    asked = json.loads(client.makefile().readline())
    program = os.fork()
    if program == 0:
        client.close()
        become(asked, streams)
    for stream in streams:
        os.close(stream)
    ended, status = 0, 0
    while not ended:
        if select.select([client], [], [], 0.01)[0]:
            os.kill(program, signal.SIGKILL)
            os.waitpid(program, 0)
            os._exit(0)
        ended, status = os.waitpid(program, os.WNOHANG)
    client.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def become(asked: dict[str, Any], streams: list[int]) -> None:
    """Be the program that a client asks for."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    client, *arguments = asked["argv"]
    sys.path += [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path and path not in sys.path]
    sys.executable = str(Path(client).with_name("python"))  # also of the processes that it starts
    try:
        run(Path(client).name, arguments)
    except SystemExit:
        raise
    except BaseException:
        traceback.print_exc()
        sys.exit(1)
    sys.exit(0)


def run(name: str, arguments: list[str]) -> None:
    """Run `zpix ...`, `python FILE ...`, `python -m MODULE ...` or `python -c TEXT ...` in this process."""
    if name == "zpix":
        arguments = [str(BIN / "zpix"), *arguments]
    while arguments[0] == "-u":
        arguments = arguments[1:]
    if arguments[0] == "-m":
        sys.argv, sys.path[0] = arguments[1:], os.getcwd()
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    elif arguments[0] == "-c":
        sys.argv, sys.path[0] = ["-c", *arguments[2:]], ""
        sys.modules["__main__"] = ModuleType("__main__")
        exec(compile(arguments[1], "<string>", "exec"), vars(sys.modules["__main__"]))
    else:
        sys.argv, sys.path[0] = arguments, str(Path(arguments[0]).resolve().parent)
        runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    serve(sys.argv[1])
