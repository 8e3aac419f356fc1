"""What is there to know about each source before it is seen?

Where it is, what it is, how bright, how large, how its light is spread over wavelength and over its parts. All
magnitudes are AB in F444W, total.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zpix.scenes.jaguar import JaguarCatalogue
from zpix.scenes.structure import Structure
from zpix.sources import GALAXY, STAR
from zpix.spectra.galaxies import GalaxySpectra, band_fluxes, part_fluxes
from zpix.spectra.milky_way import milky_way_transmission
from zpix.spectra.stars import star_fluxes

#: What a source can be; the last two are stars to the detector, all others galaxies.
KINDS = ("galaxy", "quiescent", "agn", "little_red_dot", "star", "brown_dwarf")
_STARS = KINDS[-2:]
_REFERENCE_BAND = "F444W"


@dataclass(frozen=True)
class Population:
    """N sources; every array has the leading length N, and N = 0 is normal.

    Attributes
    ----------
    x, y : (N,) float64
        Position in pixels; integers are pixel centres.
    kind : (N,) str
        One of `KINDS`: a galaxy (forming stars), a quiescent one, one with an unobscured active nucleus (agn), a
        little red dot, a star, a brown dwarf.
    mag : (N,) float64
        F444W (AB, total, before the Milky Way's dust).
    re_arcsec : (N,) float64
        Half-light radius along the major axis; 0 for stars.
    sersic_n, axis_ratio : (N,) float64
        Of the galaxy as a whole; its parts are in `structure`.
    pa_deg : (N,) float64
        Of the major axis, east of north: from +y towards −x.
    spectra : GalaxySpectra of length N
        Its z is 0 for stars.
    structure : Structure of length N
        The parts of galaxies.
    teff : (N,) float64
        Effective temperature of stars in K; 0 for galaxies.
    colour_scatter : (N,) float64
        Standard normal deviate in the depth of stellar absorption bands.
    entry : (N,) int64
        Row of a `JaguarCatalogue` that has the source's fluxes; −1 where they come from `spectra`.
    z_spec : (N,) float64
        Redshift if a spectroscopic survey would have measured it, else NaN.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    kind: NDArray[np.str_]
    mag: NDArray[np.float64]
    re_arcsec: NDArray[np.float64]
    sersic_n: NDArray[np.float64]
    axis_ratio: NDArray[np.float64]
    pa_deg: NDArray[np.float64]
    spectra: GalaxySpectra
    structure: Structure
    teff: NDArray[np.float64]
    colour_scatter: NDArray[np.float64]
    entry: NDArray[np.int64]
    z_spec: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, rows: NDArray | slice) -> Population:
        return Population(**{name: value[rows] for name, value in vars(self).items()})

    @property
    def z(self) -> NDArray[np.float64]:
        """Redshifts, 0 for stars, shape (N,)."""
        return self.spectra.z

    @property
    def label(self) -> NDArray[np.int16]:
        """`GALAXY` or `STAR`, shape (N,)."""
        return np.where(np.isin(self.kind, _STARS), STAR, GALAXY).astype(np.int16)

    @staticmethod
    def unplaced(
        *,
        kind: NDArray[np.str_] | str,
        mag: NDArray[np.float64],
        spectra: GalaxySpectra,
        structure: Structure | None = None,
        **known: NDArray,
    ) -> Population:
        """Sources without a position yet; what is not given is that of a point without a measured redshift."""
        n = len(mag)
        point = dict.fromkeys(("x", "y", "re_arcsec", "sersic_n", "pa_deg", "teff", "colour_scatter"), np.zeros(n))
        point |= {"axis_ratio": np.ones(n), "entry": np.full(n, -1), "z_spec": np.full(n, np.nan)}
        values: dict[str, Any] = point | known
        if structure is None:
            structure = Structure.plain(values["re_arcsec"], values["sersic_n"], values["axis_ratio"])
        kinds = np.broadcast_to(np.asarray(kind, dtype=np.str_), n)
        return Population(kind=kinds, mag=mag, spectra=spectra, structure=structure, **values)

    @staticmethod
    def concatenate(parts: list[Population]) -> Population:
        """Join several populations; the list must not be empty."""
        return _joined(parts)

    def fluxes(
        self, bands: tuple[str, ...], *, ebv: float = 0.0, catalogue: JaguarCatalogue | None = None
    ) -> NDArray[np.float32]:
        """Total flux in nJy of each source in each band, dimmed by the Milky Way's dust, shape (N, band).

        `catalogue` is that of the sources with an `entry`.
        """
        with_reference = (*bands, _REFERENCE_BAND)
        colours = np.zeros((len(self), len(with_reference)), np.float32)
        star, listed = self.label == STAR, self.entry >= 0
        drawn = ~star & ~listed
        colours[drawn] = band_fluxes(self.spectra[drawn], bands=with_reference)
        colours[star] = star_fluxes(self.teff[star], bands=with_reference, colour_scatter=self.colour_scatter[star])
        if catalogue is not None:
            colours[listed] = catalogue.fluxes(self.entry[listed], bands=with_reference)
        total = 10 ** (-0.4 * (self.mag - 31.4))  # nJy in the reference band
        scale = total / np.maximum(colours[:, -1], 1e-30)
        dimmed = colours[:, :-1] * scale[:, None] * milky_way_transmission(bands, ebv)
        return dimmed.astype(np.float32)

    def part_shares(self, bands: tuple[str, ...]) -> NDArray[np.float32]:
        """Share of each of `PARTS` in the light of each source in each band, shape (N, part, band); sums are 1."""
        fluxes = part_fluxes(self.spectra, self.structure.shares, bands=bands)
        total = fluxes.sum(axis=1, keepdims=True)
        whole = Structure.plain(self.re_arcsec, self.sersic_n, self.axis_ratio).shares[:, :, :1]
        return np.where(total > 0, fluxes / np.maximum(total, 1e-30), whole).astype(np.float32)


def _joined(parts: list[Any]) -> Any:
    """Arrays one after the other, or records of such arrays."""
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts)
    return type(parts[0])(**{name: _joined([getattr(part, name) for part in parts]) for name in vars(parts[0])})
