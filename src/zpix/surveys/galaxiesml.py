"""How is GalaxiesML read: cutouts of HSC galaxies in grizy with spectroscopic redshifts (Do et al. 2024)?

Of the HDF5 files `5x64x64_training_with_morphology.hdf5` and the like (Zenodo 10.5281/zenodo.11117528) two datasets are
read:

    image           (N, 5, size, size) float, sky-subtracted counts
    specz_redshift  (N,) float

The measured magnitudes and shapes are not used. The training set needs 23 GB of memory, so it is read in batches.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from zpix.errors import InputFileError

#: Order of the bands in `image`.
HSC_BANDS = ("HSC-G", "HSC-R", "HSC-I", "HSC-Z", "HSC-Y")
PIXEL_SCALE_ARCSEC = 0.168

# Consecutive rows that are read at once. A batch is a number of such runs from anywhere in the files: reading single
# rows in random order would take ten times as long.
_RUN = 16
# Fraction of a Gaussian that lies more than one standard deviation below the mean.
_ONE_SIGMA_BELOW = 0.1587

Floats = NDArray[np.float32]


class GalaxiesML:
    """Cutouts of galaxies with redshifts from one or several files, in batches.

    Parameters
    ----------
    paths : sequence of str or Path
        HDF5 files of GalaxiesML, all of one split.
    size : int, pixels
        Side of the cutouts, cut from the middle of those in the files.

    Attributes
    ----------
    bands : tuple of str
        Bands of the cutouts, HSC-G to HSC-Y.
    pixel_scale_arcsec : float, arcsec
        Side of a pixel.
    size : int, pixels
        Side of the cutouts.

    Raises
    ------
    InputFileError
        If a file is missing, is not HDF5, lacks `image` or `specz_redshift`, or these have other shapes.
    """

    bands: tuple[str, ...] = HSC_BANDS
    pixel_scale_arcsec = PIXEL_SCALE_ARCSEC

    def __init__(self, paths: Sequence[str | Path], *, size: int) -> None:
        self.size = size
        self._redshift = {Path(path): _read_redshifts(Path(path), size) for path in paths}
        if len(self) == 0:
            raise InputFileError(f"{paths[0]}: 'specz_redshift' holds no redshift to learn from")

    def __len__(self) -> int:
        """Return the number of galaxies whose redshift is known."""
        return sum(int(_known(redshift).sum()) for redshift in self._redshift.values())

    @property
    def redshift(self) -> Floats:
        """Known redshifts, (N,), in the order of the files."""
        return np.concatenate([redshift[_known(redshift)] for redshift in self._redshift.values()])

    def batches(self, size: int, rng: np.random.Generator | None = None) -> Iterator[tuple[Floats, Floats, Floats]]:
        """Read all galaxies with a redshift in batches.

        Parameters
        ----------
        size : int
            Galaxies in a batch, approximately.
        rng : numpy Generator, optional
            Shuffles the galaxies; without it they are read in the order of the files.

        Yields
        ------
        flux : (n, 5, y, x) float32, counts
            Cutouts of n galaxies.
        error : (n, 5, y, x) float32, counts
            The files have no errors: this is the noise of each image and band (`background_sigma`), +inf where a pixel
            is not finite or a band is empty.
        redshift : (n,) float32
            Spectroscopic redshifts.
        """
        runs = [
            (path, start, min(start + _RUN, len(redshift)))
            for path, redshift in self._redshift.items()
            for start in range(0, len(redshift), _RUN)
        ]
        order = np.arange(len(runs)) if rng is None else rng.permutation(len(runs))
        at_once = max(1, size // _RUN)
        with _opened(self._redshift) as images:
            for begin in range(0, len(order), at_once):
                own = [runs[i] for i in np.sort(order[begin : begin + at_once])]
                redshift = np.concatenate([self._redshift[path][start:stop] for path, start, stop in own])
                known = _known(redshift)
                if known.any():
                    image = np.concatenate([images[path][start:stop] for path, start, stop in own])[known]
                    yield *_with_error(image.astype(np.float32), self.size), redshift[known]


def background_sigma(image: Floats) -> Floats:
    """Measure the noise of the sky: the distance from the median down to the 15.87 % quantile.

    The light of a galaxy is above the median, so it does not change the darker half of the pixels unless the galaxy
    fills the cutout.

    Parameters
    ----------
    image : (n, band, y, x) float
        Cutouts.

    Returns
    -------
    (n, band) float
        Standard deviation in each image and band; NaN without finite pixels.
    """
    pixels = np.sort(np.where(np.isfinite(image), image, np.nan).reshape(*image.shape[:2], -1), axis=-1)  # NaN last
    count = np.isfinite(pixels).sum(-1, keepdims=True)

    def quantile(fraction: float) -> Floats:
        return np.take_along_axis(pixels, np.maximum((fraction * count).astype(int), 0), axis=-1)[..., 0]

    return quantile(0.5) - quantile(_ONE_SIGMA_BELOW)


def _with_error(image: Floats, size: int) -> tuple[Floats, Floats]:
    """The middle `size` pixels of images (n, band, y, x), and their error."""
    sigma = background_sigma(image)[..., None, None]
    low = (image.shape[-1] - size) // 2
    middle = image[..., low : low + size, low : low + size]
    error = np.where(np.isfinite(middle) & (sigma > 0), sigma, np.inf)
    return middle, error.astype(np.float32)


def _known(redshift: Floats) -> NDArray[np.bool_]:
    """Which redshifts are known."""
    return np.isfinite(redshift) & (redshift >= 0)


def _read_redshifts(path: Path, size: int) -> Floats:
    """Redshifts of a file, after its datasets were checked."""
    with _hdf5(path) as file:
        for name in ("image", "specz_redshift"):
            if not isinstance(file.get(name), h5py.Dataset):
                raise InputFileError(f"{path}: has no dataset '{name}', which GalaxiesML has; it has {', '.join(file)}")
        image, redshift = file["image"], file["specz_redshift"]
        for dataset in (image, redshift):
            if dataset.dtype.kind not in "fiu":
                raise InputFileError(f"{path}: '{dataset.name[1:]}' holds {dataset.dtype} instead of numbers")
        if image.ndim != 4 or image.shape[1] != len(HSC_BANDS) or image.shape[2] != image.shape[3]:
            raise InputFileError(f"{path}: 'image' has the shape {image.shape} instead of (N, 5, size, size)")
        if redshift.shape != image.shape[:1]:
            raise InputFileError(
                f"{path}: 'specz_redshift' has the shape {redshift.shape} instead of one redshift for each of"
                f" {len(image)} images"
            )
        if image.shape[-1] < size:
            raise InputFileError(
                f"{path}: its images have {image.shape[-1]} pixels a side, fewer than the {size} of a cutout"
            )
        return np.asarray(redshift[:], np.float32)


@contextmanager
def _opened(paths: Sequence[Path] | dict[Path, Floats]) -> Iterator[dict[Path, h5py.Dataset]]:
    """Open several files; gives the images of each."""
    files = {path: h5py.File(path) for path in paths}
    try:
        yield {path: file["image"] for path, file in files.items()}
    finally:
        for file in files.values():
            file.close()


@contextmanager
def _hdf5(path: Path) -> Iterator[h5py.File]:
    """Open an HDF5 file; every failure is an `InputFileError`."""
    if not path.is_file():
        raise InputFileError(f"{path}: no such file of GalaxiesML")
    try:
        file = h5py.File(path)
    except OSError as error:
        raise InputFileError(f"{path}: not a complete HDF5 file: {error}") from None
    with file:
        yield file
