"""Commands called as from a shell, small mosaics for them, and what a mistake must look like."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from tests.image.small_mosaics import SHAPE, jades_file
from zpix.cli import main
from zpix.image import tangent_wcs

WCS = tangent_wcs(53.1, -27.8, SHAPE, 0.03)
ONES = np.ones(SHAPE, np.float32)
NAN = np.full(SHAPE, np.nan, np.float32)


def call(monkeypatch, *arguments: str | Path) -> int:
    """Exit code of a command."""
    monkeypatch.setattr(sys, "argv", ["zpix", *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        main()
    return end.value.code or 0  # type: ignore[return-value]


def mosaics(place: Path, *names: str, flux: np.ndarray = ONES, error: np.ndarray = ONES) -> list[Path]:
    place.mkdir(exist_ok=True)
    return [jades_file(place / f"{name}_drz.fits", WCS, flux, error) for name in names]


def one_sentence(capsys, code: int, *words: str) -> None:
    captured = capsys.readouterr()
    assert code == 2
    assert captured.err.startswith("zpix: ") and captured.err.endswith("\n") and captured.err.count("\n") == 1
    assert "Traceback" not in captured.err and captured.out == ""
    for word in words:
        assert word in captured.err
