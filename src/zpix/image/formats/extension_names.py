"""Which extension holds science, error, weight and quality, by its name?"""

from __future__ import annotations

from zpix.image.open_fits import FitsFile

#: Name of an extension to what it holds: CEERS has the science image without sky beside that with it.
KINDS = {
    "SCI_BKSUB": "background-subtracted science",
    "SCI": "science",
    "ERR": "error",
    "WHT": "weight",
    "DQ": "quality",
}


def named_extensions(file: FitsFile) -> dict[str, int]:
    """Find the extensions of a file of one band.

    Parameters
    ----------
    file : FitsFile
        The file.

    Returns
    -------
    dict of str to int
        Numbers of the HDUs that are there, as `band_image` takes them: "science", "error", "weight", "quality", and
        "with_sky" if the science image is the one without sky.
    """
    kinds = {name: file.names.index(name) for name in KINDS if name in file.names}
    return arguments_of(file, kinds)


def arguments_of(file: FitsFile, kinds: dict[str, int]) -> dict[str, int]:
    """Turn the extensions of a band into what `band_image` takes.

    Parameters
    ----------
    file : FitsFile
        The file.
    kinds : dict of str to int
        Numbers of HDUs by the names of `KINDS`.

    Returns
    -------
    dict of str to int
        As from `named_extensions`; quality only where it is a two-dimensional image of whole numbers.
    """
    found = {KINDS[name]: index for name, index in kinds.items() if name != "SCI_BKSUB"}
    if "SCI_BKSUB" in kinds:
        if "science" in found:
            found["with_sky"] = found["science"]
        found["science"] = kinds["SCI_BKSUB"]
    if "quality" in found and not _has_bits(file, found["quality"]):
        del found["quality"]
    return found


def _has_bits(file: FitsFile, index: int) -> bool:
    """Whether an HDU is a two-dimensional image of whole numbers."""
    return len(file.shapes[index]) == 2 and file.headers[index]["BITPIX"] > 0
