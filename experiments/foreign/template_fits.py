"""Which redshifts does EAZY give the galaxies that zpix has found, with several sets of templates?

All methods are scored on the same galaxies, those that photutils has found as well. EAZY gets its photometry, tuned as
in `zpix compare`; only galaxies that are scored are fitted, and models of templates are kept from field to field.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

import zpix
from zpix.catalogue import Catalogue
from zpix.evaluation import Contestant, RedshiftSample, common_galaxies, read_truth, redshift_sample
from zpix.evaluation.rival import EazyRival, RivalTask, find_and_measure, read_template_set
from zpix.evaluation.rival.rivals import eazy_with_simulation, eazy_with_templates
from zpix.image import ebv_at
from zpix.outputs import write_json
from zpix.scenes.psf_images import psf_images
from zpix.spectra.milky_way import milky_way_transmission

BAND = "F444W"

Samples = dict[str, RedshiftSample]


class TemplateFits:
    """EAZY with sets of templates, and with those of the simulation.

    Parameters
    ----------
    templates : sequence of Path
        Template lists, each a set.
    """

    def __init__(self, templates: Sequence[Path]) -> None:
        self.templates = tuple(templates)
        self._scratch = tempfile.TemporaryDirectory(prefix="zpix-templates-")
        self._fitters: dict[tuple[str, ...], list[EazyRival]] = {}

    def samples(self, field: Path, catalogue: Catalogue, *, faintest: float) -> Samples:
        """Redshifts of the galaxies of a field brighter than `faintest` by zpix and with each set, by method."""
        truth = read_truth(field / "truth.fits", band=BAND)
        with zpix.open_mosaic(field) as mosaic:
            shape = mosaic.shape
            found = find_and_measure(mosaic, psf_images(mosaic.bands, mosaic.pixel_scale_arcsec, None), seed=0)
        detectors = {
            "zpix": Contestant.of(catalogue, catalogue.magnitude(BAND), truth),
            "photutils": Contestant.of(found, found.magnitude(BAND), truth),
        }
        galaxies = common_galaxies(truth, detectors, shape)
        galaxies = galaxies[truth.magnitude[galaxies] < faintest]
        own, rows = (detectors[name].rows(galaxies) for name in ("zpix", "photutils"))
        dust = milky_way_transmission(found.bands, ebv_at(found.ra, found.dec))
        measured = replace(found, photometry=found.photometry.brightened(1 / dust))[rows]
        z = truth.z[galaxies]
        told = {"zpix": redshift_sample(catalogue.redshift[own], catalogue["z_phot"][own], z)}
        for rival in self._rivals(field, found.bands):
            fit = rival.redshifts(measured)
            told[str(rival.title)] = redshift_sample(fit.pdf, fit.z_phot, z)
        return told

    def kept_samples(self, kept: Path, field: Path, catalogue: Catalogue, *, faintest: float) -> Samples:
        """The same, from the file `kept` if it exists, which is written otherwise."""
        if not kept.is_file():
            samples = self.samples(field, catalogue, faintest=faintest)
            write_json(kept, {name: {k: v.tolist() for k, v in vars(own).items()} for name, own in samples.items()})
        told = json.loads(kept.read_text("utf-8"))
        return {name: RedshiftSample(**{k: np.array(v) for k, v in own.items()}) for name, own in told.items()}

    def _rivals(self, field: Path, bands: tuple[str, ...]) -> list[EazyRival]:
        """One for each set, ready to fit in these bands."""
        if bands not in self._fitters:
            scratch = Path(tempfile.mkdtemp(dir=self._scratch.name))
            tasks = [RivalTask(field, bands, scratch, read_template_set([one]), None) for one in self.templates]
            self._fitters[bands] = [*map(eazy_with_templates, tasks), eazy_with_simulation(tasks[0])]
        return self._fitters[bands]
