"""What is a format of mosaics, and how does a file name tell it?"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from zpix.image.band_image import BandImage

#: Endings of compressed files.
COMPRESSED = re.compile(r"\.(gz|fz)$")


@dataclass(frozen=True)
class MosaicFormat:
    """A way to lay out the bands of a mosaic in files.

    Attributes
    ----------
    name : str
        Name of the format.
    files : str
        Pattern of the file names in lower case, such as `*_drz.fits`; the same with `.gz` or `.fz` is meant too. Of
        the files of a band, only one may be called so.
    read : callable
        `read(path)` returns the bands of a file as a list of `BandImage`.

    Examples
    --------
    >>> stacks = MosaicFormat("stacks", "*_stack.fits", read=lambda path: [])
    >>> stacks.claims(Path("field_F444W_stack.fits.gz"))
    True
    """

    name: str
    files: str
    read: Callable[[Path], list[BandImage]]

    def claims(self, path: Path) -> bool:
        """Return whether a file is of this format by its name.

        Parameters
        ----------
        path : Path
            The file.

        Returns
        -------
        bool
            Whether its name fits the pattern.
        """
        return fnmatchcase(COMPRESSED.sub("", path.name.lower()), self.files)
