"""What is true of each source of a simulated sky?

Where it is, what it is, how bright, how large, how its light is spread over wavelength and over its parts. All
magnitudes are AB in F444W, total.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zpix.scenes.counts import REFERENCE_BAND
from zpix.scenes.jaguar import JaguarCatalogue
from zpix.scenes.structure import Structure
from zpix.sources import GALAXY, STAR
from zpix.sources.rows import Rows
from zpix.spectra import MixedSpectra, milky_way_transmission

#: What a source can be; the last two are stars to the detector, all others galaxies.
KINDS = ("galaxy", "quiescent", "agn", "little_red_dot", "star", "brown_dwarf")
_STARS = KINDS[-2:]


@dataclass(frozen=True, eq=False)
class Population(Rows):
    """N sources; N = 0 is normal.

    Attributes
    ----------
    x, y : (N,) float64, pixels
        Position; integers are pixel centres.
    kind : (N,) str
        One of `KINDS`: a galaxy (forming stars), a quiescent one, one with an unobscured active nucleus (agn), a
        little red dot, a star, a brown dwarf.
    mag : (N,) float64, mag
        F444W (AB, total, before the Milky Way's dust).
    z : (N,) float64
        Redshift; 0 for stars.
    re_arcsec : (N,) float64, arcsec
        Half-light radius along the major axis; 0 for stars.
    sersic_n, axis_ratio : (N,) float64
        Sérsic index and axis ratio of the galaxy as a whole; its parts are in `structure`.
    pa_deg : (N,) float64, degrees
        Position angle of the major axis, east of north: from +y towards −x.
    spectra : MixedSpectra of length N
        The spectra, of one family or several.
    structure : Structure of length N
        The parts of galaxies.
    entry : (N,) int64
        Row of a `JaguarCatalogue` that has the source's fluxes; −1 where they come from `spectra`.
    z_spec : (N,) float64
        Redshift if a spectroscopic survey would have measured it, else NaN.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    kind: NDArray[np.str_]
    mag: NDArray[np.float64]
    z: NDArray[np.float64]
    re_arcsec: NDArray[np.float64]
    sersic_n: NDArray[np.float64]
    axis_ratio: NDArray[np.float64]
    pa_deg: NDArray[np.float64]
    spectra: MixedSpectra
    structure: Structure
    entry: NDArray[np.int64]
    z_spec: NDArray[np.float64]

    @property
    def label(self) -> NDArray[np.int16]:
        """`GALAXY` or `STAR` for each source, (N,) int16."""
        return np.where(np.isin(self.kind, _STARS), STAR, GALAXY).astype(np.int16)

    @staticmethod
    def unplaced(
        *,
        kind: NDArray[np.str_] | str,
        mag: NDArray[np.float64],
        z: NDArray[np.float64],
        spectra: MixedSpectra,
        structure: Structure | None = None,
        **known: NDArray[Any],
    ) -> Population:
        """Make sources that have no position yet.

        Parameters
        ----------
        kind : (N,) str, or str
            Of `KINDS`, one for each or one for all.
        mag : (N,) float64, mag
            F444W.
        z : (N,) float64
            Redshifts.
        spectra : MixedSpectra of length N
            Their spectra.
        structure : Structure of length N, optional
            Parts of galaxies; those of one part each by default.
        **known : (N,) arrays
            Any other attributes; what is not given is that of a point without a measured redshift.

        Returns
        -------
        Population of length N
            The sources.
        """
        n = len(mag)
        point = dict.fromkeys(("x", "y", "re_arcsec", "sersic_n", "pa_deg"), np.zeros(n))
        point |= {"axis_ratio": np.ones(n), "entry": np.full(n, -1), "z_spec": np.full(n, np.nan)}
        values: dict[str, Any] = point | known
        if structure is None:
            structure = Structure.plain(values["re_arcsec"], values["sersic_n"], values["axis_ratio"])
        kinds = np.broadcast_to(np.asarray(kind, dtype=np.str_), n)
        return Population(kind=kinds, mag=mag, z=z, spectra=spectra, structure=structure, **values)

    def fluxes(
        self, bands: tuple[str, ...], *, ebv: float = 0.0, catalogue: JaguarCatalogue | None = None
    ) -> NDArray[np.float32]:
        """Compute total fluxes, dimmed by the Milky Way's dust.

        Parameters
        ----------
        bands : tuple of str
            Names of bands.
        ebv : float, mag, default: 0.0
            E(B−V) of the Milky Way.
        catalogue : JaguarCatalogue, optional
            That of the sources with an `entry`.

        Returns
        -------
        (N, band) float32, nJy
            The fluxes.
        """
        with_reference = (*bands, REFERENCE_BAND)
        colours = np.zeros((len(self), len(with_reference)), np.float32)
        listed = self.entry >= 0
        colours[~listed] = self.spectra[~listed].band_fluxes(bands=with_reference)
        if catalogue is not None:
            colours[listed] = catalogue.fluxes(self.entry[listed], bands=with_reference)
        total = 10 ** (-0.4 * (self.mag - 31.4))  # nJy in the reference band
        scale = total / np.maximum(colours[:, -1], 1e-30)
        dimmed = colours[:, :-1] * scale[:, None] * milky_way_transmission(bands, ebv)
        return np.asarray(dimmed, np.float32)

    def part_shares(self, bands: tuple[str, ...]) -> NDArray[np.float32]:
        """Compute the share of each part in the light of each source in each band.

        Parameters
        ----------
        bands : tuple of str
            Names of bands.

        Returns
        -------
        (N, part, band) float32
            Shares of `PARTS`; sums over parts are 1.
        """
        fluxes = self.spectra.part_fluxes(self.structure.shares, bands=bands)
        total = fluxes.sum(axis=1, keepdims=True)
        whole = Structure.plain(self.re_arcsec, self.sersic_n, self.axis_ratio).shares[:, :, :1]
        return np.asarray(np.where(total > 0, fluxes / np.maximum(total, 1e-30), whole), np.float32)
