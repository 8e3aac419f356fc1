"""How are named tensors kept in a file? As safetensors, which cannot run code."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from zpix.errors import ModelError, OutputError
from zpix.outputs import whole_file


def write_tensors(path: str | Path, tensors: dict[str, Tensor], header: dict[str, str]) -> None:
    """Write named tensors and a text header; the file appears whole or not at all.

    Parameters
    ----------
    path : str or Path
        The file; its directory is made if there is none.
    tensors : dict of str to Tensor
        Contiguous tensors on the processor.
    header : dict of str to str
        Text by key.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(target) as partial:
        partial.touch()
        mode = partial.stat().st_mode  # safetensors would let nobody but the owner read the file
        try:
            save_file(tensors, str(partial), metadata=header)
        except SafetensorError as error:
            raise OutputError(f"{path}: cannot be written: {error}") from None
        partial.chmod(mode)


def read_tensors(path: str | Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read named tensors and a text header.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    tensors : dict of str to Tensor
        On the processor.
    header : dict of str to str
        Text by key.

    Raises
    ------
    ModelError
        If the file is missing or damaged.
    """
    if not Path(path).is_file():
        raise ModelError(f"{path}: no such model file")
    try:
        with safe_open(str(path), framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, dict(file.metadata() or {})  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path}: not a whole safetensors file: {error}") from None
