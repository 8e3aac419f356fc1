"""Which bands does a detector see together that knows none by name?"""

from __future__ import annotations

from bisect import bisect_right

from zpix.config import ModelConfig
from zpix.image.passbands import passband

#: Edges of the ranges of wavelength in µm; a band belongs to the range of its pivot wavelength.
RANGE_EDGES_UM = (0.3, 1.03, 1.33, 1.75, 2.3, 3.2, 3.85, 5.2)


def bands_of_ranges(bands: tuple[str, ...]) -> tuple[tuple[int, ...], ...]:
    """List the bands in each range of wavelength.

    Parameters
    ----------
    bands : tuple of str
        Names of bands.

    Returns
    -------
    tuple of tuple of int
        For each range, numbers of its bands; none for a range without one.

    Raises
    ------
    BandError
        If the wavelength of a band is not known.

    Examples
    --------
    >>> bands_of_ranges(("F444W", "F115W", "F410M"))
    ((), (1,), (), (), (), (), (0, 2))
    """
    of_band = [bisect_right(RANGE_EDGES_UM, passband(band).pivot_um) - 1 for band in bands]
    return tuple(
        tuple(band for band, place in enumerate(of_band) if place == number)
        for number in range(len(RANGE_EDGES_UM) - 1)
    )


def seen_together(config: ModelConfig) -> tuple[tuple[int, ...], ...]:
    """List the bands in each of the images that a detector sees.

    Parameters
    ----------
    config : ModelConfig
        Shape of the network.

    Returns
    -------
    tuple of tuple of int
        For each image, numbers of its bands.

    Raises
    ------
    BandError
        If the wavelength of a band has to be known and is not.
    """
    if config.image_channels == "bands":
        return tuple((band,) for band in range(len(config.bands)))
    return bands_of_ranges(config.bands)


def names_of_images(config: ModelConfig) -> tuple[str, ...]:
    """Name the images that a detector sees, by wavelength.

    Parameters
    ----------
    config : ModelConfig
        Shape of the network.

    Returns
    -------
    tuple of str
        Its bands, or the ranges of wavelength, the bluest first.
    """
    if config.image_channels == "bands":
        return config.bands
    return tuple(f"range {number}" for number in range(1, len(RANGE_EDGES_UM)))
