"""How do bands of different pixel grids come onto one?"""

from __future__ import annotations

from pathlib import Path

from zpix.image import MosaicPaths, resample_bands
from zpix.progress import progress_bar


def align(
    mosaics: MosaicPaths,
    *,
    out: str | Path,
    reference: str | Path | None = None,
    prefix: str = "aligned",
    overwrite: bool = False,
) -> tuple[Path, ...]:
    """Resample every band onto one pixel grid and write the bands in the JADES layout.

    Flux is conserved. Errors are propagated, and memory does not grow with the field.

    Parameters
    ----------
    mosaics : str, Path, sequence of these, or mapping of str to path
        A directory of FITS mosaics, several files, or one file of several bands; a file may be named by its band, as
        for `run`.
    out : str or Path
        Directory to write to, another than that of the mosaics.
    reference : str or Path, optional
        Band, or FITS mosaic, whose grid is used; by default the band with the largest pixels.
    prefix : str, default: "aligned"
        Files are named `<prefix>_<band>_drz.fits`.
    overwrite : bool, default: False
        Whether files of these names are replaced.

    Returns
    -------
    tuple of Path
        The files, one per band.

    Raises
    ------
    ConfigError
        If `reference` is neither one of the bands nor a file.
    InputFileError
        If a mosaic cannot be read.
    OutputError
        If `out` is the mosaics' own directory, or cannot be written to.
    """
    with progress_bar("aligning", 1) as bar:
        return resample_bands(
            mosaics, out, reference=reference, prefix=prefix, overwrite=overwrite, progress=bar.set
        )  # fmt: skip
