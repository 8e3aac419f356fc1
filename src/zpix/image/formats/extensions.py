"""How are several bands laid out in one file?

Extensions are called by band and kind, in either order: `F444W` or `F444W_SCI` with `F444W_ERR`, and `F444W_WHT` and
`F444W_DQ` where there are any. Or they are called SCI, ERR, WHT and DQ, where FILTER names the band and equal EXTVER
belong together. SCI_BKSUB, without sky, is read in place of SCI. Units are those of BUNIT. A single band in a file
whose name fits no other format is read in the same way.
"""

from __future__ import annotations

from pathlib import Path

from zpix.errors import InputFileError
from zpix.image.band_image import BandImage, band_image
from zpix.image.bands import band_name
from zpix.image.formats.extension_names import KINDS, arguments_of
from zpix.image.formats.mosaic_format import MosaicFormat
from zpix.image.open_fits import FitsFile

# Band in the name of an extension (empty for those called SCI, ERR and WHT), and its version.
_Group = tuple[str, int]


def _read(path: Path) -> list[BandImage]:
    """Every band of a file, in the file's order."""
    file = FitsFile(path)
    groups = _groups(file)
    complete = {
        group: named
        for group, named in ((group, arguments_of(file, kinds)) for group, kinds in groups.items())
        if "science" in named and "error" in named
    }
    if not complete:
        found = ", ".join(name for name in file.names if name) or "no named extension"
        raise InputFileError(
            f"'{path}' is in no mosaic format that zpix can read (it has {found}): it needs SCI and ERR extensions, or "
            "F444W_SCI and F444W_ERR and so on for several bands"
        )
    return [
        band_image(file, band=band_name(group[0]) if group[0] else None, **named) for group, named in complete.items()
    ]


def _groups(file: FitsFile) -> dict[_Group, dict[str, int]]:
    """HDU numbers by band (empty if only FILTER names it) and version, then by kind."""
    groups: dict[_Group, dict[str, int]] = {}
    for index, (name, header) in enumerate(zip(file.names, file.headers, strict=True)):
        if len(file.shapes[index]) != 2:
            continue
        band, kind = _band_and_kind(name)
        version = 0 if band else int(header.get("EXTVER", 1))
        groups.setdefault((band, version), {}).setdefault(kind, index)
    return groups


def _band_and_kind(name: str) -> tuple[str, str]:
    """Band and kind in the name of an extension: `F444W_ERR`, `ERR_F444W`, `ERR` or `F444W`."""
    for kind in KINDS:
        if name == kind:
            return "", kind
        for separator in "_-":
            if name.endswith(separator + kind):
                return name.removesuffix(separator + kind), kind
            if name.startswith(kind + separator):
                return name.removeprefix(kind + separator), kind
    return name, "SCI"


EXTENSIONS = MosaicFormat("extensions", "*.fits", _read)
