"""What the results of runs are compared by, and runs that are killed on the way."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from zpix.catalogue import Catalogue

# Ends itself in the second block of a field, when the part of the first is written.
_KILLED = """
import json, os, pathlib, signal, sys, time, zpix.search.searcher
from zpix import run
from zpix.config import InferenceConfig

field, out, model, config, more = sys.argv[1:]
parts = pathlib.Path(out).with_name("." + pathlib.Path(out).name + ".partial") / "parts"
predict = zpix.search.searcher.Searcher._predict
seen = []

def slow(self, *window):
    seen.append(1)
    while len(seen) == 3:
        if list(parts.glob("block-*.parquet")):
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.05)
    return predict(self, *window)

zpix.search.searcher.Searcher._predict = slow
run(field, out=out, model=model, config=InferenceConfig(**json.loads(config)), **json.loads(more))
"""


def same(a: Catalogue, b: Catalogue) -> None:
    """Equal to the bit, column by column."""
    assert [column.name for column in a.schema] == [column.name for column in b.schema]
    for column in a.schema:
        np.testing.assert_array_equal(a[column.name], b[column.name], err_msg=column.name)


def contents(directory: Path) -> dict[str, bytes]:
    """Every file but the one with the times."""
    return {path.name: path.read_bytes() for path in sorted(directory.iterdir()) if path.name != "run.json"}


def kill_in_second_block(field: Path, out: Path, *, model: Path, config: Any, programs: Any, **more: str) -> None:
    """Run in a process that is killed when the first of two blocks is done; its part is left."""
    arguments = [*map(str, (field, out, model)), config.model_dump_json(), json.dumps(more)]
    killed = subprocess.run(["python", "-c", _KILLED, *arguments], env=programs, timeout=120)
    assert killed.returncode == -signal.SIGKILL
    parts = out.with_name(f".{out.name}.partial") / "parts"
    assert [path.name for path in parts.glob("block-*")] == ["block-000000.parquet"]
