"""What does a reader learn of an adaptation: what was changed, what it is worth, and which labels look wrong?"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zpix.adaptation.field_spectra import FieldSpectra
from zpix.adaptation.fit_candidates import ADAPTED, AS_IT_WAS, FACTORS, WIDTHS
from zpix.adaptation.flux_factors import FluxFactors
from zpix.adaptation.judgement import Judgement
from zpix.evaluation.score_tables import estimate_text
from zpix.outputs import TextTable, whole_file, write_json
from zpix.sources import ZMixture

_SUSPECT = 0.5  # probability from which on a label is listed
_FEWEST_IN_BIN = 5  # sources without which a bin has no row
_COLUMNS = ("bias", "sigma_nmad", "outlier_fraction", "coverage_68", "coverage_95", "crps")
_TITLES = ("bias", "σ_NMAD", "outliers", "in 68 %", "in 95 %", "CRPS")

_WHY = {
    AS_IT_WAS: "Nothing that was tried is better on what was held out, so the model is handed out **as it was**.",
    WIDTHS: "The **widths** of its PDFs are calibrated to this field; redshifts are as they were.",
    FACTORS: "Fluxes are divided by the **factors** below, and the **widths** of PDFs are calibrated to this field.",
    ADAPTED: (
        "Its redshift head was **tuned** to this field, fluxes are divided by the factors below where one is applied, "
        "and the widths of PDFs are calibrated."
    ),
}


@dataclass(frozen=True, eq=False)
class AdaptationAccount:
    """What an adaptation came to.

    Attributes
    ----------
    model : Path
        The model that was made.
    chosen : str
        What was changed: "as it was", "widths", "factors and widths" or "adapted".
    judgement : Judgement
        How good each candidate is on held-out spectra.
    factors : FluxFactors
        Factors of the fluxes.
    spectra : FieldSpectra or None
        The spectra; None without any.
    pdf : ZMixture
        Held-out PDFs of the spectra by the candidate that is handed out.
    simulation : mapping
        Settings of the mock.
    """

    model: Path
    chosen: str
    judgement: Judgement
    factors: FluxFactors
    spectra: FieldSpectra | None
    pdf: ZMixture
    simulation: Mapping[str, Any]

    def tables(self) -> list[TextTable]:
        """Tabulate the spectra, the factors and the scores.

        Returns
        -------
        list of TextTable
            Titles, headers and rows.
        """
        tables = [] if self.spectra is None else [_counts(self.spectra)]
        if self.factors.galaxies:
            tables.append(self.factors.table())
        return [*tables, *self.judgement.tables()]

    def suspects(self) -> list[dict[str, Any]]:
        """List the labels that contradict their PDFs, the most probable to be wrong first.

        Returns
        -------
        list of dict of str to object
            Where each label is from, both redshifts, and the probability that it is another source's.
        """
        if self.spectra is None:
            return []
        wrong, spectra = self.judgement.wrong, self.spectra
        rows = [row for row in np.argsort(-wrong, kind="stable") if wrong[row] > _SUSPECT]
        z_phot, ends = self.pdf.least_risk(), self.pdf.quantile(np.array([0.16, 0.84]))
        return [
            {
                "list": str(spectra.list_name[row]), "id": str(spectra.id[row]), "quality": str(spectra.quality[row]),
                "ra": round(float(spectra.ra[row]), 6), "dec": round(float(spectra.dec[row]), 6),
                "z_spec": round(float(spectra.z[row]), 4), "z_phot": round(float(z_phot[row]), 4),
                "z160": round(float(ends[row, 0]), 4), "z840": round(float(ends[row, 1]), 4),
                "probability_wrong": round(float(wrong[row]), 3),
            }
            for row in rows
        ]  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """Give everything, fit for JSON.

        Returns
        -------
        dict of str to object
            Counts of spectra, factors, scores, and the mock's settings.
        """
        return {
            "changed": self.chosen,
            "spectra": None if self.spectra is None else dict(self.spectra.counts),
            "flux_factors": {
                band: {"factor": round(float(f), 5), "error": round(float(e), 5) if np.isfinite(e) else None,
                       "applied": bool(a) and self.chosen in (FACTORS, ADAPTED)}
                for band, f, e, a in zip(self.factors.bands, self.factors.factor, self.factors.error,
                                         self.factors.applied, strict=True)
            },
            **self.judgement.to_json(),
            "simulation": dict(self.simulation),
        }  # fmt: skip

    def text(self) -> str:
        """Write the report.

        Returns
        -------
        str
            Markdown.
        """
        suspects, by, wrong = self.suspects(), "simulated galaxies", ""
        if self.spectra is not None:
            by, number = "spectra", int((~self.judgement.sound).sum())
            wrong = f" Labels that every candidate takes for another source's do not count: {number}."
        parts = [
            "# A model adapted to a field\n",
            f"{_WHY[self.chosen]} `zpix run MOSAICS --model {self.model.name}` uses it.\n",
            f"All scores are on {len(self.judgement.weight)} {by}, each held out when what is asked about it was "
            f"fitted.{wrong}\n",
            *(_markdown(table) for table in self.tables()),
            _markdown(self._by_bin()),
            "![redshifts and scores](adaptation.png)\n",
        ]
        if self.spectra is not None:
            parts.append(
                f"## Labels that may be wrong\n\nAbout {self.judgement.wrong_share:.1%} of the labels seem to be of "
                f"another source; `suspects.csv` lists the {len(suspects)} that are more probably wrong than right. "
                "Look at them before you use them: a rare kind of galaxy can look like a wrong label.\n"
            )
        return "\n".join(parts)

    def write(self, place: Path) -> None:
        """Write `report.md`, `report.json` and `suspects.csv`.

        Parameters
        ----------
        place : Path
            Directory to write to.
        """
        with whole_file(place / "report.md") as partial:
            partial.write_text(self.text(), encoding="utf-8")
        write_json(place / "report.json", self.to_json())
        names = ["list", "id", "quality", "ra", "dec", "z_spec", "z_phot", "z160", "z840", "probability_wrong"]
        with whole_file(place / "suspects.csv") as partial, partial.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(self.suspects())

    def _by_bin(self) -> TextTable:
        """Scores by magnitude and redshift of the model as it was and of the one that is handed out."""
        rows, tried = [], {AS_IT_WAS, WIDTHS, FACTORS, ADAPTED} - {AS_IT_WAS, self.chosen}
        for name in dict.fromkeys([AS_IT_WAS, self.chosen, *self.judgement.samples]):
            for where, scores in ({} if name in tried else self.judgement.scores(name)).items():
                if scores.count < _FEWEST_IN_BIN:
                    continue
                texts = (estimate_text(getattr(scores, column)) for column in _COLUMNS)
                rows.append([name, where, str(scores.count), *texts])
        return "By magnitude and redshift", ["method", "sources", "number", *_TITLES], rows


def _counts(spectra: FieldSpectra) -> TextTable:
    """What became of the redshifts of the lists."""
    rows = [[name, str(count)] for name, count in spectra.counts.items() if count or name in ("listed", "used")]
    return "Redshifts of the lists", ["redshifts", "number"], rows


def _markdown(table: TextTable) -> str:
    """A table as Markdown."""
    title, header, rows = table
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join([f"## {title}\n", *(f"| {' | '.join(line)} |" for line in lines), ""])
