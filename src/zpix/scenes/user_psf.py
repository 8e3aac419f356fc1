"""How does a PSF that the user gives blur the sky?

A PSF image is read as samples of the PSF in the mosaic, pixel response and drizzling included, as empirical PSFs are.
Its transfer function is its Fourier transform at the frequencies that a stamp needs, up to the Nyquist frequency of the
image; it is complex, because a real PSF is not symmetric.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from zpix.errors import BandError, ConfigError, InputFileError
from zpix.image import band_from_file_name
from zpix.instruments import instrument_of
from zpix.scenes.psf import Stretch, frequencies

_SCALE_KEYWORDS = ("PIXELSCL", "PIXSCL", "PIXSCALE")  # WebbPSF and STPSF; grizli; others
_TABLE = 4  # points of a table of the transfer function per 1 / (side of the image)
_CORE = 0.2  # pixels above this share of the peak decide where the centre is


@dataclass(frozen=True)
class UserPsf:
    """A PSF in a FITS file.

    Attributes
    ----------
    path : str
        The file.
    pixel_scale_arcsec : float, arcsec, optional
        Side of its pixels; by default that in the file's header.
    """

    path: str
    pixel_scale_arcsec: float | None = None

    def transfer_function(
        self, size: int, *, oversampling: int, pixel_scale_arcsec: float, stretch: Stretch | None = None
    ) -> NDArray[np.complex64]:
        """Compute the Fourier transform of the centred and normalised PSF.

        Parameters
        ----------
        size : int
            Side of the stamp in pixels.
        oversampling : int
            How many times finer than the mosaic's pixels the light is sampled.
        pixel_scale_arcsec : float, arcsec
            Side of the mosaic's pixels.
        stretch : Stretch, optional
            How the PSF is widened and stretched; not at all by default.

        Returns
        -------
        (K, K // 2 + 1) complex64
            The transfer function; see `zpix.scenes.psf.transfer_function`.
        """
        image, scale = _read(self.path, self.pixel_scale_arcsec)
        fy, fx = frequencies(size, oversampling=oversampling, pixel_scale_arcsec=pixel_scale_arcsec)
        if stretch is None:
            transfer = _transform(image, scale, fy, fx)
        else:
            fy, fx = stretch.applied(fy, fx)
            transfer = _read_off(image, scale, fy, fx)
        transfer[(np.abs(fy) > 0.5 / scale) | (np.abs(fx) > 0.5 / scale)] = 0
        return np.asarray(transfer, np.complex64)


def _transform(
    image: NDArray[np.float64], scale: float, fy: NDArray[np.float64], fx: NDArray[np.float64]
) -> NDArray[np.complex128]:
    """Fourier transform of a PSF about its centre at frequencies (K, 1) and (1, L), 1 at frequency 0."""
    centre_y, centre_x = _centre(image)
    y, x = (np.arange(image.shape[0]) - centre_y) * scale, (np.arange(image.shape[1]) - centre_x) * scale
    along_y = np.exp(-2j * np.pi * fy * y)  # (K, image y)
    along_x = np.exp(-2j * np.pi * fx.T * x)  # (L, image x)
    return np.asarray(along_y @ (image / image.sum()) @ along_x.T)


def _read_off(
    image: NDArray[np.float64], scale: float, fy: NDArray[np.float64], fx: NDArray[np.float64]
) -> NDArray[np.complex128]:
    """The same at any frequencies (K, L): it is smooth, and splines through a table of it are as good."""
    from scipy.ndimage import map_coordinates

    step = 1 / (_TABLE * max(image.shape) * scale)
    edge = np.arange(-int(0.5 / scale / step) - 3, int(0.5 / scale / step) + 4)
    table = _transform(image, scale, edge[:, None] * step, edge[None, :] * step)
    place = np.stack([fy / step - edge[0], fx / step - edge[0]])
    real, imaginary = (map_coordinates(part, place, mode="constant") for part in (table.real, table.imag))
    return np.asarray(real + 1j * imaginary)


def user_psfs(
    files: str | tuple[tuple[str, str], ...] | None, *, pixel_scale_arcsec: float | None = None
) -> Mapping[str, UserPsf]:
    """Read the PSFs that a user gives.

    Parameters
    ----------
    files : str or tuple of (str, str), optional
        A directory of files that are named by band, or pairs of band and file; None for no PSFs.
    pixel_scale_arcsec : float, arcsec, optional
        Side of the files' pixels; by default that in their headers.

    Returns
    -------
    mapping of str to UserPsf
        PSF of each band that has one.

    Raises
    ------
    BandError
        If a band is of no instrument, or two files of a directory are of one band.
    InputFileError
        If a file or directory is missing, or a file holds no PSF.
    ConfigError
        If the pixel scale of a file is not known.
    """
    if files is None:
        return {}
    pairs = _in_directory(Path(files)) if isinstance(files, str) else files
    psfs = {}
    for band, path in pairs:
        try:
            instrument_of(band)
        except BandError:
            raise BandError(
                f"psf_files: '{path}' is for band '{band}', which is of no instrument that can be simulated"
            ) from None
        psfs[band] = UserPsf(path, pixel_scale_arcsec)
        _read(path, pixel_scale_arcsec)
    return psfs


def _in_directory(folder: Path) -> list[tuple[str, str]]:
    """Band and path of each file of a directory whose name has a band."""
    if not folder.is_dir():
        raise InputFileError(f"psf_files: '{folder}' is not a directory")
    found: dict[str, str] = {}
    for path in sorted((*folder.glob("*.fits"), *folder.glob("*.fits.gz"))):
        band = band_from_file_name(path.name)
        if band is None:
            continue
        if band in found:
            raise BandError(
                f"psf_files: '{folder}' has two files for band {band}, '{Path(found[band]).name}' and '{path.name}': "
                "name the file of each band instead"
            )
        found[band] = str(path)
    if not found:
        raise InputFileError(f"psf_files: '{folder}' has no FITS file that names a band, such as psf_f444w.fits")
    return list(found.items())


@cache
def _read(path: str, pixel_scale_arcsec: float | None) -> tuple[NDArray[np.float64], float]:
    """Image (y, x) and pixel scale in arcsec of a PSF file: its first HDU with two axes."""
    if not Path(path).is_file():
        raise InputFileError(f"psf_files: '{path}': no such file")
    try:
        with fits.open(path) as hdus:
            images = [(hdu.data, hdu.header) for hdu in hdus if hdu.is_image and hdu.header["NAXIS"] == 2]
    except (OSError, TypeError, ValueError):
        raise InputFileError(f"psf_files: '{path}' is not a FITS file that can be read") from None
    if not images:
        raise InputFileError(f"psf_files: '{path}' holds no image with two axes")
    image, header = np.asarray(images[0][0], float), images[0][1]
    if not np.isfinite(image).all() or image.sum() <= 0:
        raise InputFileError(f"psf_files: '{path}' is not a PSF: its pixels must be finite, with a positive sum")
    scale = pixel_scale_arcsec or _scale_from(header)
    if not scale:
        raise ConfigError(
            f"psf_files: '{path}' does not say its pixel scale (PIXELSCL or a WCS): give psf_pixel_scale_arcsec"
        )
    return image, scale


def _scale_from(header: fits.Header) -> float:
    """Side of a pixel in arcsec, 0 if unknown."""
    for keyword in _SCALE_KEYWORDS:
        if keyword in header:
            return float(header[keyword])
    if "CD1_1" in header:
        matrix = [[header.get(f"CD{i}_{j}", 0.0) for j in (1, 2)] for i in (1, 2)]
        return float(np.sqrt(abs(np.linalg.det(matrix))) * 3600)
    return float(abs(header.get("CDELT1", 0.0)) * 3600)


def _centre(image: NDArray[np.float64]) -> tuple[float, float]:
    """Centroid (y, x) of the core, in pixels."""
    core = np.where(image > _CORE * image.max(), image, 0)
    y, x = np.indices(image.shape)
    return float((core * y).sum() / core.sum()), float((core * x).sum() / core.sum())
