"""How does a page that is opened from disk get its data?

Browsers let such a page read scripts, and no other files. So data are scripts, each of which hands one object to the
page: JSON, in which columns of numbers are written in base64.
"""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def write_script(folder: Path, name: str, values: Any) -> None:
    """Write values as a script that hands them to the page.

    Parameters
    ----------
    folder : Path
        Directory of the page's data.
    name : str
        Name by which the page asks for them, such as "sources/3_5".
    values : object
        Dicts, lists, text, numbers and arrays. Numbers that are not finite become null, in arrays they stay.
    """
    text = json.dumps(_plain(values), ensure_ascii=True, allow_nan=False)
    path = folder / f"{name}.js"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"zpix.receive({json.dumps(name)}, {text});\n", encoding="ascii")


def packed(values: NDArray[Any]) -> dict[str, str]:
    """Write an array of numbers in base64.

    Parameters
    ----------
    values : array
        Of integers of at most 32 bits, or of floating-point numbers.

    Returns
    -------
    dict of str to str
        `type`, as numpy names it without its byte order, such as "f4", and the values, little-endian, as `base64`.
    """
    kind = values.dtype.str[1:]
    data = np.ascontiguousarray(values, dtype=f"<{kind}" if values.dtype.itemsize > 1 else values.dtype)
    return {"type": kind, "base64": b64encode(data.tobytes()).decode("ascii")}


def column(values: NDArray[Any]) -> Any:
    """Write a column of a catalogue in the shortest form that keeps what it says.

    Parameters
    ----------
    values : (N,) array
        Numbers or text.

    Returns
    -------
    object
        A list for text and for integers beyond 32 bits, else as `packed`.
    """
    if values.dtype.kind not in "iufb":
        return [str(value) for value in values.tolist()]
    if values.dtype.kind in "iu" and values.dtype.itemsize > 4:
        return values.tolist()
    return packed(values.astype(np.uint8) if values.dtype.kind == "b" else values)


def _plain(values: Any) -> Any:
    """Values as JSON has them."""
    if isinstance(values, dict):
        return {str(key): _plain(value) for key, value in values.items()}
    if isinstance(values, (list, tuple)):
        return [_plain(value) for value in values]
    if isinstance(values, np.ndarray):
        return packed(values)
    if isinstance(values, np.generic):
        values = values.item()
    if isinstance(values, float) and not np.isfinite(values):
        return None
    return values
