"""How good are the redshifts of a model in the bands of which survey?

Kept beside a model as `NAME.surveys.json`:
{"limit": "F444W < 28", "sets": [{"survey": "CEERS", "bands": [...], "sigma_nmad": 0.05, "outlier_fraction": 0.1,
"galaxies": 800}, ...]}.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class MeasuredSet:
    """A set of bands that a model was measured in.

    Attributes
    ----------
    survey : str
        Name of the survey with these bands.
    bands : tuple of str
        The bands.
    sigma_nmad : float
        Scatter of (z - z_true) / (1 + z_true).
    outlier_fraction : float
        Fraction of redshifts that are wrong by more than 0.15 (1 + z_true).
    galaxies : int or None
        Number of galaxies that tell it; None if it was not kept.
    """

    survey: str
    bands: tuple[str, ...]
    sigma_nmad: float
    outlier_fraction: float
    galaxies: int | None = None


@dataclass(frozen=True)
class Expectation:
    """What to expect of redshifts in a set of bands.

    Attributes
    ----------
    sentence : str
        In words.
    measured : MeasuredSet or None
        What it is derived from.
    is_exact : bool
        Whether the bands are those that were measured, rather than more.
    """

    sentence: str
    measured: MeasuredSet | None = None
    is_exact: bool = False

    def to_json(self) -> dict[str, Any]:
        """Give everything, fit for JSON.

        Returns
        -------
        dict of str to object
            `sentence`, `measured` and `is_exact`.
        """
        return asdict(self)


@dataclass(frozen=True)
class MeasuredSurveys:
    """Sets of bands that a model was measured in, on simulated fields.

    Attributes
    ----------
    limit : str
        Which galaxies count, such as "F444W < 28".
    sets : tuple of MeasuredSet
        The sets; empty if nothing was measured.
    """

    limit: str = ""
    sets: tuple[MeasuredSet, ...] = ()

    @classmethod
    def from_saved(cls, values: Mapping[str, Any]) -> MeasuredSurveys:
        """Read what is kept beside a model.

        Parameters
        ----------
        values : mapping of str to JSON values
            From `to_saved`; empty if there is nothing.

        Returns
        -------
        MeasuredSurveys
            The same values.

        Raises
        ------
        KeyError, TypeError, ValueError
            If values are missing, or of another kind.
        """
        sets = tuple(
            MeasuredSet(
                str(own["survey"]),
                tuple(str(band) for band in own["bands"]),
                float(own["sigma_nmad"]),
                float(own["outlier_fraction"]),
                None if own.get("galaxies") is None else int(own["galaxies"]),
            )
            for own in values.get("sets", ())
        )
        return cls(str(values.get("limit", "")), sets)

    def to_saved(self) -> dict[str, Any]:
        """Give what is to be kept beside a model.

        Returns
        -------
        dict of str to JSON values
            The limit and the sets.
        """
        sets = [{name: value for name, value in asdict(own).items() if value is not None} for own in self.sets]
        return {"limit": self.limit, "sets": [own | {"bands": list(own["bands"])} for own in sets]}

    def expected(self, bands: Collection[str]) -> Expectation:
        """Say what to expect of redshifts in a set of bands.

        Parameters
        ----------
        bands : collection of str
            The bands, in any order.

        Returns
        -------
        Expectation
            That of the same set, or else of the largest set that is part of them.
        """
        parts = [own for own in self.sets if set(own.bands) <= set(bands)]
        best = max(parts, key=lambda own: (len(own.bands), -own.outlier_fraction), default=None)
        if best is None:
            return Expectation(f"how good redshifts are in {' '.join(bands)} was not measured")
        scores = f"a scatter of {best.sigma_nmad:.2g} (σ_NMAD) and {best.outlier_fraction:.0%} outliers"
        whose = f" among simulated galaxies with {self.limit}" if self.limit else ""
        whose += f", as {best.galaxies} of them gave" if best.galaxies else ""
        if len(best.bands) == len(set(bands)):
            return Expectation(f"expect {scores}{whose}, in the {len(best.bands)} bands of {best.survey}", best, True)
        return Expectation(
            f"expect redshifts at least as good as in the {len(best.bands)} bands of {best.survey}, which are among "
            f"the {len(set(bands))} here: {scores}{whose}",
            best,
        )
