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
    pixel_scale: float | None = None,
    prefix: str = "aligned",
    overwrite: bool = False,
) -> tuple[Path, ...]:
    """Resample every band onto one pixel grid and write the bands in the JADES layout.

    Flux and positions are kept. Errors are propagated, and memory does not grow with the field. Several mosaics of one
    band, such as those of NIRCam's modules A and B, are put together: where more than one has data, they are averaged
    with inverse variances as weights.

    Parameters
    ----------
    mosaics : str, Path, sequence of these, or mapping of str to path
        A directory of FITS mosaics, several files, or one file of several bands; a file may be named by its band, as
        for `run`.
    out : str or Path
        Directory to write to, another than that of the mosaics.
    reference : str or Path, optional
        Band, or file, whose grid is used: a FITS mosaic or image, or a header, as FITS or as text; a header that tells
        no size is extended over all mosaics. By default the band with the largest pixels.
    pixel_scale : float, arcsec, optional
        Side of a pixel of a new grid, in place of `reference`: north up, over the footprint of all mosaics, in a
        gnomonic projection (TAN) around its middle.
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
        If `reference` is neither one of the bands nor a file, or is given with `pixel_scale`.
    InputFileError
        If a mosaic or the reference cannot be read.
    BandError
        If two mosaics of one band were made of the same exposures.
    OutputError
        If `out` is the mosaics' own directory, or cannot be written to.
    """
    with progress_bar("aligning", 1) as bar:
        return resample_bands(
            mosaics, out, reference=reference, pixel_scale=pixel_scale, prefix=prefix, overwrite=overwrite,
            progress=bar.set,
        )  # fmt: skip
