"""Where in colour and magnitude are redshifts missing, and which sources should be observed next?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy.table import Table as AstropyTable
from numpy.typing import NDArray

from zpix.catalogue import magnitude_ab
from zpix.evaluation.colour_space import arcsinh_magnitude, colours, draw_map
from zpix.evaluation.information import chance_information, mutual_information
from zpix.evaluation.labelled_sources import LabelledSources
from zpix.evaluation.score_tables import listed_table
from zpix.outputs import TextTable

Floats = NDArray[np.float64]

_FEWEST_REDSHIFTS = 30  # for a measurement of mutual information
_MOST_REDSHIFTS = 3000  # that mutual information is measured on: more take long and change nothing


@dataclass(frozen=True)
class Information:
    """Mutual information of a quantity and the redshift.

    Attributes
    ----------
    quantity : str
        Such as "F277W − F444W".
    nats : float
        The information.
    by_chance : float
        The largest of shuffled redshifts; what is not above it may be chance.
    """

    quantity: str
    nats: float
    by_chance: float


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """Sources and redshifts on a map of colours and magnitude.

    Attributes
    ----------
    sources : LabelledSources
        The N sources.
    band : str
        Band of the magnitudes.
    side : int
        Number of cells along a side of the map.
    cell : (N,) int64
        Cell of each source, row × side + column.
    count : (side, side) int64
        Number of sources in each cell.
    labelled : (side, side) int64
        Number of redshifts in each cell.
    z_mean : (side, side) float64
        Mean redshift, NaN without a redshift.
    z_scatter : (side, side) float64
        Standard deviation of the redshifts divided by 1 + mean, NaN for fewer than two.
    information : tuple of Information
        In falling order; empty if there are fewer than 30 redshifts.
    next : (M,) int64
        Rows of the sources to observe next, the most useful first.
    """

    sources: LabelledSources
    band: str
    side: int
    cell: NDArray[np.int64]
    count: NDArray[np.int64]
    labelled: NDArray[np.int64]
    z_mean: Floats
    z_scatter: Floats
    information: tuple[Information, ...]
    next: NDArray[np.int64]

    @property
    def magnitude(self) -> Floats:
        """AB magnitudes in `band`, (N,)."""
        return magnitude_ab(self.sources.flux_njy[:, self.sources.bands.index(self.band)])

    def uncovered(self, *, with_next: bool = False) -> float:
        """Fraction of the sources in cells without a redshift.

        Parameters
        ----------
        with_next : bool, default: False
            Whether the sources to observe next count as having a redshift.

        Returns
        -------
        float
            From 0 to 1.
        """
        labelled = self.labelled.ravel().copy()
        if with_next:
            np.add.at(labelled, self.cell[self.next], 1)
        return float(self.count.ravel()[labelled == 0].sum() / max(len(self.sources), 1))

    def to_dict(self) -> dict[str, Any]:
        """Everything but the sources as JSON values.

        Returns
        -------
        dict
            Numbers and maps by name; numbers that do not exist are None.
        """
        return {
            "sources": len(self.sources),
            "redshifts": int(self.sources.labelled.sum()),
            "left_out": self.sources.left_out,
            **({"listed_redshifts": self.sources.listed} if self.sources.listed else {}),
            **({"quality_columns": self.sources.quality_columns} if self.sources.listed else {}),
            "bands": list(self.sources.bands),
            "band": self.band,
            "cells": self.side**2,
            "occupied_cells": int((self.count > 0).sum()),
            "occupied_cells_without_redshift": int(((self.count > 0) & (self.labelled == 0)).sum()),
            "sources_in_cells_without_redshift": round(self.uncovered(), 4),
            "the_same_once_the_next_are_observed": round(self.uncovered(with_next=True), 4),
            "observe_next": len(self.next),
            "mutual_information_nats": {
                one.quantity: {"value": round(one.nats, 4), "by_chance": round(one.by_chance, 4)}
                for one in self.information
            },
            "map": {
                "sources": self.count.tolist(),
                "redshifts": self.labelled.tolist(),
                "z_mean": _rounded(self.z_mean),
                "z_scatter": _rounded(self.z_scatter),
            },
        }

    def tables(self) -> list[TextTable]:
        """Return the main results as text.

        Returns
        -------
        list of TextTable
            Counts of sources and redshifts, what became of the redshifts of lists, and the ten quantities with the most
            information.
        """
        summary = self.to_dict()
        rows = [
            ["sources", str(len(self.sources))],
            *([f"left out: {reason}", str(number)] for reason, number in self.sources.left_out.items() if number),
            ["with a redshift", str(summary["redshifts"])],
            ["cells with sources", f"{summary['occupied_cells']} of {summary['cells']}"],
            ["of these without a redshift", str(summary["occupied_cells_without_redshift"])],
            ["sources in them", f"{self.uncovered():.1%}"],
            [f"once the next {len(self.next)} are observed", f"{self.uncovered(with_next=True):.1%}"],
        ]
        best = [[one.quantity, f"{one.nats:.2f}", f"{one.by_chance:.2f}"] for one in self.information[:10]]
        tables: list[TextTable] = [("Redshifts in the space of colours and magnitude", ["what", "number"], rows)]
        if self.sources.listed:
            columns = ", ".join(f"{name or 'none'} ({one})" for one, name in self.sources.quality_columns.items())
            tables.append(listed_table(self.sources.listed["all"], quality_column=columns, title="Redshifts of lists"))
        if best:
            tables.append(("Most information on the redshift", ["quantity", "nats", "by chance"], best))
        return tables


def map_redshifts(
    sources: LabelledSources, *, band: str = "F444W", number: int = 100, faintest: float = np.inf, seed: int = 0
) -> Diagnosis:
    """Place sources on a map, count redshifts in its cells, and choose sources to observe next.

    Parameters
    ----------
    sources : LabelledSources
        The sources.
    band : str, default: "F444W"
        Band of the magnitudes.
    number : int, default: 100
        Largest number of sources to observe next.
    faintest : float, default: inf
        Faintest magnitude of a source to observe next, AB.
    seed : int, default: 0
        Seed of the map and of the shuffles.

    Returns
    -------
    Diagnosis
        The map, and what to observe next.
    """
    rng = np.random.default_rng(seed)
    magnitude = arcsinh_magnitude(sources.flux_njy, sources.softening_njy)
    reference = sources.bands.index(band)
    features = np.column_stack([colours(magnitude), magnitude[:, reference]])  # (N, band)
    space = draw_map(features, seed=seed)
    cell, cells, known = space.cells(features), space.side**2, sources.labelled
    count = np.bincount(cell, minlength=cells)
    labelled = np.bincount(cell[known], minlength=cells)
    z = sources.redshift[known]
    total, squares = (np.bincount(cell[known], weights=w, minlength=cells) for w in (z, z**2))
    mean = np.where(labelled > 0, total / np.maximum(labelled, 1), np.nan)
    variance = (squares - labelled * mean**2) / np.maximum(labelled - 1, 1)
    scatter = np.where(labelled > 1, np.sqrt(np.maximum(variance, 0)) / (1 + mean), np.nan)
    square = (space.side, space.side)
    return Diagnosis(
        sources=sources,
        band=band,
        side=space.side,
        cell=cell,
        count=count.reshape(square),
        labelled=labelled.reshape(square),
        z_mean=mean.reshape(square),
        z_scatter=scatter.reshape(square),
        information=_all_information(sources, magnitude, rng),
        next=observe_next(cell, known, magnitude[:, reference], number=number, faintest=faintest),
    )


def observe_next(
    cell: NDArray[np.int64],
    labelled: NDArray[np.bool_],
    magnitude: Floats,
    *,
    number: int,
    faintest: float = np.inf,
) -> NDArray[np.int64]:
    """Choose sources whose spectra would fill the map, the most useful first.

    Each choice is made in the cell with the largest n / (labels + 1), where n is its number of sources and labels
    counts its redshifts and the sources chosen in it so far. This is Jefferson's method of distributing seats:
    redshifts become distributed as the sources are. In the cell the brightest source is chosen, whose spectrum takes
    the least time.

    Parameters
    ----------
    cell : (N,) int64
        Cell of each source.
    labelled : (N,) bool
        Whether it has a redshift.
    magnitude : (N,) float64
        Its magnitude.
    number : int
        Largest number of sources.
    faintest : float, default: inf
        Faintest magnitude.

    Returns
    -------
    (M,) int64
        Rows, M ≤ number.
    """
    cells = int(cell.max(initial=-1)) + 1
    count = np.bincount(cell, minlength=cells)
    labels = np.bincount(cell[labelled], minlength=cells)
    waiting: dict[int, list[int]] = {}
    for row in np.argsort(-magnitude, kind="stable"):  # the brightest last
        if not labelled[row] and magnitude[row] <= faintest:
            waiting.setdefault(int(cell[row]), []).append(int(row))
    chosen: list[int] = []
    need = np.where(np.isin(np.arange(cells), list(waiting)), count / (labels + 1), 0.0)
    while len(chosen) < number and need.any():
        best = int(np.argmax(need))
        chosen.append(waiting[best].pop())
        labels[best] += 1
        need[best] = count[best] / (labels[best] + 1) if waiting[best] else 0.0
    return np.array(chosen, dtype=np.int64)


def next_table(diagnosis: Diagnosis) -> AstropyTable:
    """Tabulate the sources to observe next.

    Parameters
    ----------
    diagnosis : Diagnosis
        What `map_redshifts` found.

    Returns
    -------
    astropy.table.Table
        Rank, id, position, magnitude, and the numbers of sources and redshifts in the cell of each source.
    """
    rows, sources = diagnosis.next, diagnosis.sources
    cell = diagnosis.cell[rows]
    table = AstropyTable(
        {
            "rank": np.arange(1, len(rows) + 1),
            "id": sources.id[rows],
            "ra": sources.ra[rows],
            "dec": sources.dec[rows],
            f"mag_{diagnosis.band.lower()}": diagnosis.magnitude[rows].round(3),
            "cell_row": cell // diagnosis.side,
            "cell_column": cell % diagnosis.side,
            "cell_sources": diagnosis.count.ravel()[cell],
            "cell_redshifts": diagnosis.labelled.ravel()[cell],
        }
    )
    table["ra"].unit = table["dec"].unit = "deg"
    table[f"mag_{diagnosis.band.lower()}"].unit = "mag"
    return table


def _all_information(sources: LabelledSources, magnitude: Floats, rng: np.random.Generator) -> tuple[Information, ...]:
    """Information of every colour, magnitude and shape, in falling order."""
    known = np.flatnonzero(sources.labelled)
    if len(known) < _FEWEST_REDSHIFTS:
        return ()
    known = np.sort(rng.permutation(known)[:_MOST_REDSHIFTS])
    pairs = zip(sources.bands[:-1], sources.bands[1:], strict=True)
    quantities = dict(zip((f"{blue} − {red}" for blue, red in pairs), colours(magnitude).T, strict=True))
    quantities |= dict(zip(sources.bands, magnitude.T, strict=True))
    shapes = zip(sources.shape_names, sources.shapes.T, strict=True)
    quantities |= {name.replace("_", " "): values for name, values in shapes}
    stretched = np.log1p(sources.redshift)
    found = []
    for name, values in quantities.items():
        own = known[np.isfinite(values[known])]
        nats = mutual_information(values[own], stretched[own], rng=rng)
        found.append(Information(name, nats, chance_information(values[own], stretched[own], rng=rng)))
    return tuple(sorted(found, key=lambda one: -one.nats))


def _rounded(values: Floats) -> list[list[float | None]]:
    """Rounded values as JSON, None for NaN."""
    return [[round(float(v), 3) if np.isfinite(v) else None for v in row] for row in values]
