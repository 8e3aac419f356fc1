"""What follows from the examination of a mosaic: repairs, what a user should know, or a refusal?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from zpix.config import Errors
from zpix.errors import GridError, InputFileError, ZpixError
from zpix.image.examination import BandExamination, Examination
from zpix.image.noise_curve import NoiseCurve
from zpix.image.repairs import BandRepair, find_repairs, with_flux_factors
from zpix.image.taught import Range, Taught

# Bands further from the others than the first are said, further than the second refused, pixels.
_OFFSET_SAID_PIX, _OFFSET_REFUSED_PIX = 0.1, 1.0
_SIGNIFICANT = 4.0
# A factor of ten in flux, and how far a depth may lie from what was taught, mag.
_FACTOR_OF_TEN_MAG, _DEPTH_MAG = 2.5, 0.3
# Scatter of the sky over the windows that a constant does not mend, in errors.
_SKY_SPREAD = 0.25
_CORRELATION = 0.2  # difference of a correlation coefficient that is said
_WIDTH = 1.25  # factor in width that is said


@dataclass(frozen=True)
class Verdict:
    """What follows from the examination of a mosaic.

    Attributes
    ----------
    examination : Examination
        What was measured.
    repairs : tuple of BandRepair
        What is done to the pixels when they are read. If they are taken as given, none but the scaling that a model of
        measured errors needs, and the flux factors of an adapted model.
    warnings : tuple of str
        Sentences on what is wrong, repaired, or outside what the model was taught.
    notes : tuple of str
        Sentences on what could not be measured, and on errors that are scaled for every mosaic.
    refused : ZpixError or None
        Why `run` refuses the mosaic, unless it takes the pixels as given.
    remarks : tuple of str
        Sentences on contradictions in the files' headers, and how they are resolved.
    """

    examination: Examination
    repairs: tuple[BandRepair, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    refused: ZpixError | None = None
    remarks: tuple[str, ...] = ()

    def noise(self, bands: Sequence[str]) -> NoiseCurve:
        """Give the noise of sums of pixels as they are read, over what their errors add up to.

        Parameters
        ----------
        bands : sequence of str
            Bands, in order.

        Returns
        -------
        NoiseCurve
            Of these bands.
        """
        return NoiseCurve.of(self.examination, bands, self.repairs)

    def with_flux_factors(self, factors: Mapping[str, float]) -> Verdict:
        """Give what follows for a model that was adapted to a field and divides fluxes by factors.

        Parameters
        ----------
        factors : mapping of str to float
            By band.

        Returns
        -------
        Verdict
            With these factors among its repairs, and a sentence on them.
        """
        bands = [own.band for own in self.examination.bands]
        listed = ", ".join(f"{band} {factor:.3f}" for band, factor in factors.items() if band in bands)
        if not listed:
            return self
        note = f"fluxes and errors are divided by the factors that the model was adapted with: {listed}"
        repairs = with_flux_factors(self.repairs, bands, factors)
        return replace(self, repairs=repairs, notes=(note, *self.notes))

    def sentences(self) -> list[str]:
        """Give everything that a reader should know.

        Returns
        -------
        list of str
            Sentences: a refusal first, then remarks on the headers, warnings, and notes.
        """
        refused = [] if self.refused is None else [f"zpix run refuses these mosaics: {self.refused}"]
        said = [*refused, *self.remarks, *self.warnings, *self.notes]
        if not refused and not self.warnings:
            said.insert(0, "nothing that was measured lies outside what the model was taught")
        return [f"{text if text.startswith('zpix ') else text[0].upper() + text[1:]}." for text in said]

    def to_json(self) -> dict[str, Any]:
        """Give everything, fit for JSON.

        Returns
        -------
        dict of str to object
            What was measured, with `repairs`, `remarks`, `warnings`, `notes` and `refused`.
        """
        repairs = [asdict(repair) for repair in self.repairs]
        return self.examination.to_json() | {
            "repairs": repairs,
            "remarks": list(self.remarks),
            "warnings": list(self.warnings),
            "notes": list(self.notes),
            "refused": None if self.refused is None else str(self.refused),
        }


def judge(
    examination: Examination,
    taught: Taught,
    *,
    as_given: bool = False,
    errors: Errors = "image",
    remarks: Sequence[str] = (),
) -> Verdict:
    """Compare a mosaic with what a model was taught, and say what follows.

    Parameters
    ----------
    examination : Examination
        What its pixels say.
    taught : Taught
        What the model was taught.
    as_given : bool, default: False
        Whether nothing is repaired; what a model of measured errors needs is done all the same.
    errors : {"image", "measured"}, default: "image"
        What the model takes for errors.
    remarks : sequence of str, optional
        What the files' headers leave open or contradict, such as `Mosaic.remarks`.

    Returns
    -------
    Verdict
        Repairs and sentences.
    """
    repairs = find_repairs(examination, taught, errors=errors)
    notes = tuple(_not_measured(examination))
    if errors == "measured":
        scaling = tuple(
            BandRepair(repair.band, error_factor=repair.error_factor) for repair in repairs if repair.error_factor != 1
        )
        seen, of_errors = examination.in_measured_errors(), tuple(_of_unknown_errors(examination))
        notes = (*_of_scaling(scaling), *notes)
    else:
        scaling, seen, of_errors = (), examination, tuple(_of_errors(examination, repairs, as_given))
    warnings = [
        *_of_sky(seen, repairs, as_given),
        *of_errors,
        *_of_depth(examination, taught),
        *_of_smoothness(examination, taught),
        *_of_width(examination, taught),
        *_of_registration(examination),
        *_of_saturation(examination),
        *_of_unknown(taught),
    ]
    done = scaling if as_given else repairs
    return Verdict(examination, done, tuple(warnings), notes, refusal(examination, taught), tuple(remarks))


def refusal(examination: Examination, taught: Taught) -> ZpixError | None:
    """Say why a mosaic cannot be searched as it is.

    Parameters
    ----------
    examination : Examination
        What its pixels say.
    taught : Taught
        What the model was taught.

    Returns
    -------
    ZpixError or None
        A `GridError` for bands that do not show the same sources at the same pixels; an `InputFileError` for fluxes
        that are wrong by a factor of ten or more; None for a mosaic that can be searched.
    """
    apart = [own for own in examination.bands if _is_apart(own, _OFFSET_REFUSED_PIX)]
    if apart:
        return GridError(
            f"the bands are not in registration: {_listed(apart, _offset)} from the light of the other bands, and "
            f"{_OFFSET_REFUSED_PIX:g} pixel is allowed; correct the WCS of these files and bring all bands onto one "
            "grid with zpix align, or search the pixels as they are with --as-given"
        )
    beyond = [
        own for own in examination.bands if own.depth_mag > taught.band(own.band).depth_mag[1] + _FACTOR_OF_TEN_MAG
    ]
    if beyond:
        return InputFileError(
            f"the noise of empty sky is too small by a factor of ten or more: {_listed(beyond, _depth)} would be the "
            "depth in 0.15 arcsec; check the unit of the fluxes, or search the pixels as they are with --as-given"
        )
    above = [
        own for own in examination.bands if own.depth_mag < taught.band(own.band).depth_mag[0] - _FACTOR_OF_TEN_MAG
    ]
    if above and not examination.sources:
        return InputFileError(
            f"no source can be seen, and the noise of empty sky is too large by a factor of ten or more: "
            f"{_listed(above, _depth)} would be the depth in 0.15 arcsec; check the unit of the fluxes, or search the "
            "pixels as they are with --as-given"
        )
    return None


def _listed(bands: Sequence[BandExamination], value: Callable[[BandExamination], str]) -> str:
    """Bands with a value of each."""
    return ", ".join(f"{own.band} {value(own)}" for own in bands)


def _offset(own: BandExamination) -> str:
    x, y = own.shift_pix
    return f"({x:+.2f}, {y:+.2f}) ± {own.shift_error_pix:.2f} pixels"


def _depth(own: BandExamination) -> str:
    return f"{own.depth_mag:.1f} mag"


def _is_apart(own: BandExamination, pixels: float) -> bool:
    """Whether a band lies further than this from the others, beyond the error of the measurement."""
    return own.offset_pix > pixels and own.offset_pix - pixels > _SIGNIFICANT * own.shift_error_pix


def _of_sky(seen: Examination, repairs: Sequence[BandRepair], as_given: bool) -> Iterator[str]:
    found = {repair.band: repair.sky_njy for repair in repairs if repair.sky_njy}
    if found:
        listed = ", ".join(
            f"{band} {sky:+.3g} nJy per pixel ({sky / seen[band].error_njy:+.3g} of its error)"
            for band, sky in found.items()
        )
        end = "left in, as asked" if as_given else "subtracted as a constant (--as-given leaves it in)"
        yield f"the sky level of empty pixels is not zero: {listed}; {end}"
    uneven = [own for own in seen.bands if own.sky_spread > _SKY_SPREAD]
    if uneven:
        listed = _listed(uneven, lambda own: f"{own.sky_spread:.2f}")
        yield f"the sky is uneven: it scatters from place to place, in units of the error of a pixel, by {listed}"


def _of_constant(seen: Examination) -> Iterator[str]:
    constant = [own.band for own in seen.bands if own.noise_over_error == 0]
    if constant:
        yield f"the flux of empty pixels does not vary in {' '.join(constant)}, as if nothing was observed there"


def _of_unknown_errors(seen: Examination) -> Iterator[str]:
    yield from _of_constant(seen)
    unknown = [own.band for own in seen.bands if own.coverage > 0 and not own.sums_over_error > 0]
    if unknown:
        yield (
            f"the model needs errors that are the scatter of empty sky, and too little is empty to measure it in "
            f"{' '.join(unknown)}: these errors are taken as given, and what is said of sources is less certain"
        )


def _of_scaling(scaling: Sequence[BandRepair]) -> Iterator[str]:
    if scaling:
        listed = ", ".join(f"{repair.band} × {repair.error_factor:.3g}" for repair in scaling)
        yield f"errors are multiplied by the measured scatter of sums on empty sky, as the model takes them: {listed}"


def _of_errors(seen: Examination, repairs: Sequence[BandRepair], as_given: bool) -> Iterator[str]:
    yield from _of_constant(seen)
    found = {repair.band: repair.error_factor for repair in repairs if repair.error_factor != 1}
    if found:
        listed = ", ".join(
            f"{band} × {factor:.3g} (sums scatter by {seen[band].sums_over_error:.3g} of their error)"
            for band, factor in found.items()
        )
        end = "left, as asked" if as_given else "multiplied by these factors (--as-given leaves them)"
        yield f"the errors are not of the scale that the noise of empty sky asks for: {listed}; {end}"


def _of_depth(seen: Examination, taught: Taught) -> Iterator[str]:
    for word, sign in (("shallower", -1), ("deeper", 1)):
        beyond = [
            own for own in seen.bands if _excess(own.depth_mag, taught.band(own.band).depth_mag) * sign > _DEPTH_MAG
        ]
        if beyond:
            listed = _listed(beyond, lambda own: _against(own.depth_mag, taught.band(own.band).depth_mag, ".1f"))
            yield f"{word} than the model was taught, mag in 0.15 arcsec: {listed}"


def _of_smoothness(seen: Examination, taught: Taught) -> Iterator[str]:
    def excess(own: BandExamination) -> float:
        return _excess(own.correlation[0], taught.band(own.band).correlation)

    for word, more in (("more", True), ("less", False)):
        beyond = [own for own in seen.bands if abs(excess(own)) > _CORRELATION and (excess(own) > 0) == more]
        if beyond:
            listed = _listed(beyond, lambda own: _against(own.correlation[0], taught.band(own.band).correlation, ".2f"))
            end = ", as in images that were matched to a broader PSF" if more else ""
            yield f"neighbouring pixels share {word} of their noise than the model was taught{end}: {listed}"


def _of_width(seen: Examination, taught: Taught) -> Iterator[str]:
    for word, wider in (("broader", True), ("sharper", False)):
        beyond = [
            own
            for own in seen.bands
            if (
                own.fwhm_arcsec > _WIDTH * taught.band(own.band).fwhm_arcsec[1]
                if wider
                else own.fwhm_arcsec < taught.band(own.band).fwhm_arcsec[0] / _WIDTH
            )
        ]
        if beyond:
            listed = _listed(beyond, lambda own: _against(own.fwhm_arcsec, taught.band(own.band).fwhm_arcsec, ".3f"))
            yield f"the sharpest sources are {word} than the model was taught, FWHM in arcsec: {listed}"


def _of_registration(seen: Examination) -> Iterator[str]:
    apart = [own for own in seen.bands if _is_apart(own, _OFFSET_SAID_PIX)]
    if apart:
        yield f"bands are not in registration by the light of their sources: {_listed(apart, _offset)}"


def _of_saturation(seen: Examination) -> Iterator[str]:
    lost = [own for own in seen.bands if own.saturated > 1e-4]
    if lost:
        listed = _listed(lost, lambda own: f"{own.saturated:.1e}")
        yield f"cores of bright sources have no data, as a share of all pixels: {listed}"


def _of_unknown(taught: Taught) -> Iterator[str]:
    if not taught.is_known:
        yield (
            "the model does not say what its fields were like (NAME.fields.json beside it, which zpix train writes): "
            "where these mosaics lie outside what it was taught is not known, and they are compared with what is usual"
        )


def _not_measured(seen: Examination) -> Iterator[str]:
    for what, name in (
        ("sky and noise", "sky"),
        ("the noise of sums and the depth", "sums_over_error"),
        ("the width of the PSF", "fwhm_arcsec"),
        ("the registration of the bands", "offset_pix"),
    ):
        missing = [own.band for own in seen.bands if not math.isfinite(getattr(own, name))]
        if missing:
            where = "any band" if len(missing) == len(seen.bands) else " ".join(missing)
            yield f"too small, too empty or too crowded to measure {what} in {where}"


def _excess(value: float, known: Range) -> float:
    """How far a value lies above a range, or below it (negative); 0 inside and for NaN."""
    return value - known[1] if value > known[1] else value - known[0] if value < known[0] else 0.0


def _against(value: float, known: Range, form: str) -> str:
    return f"{value:{form}} ({known[0]:{form}} to {known[1]:{form}})"
