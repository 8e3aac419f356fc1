"""A rival from outside of the package is known by name, whether it is added by a call or by an entry point."""

from __future__ import annotations

import numpy as np
import pytest

from zpix.errors import ConfigError
from zpix.evaluation import GridPdf, Redshifts
from zpix.evaluation.rival import RIVALS, Rival, RivalPhotometry, RivalSources, RivalTask

SOURCE = '''
import numpy as np
from zpix.evaluation import GridPdf, Redshifts
from zpix.evaluation.rival import Rival

class Flat(Rival):
    """Gives every source the same PDF."""

    title = "flat PDFs"

    def redshifts(self, sources):
        z = np.linspace(0.0, 10.0, 101)
        return Redshifts(GridPdf(z, np.ones((len(sources), len(z)))), np.full(len(sources), 5.0))
'''


class BreakColour(Rival):
    """Redshift from the bluest band in which a source is bright: its Lyman break lies in the band before."""

    pivot_um = np.array([0.9, 1.15, 1.5, 2.0])

    def redshifts(self, sources: RivalSources) -> Redshifts:
        bright = sources.photometry.flux_njy > 5 * sources.photometry.error_njy
        z_phot = self.pivot_um[bright.argmax(1)] / 0.1216 - 1
        z = np.linspace(0, 20, 401)
        density = np.exp(-0.5 * ((z - z_phot[:, None]) / (0.1 * (1 + z_phot[:, None]))) ** 2)
        return Redshifts(GridPdf(z, density), z_phot)


@pytest.fixture
def task(tmp_path) -> RivalTask:
    return RivalTask(field=tmp_path, bands=("F090W", "F115W", "F150W", "F200W"), scratch=tmp_path)


def sources(flux: np.ndarray, shape: tuple[int, int] = (64, 64)) -> RivalSources:
    place, error = np.arange(len(flux), dtype=float), np.ones_like(flux)
    photometry = RivalPhotometry(flux, error, error, np.ones(flux.shape[1]))
    bands = ("F090W", "F115W", "F150W", "F200W")
    return RivalSources(place, place, place, place, np.zeros((len(flux), 4)), photometry, bands, shape)


def test_a_rival_is_added_by_a_call(task, open_registry):
    open_registry(RIVALS)
    RIVALS.add("break", BreakColour)
    flux = np.array([[0.0, 20.0, 20.0, 20.0], [0.0, 0.0, 0.0, 20.0]])
    answer = RIVALS["break"](task).redshifts(sources(flux))
    np.testing.assert_allclose(answer.z_phot, [8.46, 15.45], atol=0.01)
    np.testing.assert_allclose(answer.pdf.probability_between(7, 10), [0.89, 0.0], atol=0.02)
    assert len(answer[:1].pdf) == 1 and RIVALS["break"](task).settings() == {}


def test_a_rival_is_added_by_an_entry_point(task, install):
    install(RIVALS, module="flat_rival", source=SOURCE, entry="flat = flat_rival:Flat")
    flat = RIVALS["flat"](task)
    assert flat.title == "flat PDFs"
    np.testing.assert_allclose(flat.redshifts(sources(np.ones((3, 4)))).pdf.cdf([5.0]), [[0.5]] * 3)


def test_known_rivals_are_named(task):
    with pytest.raises(ConfigError, match=r"rival 'bpz' is unknown; known are eazy, eazy-simulation"):
        RIVALS["bpz"]
    with pytest.raises(ConfigError, match="needs template"):
        RIVALS["eazy"](task)


def test_sources_are_columns_and_rows():
    three = sources(np.arange(12.0).reshape(3, 4))
    assert three["x"].tolist() == [0.0, 1.0, 2.0] and three.meta == {"mosaic_shape": [64, 64]}
    last = three[np.array([2])]
    assert len(last) == len(last.photometry) == 1 and last.photometry.flux_njy[0, 0] == 8.0
    assert last.bands == three.bands and last.photometry.correlation.shape == (4,)
