"""How much memory does a command take, all its processes together?

Run `python benchmarks/memory.py zpix run MOSAICS --out RESULT`, or any other command: twice a second the memory of the
command and of every process that it has started is added up, pages that several share counted once (PSS, Linux only).
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

_PAUSE_S = 0.5


def descendants(root: int) -> list[int]:
    """List a process and all living processes that it has started, directly or not."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has ended since
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    found = [root]
    for process in found:
        found += children.get(process, [])
    return found


def shared_size_mib(process: int) -> float:
    """Proportional set size of a process; 0 if it has ended."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(float(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))


def main(command: list[str]) -> None:
    """Run a command and print the memory of its processes."""
    start = time.perf_counter()
    running = subprocess.Popen(command)
    sizes: list[list[float]] = []
    while running.poll() is None:
        sizes.append([shared_size_mib(process) for process in descendants(running.pid)])
        time.sleep(_PAUSE_S)
    largest = max(sizes, key=sum)
    third = max(1, len(sizes) // 3)
    print(f"{time.perf_counter() - start:.1f} s, exit status {running.returncode}")
    print(f"peak of all processes {sum(largest):.1f} MiB: " + " + ".join(f"{size:.1f}" for size in largest))
    for name, part in (("first", sizes[:third]), ("last", sizes[-third:])):
        print(f"peak of the {name} third of the time {max(map(sum, part)):.1f} MiB")


if __name__ == "__main__":
    main(sys.argv[1:])
