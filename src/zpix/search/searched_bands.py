"""In which bands of a mosaic does a model search, and what is to be said of them?

A model whose weights know no band searches in all bands of known wavelengths; another one in those that it names.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from zpix.detector import Checkpoint, Expectation
from zpix.errors import BandError
from zpix.image import in_wavelength_order
from zpix.image.passbands import HALF_HEIGHT_UM, overlapping_bands

log = logging.getLogger(__name__)

#: With two bands there is one colour, which any redshift can have.
FEWEST_BANDS = 3


def searched_bands(checkpoint: Checkpoint, bands: Sequence[str]) -> tuple[str, ...]:
    """List the bands in which a model searches a mosaic.

    Parameters
    ----------
    checkpoint : Checkpoint
        The model.
    bands : sequence of str
        Bands of the mosaic.

    Returns
    -------
    tuple of str
        In the order of the model: those that it names, present or not; for one that serves any bands, those of the
        mosaic whose wavelengths are known, by wavelength.
    """
    if not checkpoint.serves_any_bands:
        return checkpoint.bands
    return tuple(in_wavelength_order(band for band in bands if band in HALF_HEIGHT_UM))


def narrowed(checkpoint: Checkpoint, bands: Sequence[str]) -> Checkpoint:
    """Give a model for the bands of a mosaic: nine of its bands then cost what nine cost.

    Parameters
    ----------
    checkpoint : Checkpoint
        The model.
    bands : sequence of str
        Bands of the mosaic.

    Returns
    -------
    Checkpoint
        Of the bands that are searched, with the same weights; the same for a model that names its bands.

    Raises
    ------
    BandError
        If there is nothing to search.
    """
    searched = searched_bands(checkpoint, bands)
    if not searched:
        raise BandError(_nothing_usable(bands))
    return checkpoint.for_bands(searched)


@dataclass(frozen=True)
class JudgedBands:
    """What is to be said of the bands of a mosaic to a model that serves any bands.

    Attributes
    ----------
    refused : str or None
        Why a search has to be forced.
    warnings : tuple of str
        Sentences on bands that are left out, or were not taught.
    """

    refused: str | None = None
    warnings: tuple[str, ...] = ()


def judge_bands(bands: Sequence[str], checkpoint: Checkpoint) -> JudgedBands:
    """Compare bands with those that a model was taught which serves any bands.

    Parameters
    ----------
    bands : sequence of str
        Bands of a mosaic.
    checkpoint : Checkpoint
        The model.

    Returns
    -------
    JudgedBands
        What is to be said.
    """
    known, taught = searched_bands(checkpoint, bands), checkpoint.taught_bands
    refused, warnings = [], []
    if unknown := [band for band in bands if band not in known]:
        warnings.append(f"{' '.join(unknown)} {_is(unknown)} left out: the wavelengths are not known")
    if len(known) < FEWEST_BANDS:
        refused.append(f"fewer than {FEWEST_BANDS} bands do not tell redshifts, and {' '.join(known)} is all there is")
    near = {band: overlapping_bands(band, taught) for band in known if band not in taught}
    if served := {band: others for band, others in near.items() if others}:
        told = ", ".join(f"{band} (near {' '.join(others)})" for band, others in served.items())
        warnings.append(f"the model was not taught {told}: it goes by the wavelengths, and was not measured with them")
    if alone := [band for band, others in near.items() if not others]:
        refused.append(
            f"the model was taught no band that overlaps {' '.join(alone)} in wavelength: leave {_it(alone)} out"
        )
    return JudgedBands("; ".join(refused) or None, tuple(warnings))


def check_bands(bands: Sequence[str], checkpoint: Checkpoint, *, force: bool = False) -> None:
    """Refuse bands of which a model that serves any bands makes little; warn of those that it was not taught.

    Parameters
    ----------
    bands : sequence of str
        Bands of a mosaic.
    checkpoint : Checkpoint
        The model.
    force : bool, default: False
        Whether to go on all the same.

    Raises
    ------
    BandError
        If the wavelengths of no band are known; unless `force` is set, also if there are fewer than three of them, or
        one does not overlap any band that the model was taught.
    """
    if not searched_bands(checkpoint, bands):
        raise BandError(_nothing_usable(bands))
    judged = judge_bands(bands, checkpoint)
    if judged.refused is not None and not force:
        raise BandError(f"{judged.refused}; --force (force=True in Python) goes on all the same")
    for sentence in (*([] if judged.refused is None else [judged.refused]), *judged.warnings):
        log.warning("%s", sentence)


def expected_in(bands: Sequence[str], checkpoint: Checkpoint) -> Expectation | None:
    """Say what to expect of a model in the bands of a mosaic.

    Parameters
    ----------
    bands : sequence of str
        Bands of the mosaic.
    checkpoint : Checkpoint
        The model.

    Returns
    -------
    Expectation or None
        By what was measured in just these bands, or else in those of them that it was taught; None for a model that
        names its bands and was not measured.
    """
    if not checkpoint.serves_any_bands and not checkpoint.surveys.sets:
        return None
    searched = [band for band in searched_bands(checkpoint, bands) if band in bands]
    of_all = checkpoint.surveys.expected(searched)
    taught = [band for band in searched if band in checkpoint.taught_bands]
    return of_all if of_all.is_exact else checkpoint.surveys.expected(taught or bands)


def say_what_to_expect(bands: Sequence[str], checkpoint: Checkpoint) -> Expectation | None:
    """Log what to expect of a model in the bands of a mosaic.

    Parameters
    ----------
    bands : sequence of str
        Bands of the mosaic.
    checkpoint : Checkpoint
        The model.

    Returns
    -------
    Expectation or None
        As `expected_in`.
    """
    expected = expected_in(bands, checkpoint)
    if expected is not None:
        log.info("%s", expected.sentence)
    return expected


def _nothing_usable(bands: Sequence[str]) -> str:
    """Why no band can be searched."""
    return (
        f"the mosaic has bands {' '.join(bands)}, of none of which the wavelengths are known; known are "
        f"{' '.join(HALF_HEIGHT_UM)}"
    )


def _is(bands: Sequence[str]) -> str:
    return "is" if len(bands) == 1 else "are"


def _it(bands: Sequence[str]) -> str:
    return "it" if len(bands) == 1 else "them"
