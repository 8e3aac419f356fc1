"""Which numbers of a table are known, and which only say that nothing is?

One rule for all commands. Not known is

- an empty cell, NaN, and the null value of a column of integers (TNULL in FITS);
- what is infinite, or as large as 1e30;
- −99, −999, −9999 and −99999, with or without nines behind the point;
- a magnitude of 90 or more, or −90 or less;
- a flux whose error is not known, zero or negative;
- a redshift that is not above zero, or is 90 or more;
- a position whose declination is beyond 90 degrees.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

#: What tables hold where nothing is known.
MARKS = (-99.0, -99.9, -99.99, -999.0, -999.9, -9999.0, -9999.9, -99999.0)
#: A number as large as this says that nothing is known.
LARGEST_NUMBER = 1e30
#: Redshifts and magnitudes as large as this say that nothing is known: 99 and 99.9 stand for that.
LARGEST_REDSHIFT = LARGEST_MAGNITUDE = 90.0

_SMALLEST_MARK, _LARGEST_MARK = min(MARKS), max(MARKS)


def known_numbers(values: ArrayLike) -> Floats:
    """Return numbers, and NaN where they are not known.

    Parameters
    ----------
    values : (N,) numbers
        Numbers of any type.

    Returns
    -------
    (N,) float64
        The same numbers; NaN where not finite, beyond ±1e30, or one of `MARKS`.

    Examples
    --------
    >>> known_numbers([1.5, -99, np.inf, -1e30])
    array([1.5, nan, nan, nan])
    """
    numbers = np.array(values, np.float64)
    with np.errstate(invalid="ignore"):
        unknown = ~(np.abs(numbers) < LARGEST_NUMBER)
        low = (numbers >= _SMALLEST_MARK * 1.0001) & (numbers <= _LARGEST_MARK * 0.9999)  # few are: compare only these
    marked = numbers[low]
    # float32 holds -99.9 as -99.90000153
    unknown[low] |= np.isclose(marked[:, None], np.array(MARKS), rtol=1e-7, atol=0).any(1)
    numbers[unknown] = np.nan
    return numbers


def known_z(values: ArrayLike) -> Floats:
    """Return redshifts, and NaN where they are not known.

    Parameters
    ----------
    values : (N,) numbers
        Redshifts.

    Returns
    -------
    (N,) float64
        The same redshifts; NaN where not known, not above zero (as of stars and failed fits), or 90 or more.

    Examples
    --------
    >>> known_z([1.5, 0, -1, 99])
    array([1.5, nan, nan, nan])
    """
    z = known_numbers(values)
    return np.where((z > 0) & (z < LARGEST_REDSHIFT), z, np.nan)


def known_magnitudes(values: ArrayLike) -> Floats:
    """Return magnitudes, and NaN where they are not known.

    Parameters
    ----------
    values : (N,) numbers
        Magnitudes.

    Returns
    -------
    (N,) float64
        The same magnitudes; NaN where not known, or as large as ±90.
    """
    magnitude = known_numbers(values)
    return np.where(np.abs(magnitude) < LARGEST_MAGNITUDE, magnitude, np.nan)


def known_fluxes(flux: ArrayLike, error: ArrayLike | None = None) -> tuple[Floats, Floats]:
    """Return fluxes and their errors, and NaN where a source was not observed.

    Parameters
    ----------
    flux : (N,) numbers
        Fluxes in any unit.
    error : (N,) numbers, optional
        Their errors; without any, a flux alone says whether it is known.

    Returns
    -------
    flux, error : (N,) float64
        The same values; both NaN where the flux is not known, or its error is not known, zero or negative. Errors are
        NaN where none are given.

    Examples
    --------
    >>> known_fluxes([10.0, 10.0, -99.0], [1.0, -1.0, -99.0])[0]
    array([10., nan, nan])
    """
    values = known_numbers(flux)
    if error is None:
        return values, np.full(len(values), np.nan)
    errors = known_numbers(error)
    observed = np.isfinite(values) & (errors > 0)
    return np.where(observed, values, np.nan), np.where(observed, errors, np.nan)


def known_positions(ra: ArrayLike, dec: ArrayLike) -> tuple[Floats, Floats]:
    """Return positions with 0 ≤ ra < 360, and NaN where they are not known.

    Parameters
    ----------
    ra : (N,) numbers, degrees
        Right ascensions; -10, 350 and 710 are the same place.
    dec : (N,) numbers, degrees
        Declinations.

    Returns
    -------
    ra, dec : (N,) float64, degrees
        The same positions; both NaN where one of them is not known, or the declination is beyond ±90.

    Examples
    --------
    >>> known_positions([-10.0, 370.0, -99.0], [5.0, 5.0, -99.0])[0]
    array([350.,  10.,  nan])
    """
    alpha, delta = known_numbers(ra), known_numbers(dec)
    unknown = ~(np.isfinite(alpha) & (np.abs(delta) <= 90))
    alpha = np.where((alpha < 0) | (alpha >= 360), np.mod(alpha, 360), alpha)
    alpha[alpha == 360] = 0.0  # what is less than zero by less than a rounding error
    alpha[unknown] = delta[unknown] = np.nan
    return alpha, delta
