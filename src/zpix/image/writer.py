"""How does a simulated or aligned field become FITS files?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from astropy.wcs import WCS

from zpix.image.pixels import Pixels
from zpix.image.regions import Region


class MosaicWriter:
    """Writes a mosaic region by region, one FITS file per band in the JADES layout.

    Parameters
    ----------
    directory : path
        Made if it does not exist.
    bands : sequence of str
        Bands in the order of the pixels that will be written.
    shape : (ny, nx)
    wcs : astropy WCS
        Two-dimensional and celestial; it gives PIXAR_SR too.
    prefix : str
        Files are named `<prefix>_<band>_drz.fits`, the band in lower case.
    header : mapping, optional
        More FITS keywords for the science extension.
    overwrite : bool
        Whether files of that name may be replaced.
    """

    def __init__(
        self,
        directory: str | Path,
        *,
        bands: Sequence[str],
        shape: tuple[int, int],
        wcs: WCS,
        prefix: str = "mosaic",
        header: Mapping[str, str | int | float | bool] | None = None,
        overwrite: bool = False,
    ) -> None:
        raise NotImplementedError

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files, one per band; they exist once the writer is closed."""
        raise NotImplementedError

    def write(self, region: Region, pixels: Pixels) -> None:
        """Fill `region` with `pixels`, whose bands are in the writer's order; what lies outside the mosaic is dropped."""
        raise NotImplementedError

    def close(self) -> None:
        """Finish the files and give them their names."""
        raise NotImplementedError

    def discard(self) -> None:
        """Remove the unfinished files."""
        raise NotImplementedError

    def __enter__(self) -> MosaicWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard() if kind else self.close()


def write_mosaic(
    directory: str | Path,
    pixels: Pixels,
    *,
    bands: Sequence[str],
    wcs: WCS,
    prefix: str = "mosaic",
    header: Mapping[str, str | int | float | bool] | None = None,
    overwrite: bool = False,
) -> tuple[Path, ...]:
    """Write all of a mosaic that is in memory; returns the files, one per band."""
    options = {"prefix": prefix, "header": header, "overwrite": overwrite}
    with MosaicWriter(directory, bands=bands, shape=pixels.shape[1:], wcs=wcs, **options) as writer:
        writer.write(Region.whole(pixels.shape[1:]), pixels)
    return writer.paths
