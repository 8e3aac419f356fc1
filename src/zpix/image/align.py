"""How do bands of different pixel grids come onto one?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def align(
    paths: str | Path | Sequence[str | Path], out: str | Path, *, reference: str | Path | None = None
) -> tuple[Path, ...]:
    """Resample every band onto one grid and write JADES-layout files to `out`; returns the files."""
    raise NotImplementedError
