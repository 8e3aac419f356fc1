"""Which redshifts does EAZY give the galaxies that zpix has found, with several sets of templates?

All methods are scored on the same galaxies, those that photutils has found as well. EAZY gets its photometry, tuned as
in `zpix compare`; fits are kept by field, and models of templates from field to field.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import zpix
from zpix.catalogue import Catalogue
from zpix.evaluation import Contestant, RedshiftSample, Truth, common_galaxies, read_truth, redshift_sample
from zpix.evaluation.rival import EazyRival, RivalTask, find_and_measure, read_template_set
from zpix.evaluation.rival.rivals import eazy_with_simulation, eazy_with_templates
from zpix.image import ebv_at
from zpix.outputs import write_json
from zpix.scenes.psf_images import psf_images
from zpix.spectra.milky_way import milky_way_transmission

BAND = "F444W"

Samples = dict[str, RedshiftSample]
#: Says of each true source whether it is to be fitted, (M,) bool.
Wanted = Callable[[Truth], NDArray[np.bool_]]


def brighter_than(magnitude: float) -> Wanted:
    """Want all galaxies brighter than an F444W magnitude."""
    return lambda truth: truth.magnitude < magnitude


class TemplateFits:
    """EAZY with sets of templates, and with those of the simulation.

    Parameters
    ----------
    templates : sequence of Path
        Template lists, each a set.
    """

    def __init__(self, templates: Sequence[Path]) -> None:
        self.templates = tuple(templates)
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._fitters: dict[tuple[str, ...], list[EazyRival]] = {}

    def samples(self, fits: Path, field: Path, catalogue: Catalogue, wanted: Wanted) -> Samples:
        """Redshifts by zpix and with each set, by method, of the wanted galaxies that both have found.

        Fits are kept in the directory `fits`, since they hang on the field alone.
        """
        rows, told = self._kept_fits(fits / f"{'+'.join(path.stem for path in self.templates)}.json", field, wanted)
        truth = read_truth(field / "truth.fits", band=BAND)
        found = Contestant.of(catalogue, catalogue.magnitude(BAND), truth)
        both = found.matching.right_matched[rows]
        own, z = found.rows(rows[both]), truth.z[rows[both]]
        zpix_told = redshift_sample(catalogue.redshift[own], catalogue["z_phot"][own], z)
        return {"zpix": zpix_told, **{method: sample[both] for method, sample in told.items()}}

    def _kept_fits(self, kept: Path, field: Path, wanted: Wanted) -> tuple[NDArray[np.intp], Samples]:
        """What `_fits` gives, from a file if it exists, which is written otherwise."""
        if not kept.is_file():
            rows, samples = self._fits(field, wanted)
            told = {name: {k: v.tolist() for k, v in vars(own).items()} for name, own in samples.items()}
            kept.parent.mkdir(parents=True, exist_ok=True)
            write_json(kept, {"rows": rows.tolist(), "fits": told})
        read = json.loads(kept.read_text("utf-8"))
        samples = {
            name: RedshiftSample(**{k: np.array(v) for k, v in own.items()}) for name, own in read["fits"].items()
        }
        return np.array(read["rows"], np.intp), samples

    def _fits(self, field: Path, wanted: Wanted) -> tuple[NDArray[np.intp], Samples]:
        """Rows in the truth of the wanted galaxies that photutils has found, and their redshifts with each set."""
        truth = read_truth(field / "truth.fits", band=BAND)
        with zpix.open_mosaic(field) as mosaic:
            shape = mosaic.shape
            found = find_and_measure(mosaic, psf_images(mosaic.bands, mosaic.pixel_scale_arcsec, None), seed=0)
        detector = Contestant.of(found, found.magnitude(BAND), truth)
        galaxies = common_galaxies(truth, {"photutils": detector}, shape)
        galaxies = galaxies[wanted(truth)[galaxies]]
        dust = milky_way_transmission(found.bands, ebv_at(found.ra, found.dec))
        measured = replace(found, photometry=found.photometry.brightened(1 / dust))[detector.rows(galaxies)]
        told = {}
        for rival in self._rivals(field, found.bands):
            fit = rival.redshifts(measured)
            told[str(rival.title)] = redshift_sample(fit.pdf, fit.z_phot, truth.z[galaxies])
        return galaxies, told

    def _rivals(self, field: Path, bands: tuple[str, ...]) -> list[EazyRival]:
        """One for each set, ready to fit in these bands."""
        if bands not in self._fitters:
            self._scratch = self._scratch or tempfile.TemporaryDirectory(prefix="zpix-templates-")
            scratch = Path(tempfile.mkdtemp(dir=self._scratch.name))
            tasks = [RivalTask(field, bands, scratch, read_template_set([one]), None) for one in self.templates]
            self._fitters[bands] = [*map(eazy_with_templates, tasks), eazy_with_simulation(tasks[0])]
        return self._fitters[bands]
