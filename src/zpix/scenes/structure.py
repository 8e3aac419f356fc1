"""Which parts does a galaxy have, and how is its light divided among them?

A galaxy is a bulge (compact, old), a disc, clumps of young stars in the disc, and a nucleus if it is active; it may
have a bar and spiral arms, or be irregular (`zpix.scenes.forms`). Its light is that of stars of several ages, of lines
and of the nucleus (`COMPONENTS` of `zpix.spectra`), so parts that hold different shares of these have different
colours, and their fluxes add up to the galaxy's in every band.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc, gammaincinv

from zpix.scenes.cosmology import kpc_per_arcsec
from zpix.sources.rows import Rows
from zpix.spectra import COMPONENTS, GalaxyTraits, MixedSpectra

#: "bar" is the second nucleus of a merging galaxy too; "arms" are whatever else its form adds to a galaxy.
PARTS = ("bulge", "disc", "clumps", "nucleus", "bar", "arms")
BULGE, DISC, CLUMPS, NUCLEUS, BAR, ARMS = range(len(PARTS))
MOST_CLUMPS = 6
#: Clumps lie within this many half-light radii of the galaxy.
CLUMP_REACH = 1.8

_CLUMP_KPC = 0.2  # half-light radius of a clump, of the order of what lensed galaxies show (Claeyssens et al. 2023)


@dataclass(frozen=True, eq=False)
class Structure(Rows):
    """Parts of N galaxies; N = 0 is normal.

    Attributes
    ----------
    shares : (N, part, component) float64
        How much of each of `COMPONENTS` is in each of `PARTS`; sums over parts are 1.
    re_arcsec : (N, 2) float64, arcsec
        Half-light radius along the major axis of bulge and disc.
    sersic_n, axis_ratio : (N, 2) float64
        Sérsic index and axis ratio of bulge and disc.
    clump_x, clump_y : (N, clump) float64, arcsec
        Places of clumps from the galaxy's centre, along the image's axes.
    clump_re_arcsec : (N, clump) float64, arcsec
        Half-light radius; clumps are round Gaussians.
    clump_share : (N, clump) float64
        Share of each clump in the light of all; 0 where there is none.
    form : (N,) int8
        Which of `zpix.scenes.forms.FORMS` a galaxy is of; 0 is smooth.
    form_seed : (N,) int64
        What the shape of its arms, blobs or tails follows from.
    """

    shares: NDArray[np.float64]
    re_arcsec: NDArray[np.float64]
    sersic_n: NDArray[np.float64]
    axis_ratio: NDArray[np.float64]
    clump_x: NDArray[np.float64]
    clump_y: NDArray[np.float64]
    clump_re_arcsec: NDArray[np.float64]
    clump_share: NDArray[np.float64]
    form: NDArray[np.int8]
    form_seed: NDArray[np.int64]

    @staticmethod
    def plain(
        re_arcsec: NDArray[np.float64], sersic_n: NDArray[np.float64], axis_ratio: NDArray[np.float64]
    ) -> Structure:
        """Make galaxies of one part, called the disc whatever its shape.

        Parameters
        ----------
        re_arcsec : (N,) float64, arcsec
            Half-light radii along the major axis.
        sersic_n : (N,) float64
            Sérsic indices.
        axis_ratio : (N,) float64
            Axis ratios.

        Returns
        -------
        Structure of length N
            The galaxies; accretion would be in the nucleus, all other light is in the disc.
        """
        n = len(re_arcsec)
        shares = np.zeros((n, len(PARTS), len(COMPONENTS)))
        shares[:, DISC] = 1
        shares[:, :, COMPONENTS.index("accretion")] = np.arange(len(PARTS)) == NUCLEUS
        none = np.zeros((n, MOST_CLUMPS))
        twice = {"re_arcsec": re_arcsec, "sersic_n": sersic_n, "axis_ratio": axis_ratio}
        return Structure(
            shares=shares,
            **{name: np.stack([value, value], axis=1).astype(float) for name, value in twice.items()},
            clump_x=none,
            clump_y=none,
            clump_re_arcsec=none,
            clump_share=none,
            form=np.zeros(n, np.int8),
            form_seed=np.zeros(n, np.int64),
        )


def draw_structure(
    rng: np.random.Generator,
    galaxies: GalaxyTraits,
    spectra: MixedSpectra,
    *,
    re_arcsec: NDArray[np.float64],
    sersic_n: NDArray[np.float64],
    axis_ratio: NDArray[np.float64],
    pa_deg: NDArray[np.float64],
) -> Structure:
    """Draw the parts of galaxies whose shapes as a whole are given.

    The bulge's share of the light rises with mass and is larger in quiescent galaxies, of the order of what Lang et
    al. (2014) and Bluck et al. (2014) find; discs are exponential. Six in ten star-forming galaxies of low mass have
    clumps at any redshift, massive ones fewer: from 0.55 at z = 3 to 0.15 at z = 0.5 (Guo et al. 2015). Those have two
    (403 in 209 galaxies, Soto et al. 2017) with a quarter of the young light, of the order of the fifth of the
    ultraviolet that Soto et al. find. Sizes are such that the light at 5500 Å (rest frame) has the half-light
    radius of the whole.

    Parameters
    ----------
    rng : Generator
        Random numbers.
    galaxies : GalaxyTraits of length N
        What is known of the galaxies.
    spectra : MixedSpectra of length N
        Their spectra, which say how much of the light is of which component.
    re_arcsec : (N,) float64, arcsec
        Half-light radii along the major axis.
    sersic_n : (N,) float64
        Sérsic indices.
    axis_ratio : (N,) float64
        Axis ratios.
    pa_deg : (N,) float64, degrees
        Position angles of the major axis, east of north.

    Returns
    -------
    Structure of length N
        The parts.
    """
    z, n = galaxies.z, len(galaxies)
    whole = Structure.plain(re_arcsec, sersic_n, axis_ratio)
    clumpy = 0.6 - 0.45 * np.clip(galaxies.log_mass - 9.8, 0, 1) * np.clip((3 - z) / 2.5, 0, 1)
    has_clumps = ~galaxies.quiescent & (rng.uniform(size=n) < clumpy)
    n_clumps = np.where(has_clumps, np.minimum(1 + rng.poisson(0.95, n), MOST_CLUMPS), 0)
    shares = _divide(rng, whole.shares, galaxies, n_clumps)
    light = spectra.light(shares)
    clump_share = rng.gamma(1.0, size=(n, MOST_CLUMPS)) + 0.15
    clump_share *= np.arange(MOST_CLUMPS) < n_clumps[:, None]
    clump_share /= np.maximum(clump_share.sum(axis=1, keepdims=True), 1e-30)
    distance, clump_x, clump_y = _place_clumps(rng, n_clumps, re_arcsec, axis_ratio, pa_deg)
    in_clumps = light[:, CLUMPS] * (clump_share * (distance < 1)).sum(axis=1)
    index = np.stack([np.clip(sersic_n, 2.5, 4.0), np.clip(sersic_n, 0.6, 1.2)], axis=1)
    ratio = np.stack([axis_ratio + 0.6 * (1 - axis_ratio), axis_ratio], axis=1)
    size = _sizes(rng, light, in_clumps, index) * re_arcsec[:, None]
    size[:, BULGE] *= np.sqrt(axis_ratio / ratio[:, BULGE])
    clump_re = _CLUMP_KPC * np.exp(0.5 * rng.normal(size=clump_share.shape)) / kpc_per_arcsec(z)[:, None]
    return Structure(
        shares=shares,
        re_arcsec=size,
        sersic_n=index,
        axis_ratio=ratio,
        clump_x=clump_x,
        clump_y=clump_y,
        clump_re_arcsec=np.minimum(clump_re, 0.3 * re_arcsec[:, None]),
        clump_share=clump_share,
        form=whole.form,
        form_seed=whole.form_seed,
    )


def _divide(
    rng: np.random.Generator, whole: NDArray[np.float64], galaxies: GalaxyTraits, n_clumps: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Shares of the parts in each component, shape (N, part, component)."""
    quiescent, n = galaxies.quiescent, len(galaxies)
    rise = 1 / (1 + np.exp(-(1.6 * (galaxies.log_mass - 10.3) + 0.6 * rng.normal(size=n))))
    old = np.where(quiescent, rng.uniform(0.70, 0.95, n), 0.9 * rise)
    intermediate = old * np.where(quiescent, 0.8, 0.3)
    young = np.where(n_clumps > 0, rng.beta(2.5, 7.5, n), 0.0)
    shares = whole.copy()
    for part, share, name in (
        (BULGE, old, "old"),
        (BULGE, intermediate, "intermediate"),
        (CLUMPS, young, "young"),
        (CLUMPS, np.minimum(1.3 * young, 0.8), "lines"),  # the youngest stars ionise
    ):
        shares[:, part, COMPONENTS.index(name)] = share
        shares[:, DISC, COMPONENTS.index(name)] = 1 - share
    return shares


def _place_clumps(
    rng: np.random.Generator,
    n_clumps: NDArray[np.int64],
    re_arcsec: NDArray[np.float64],
    axis_ratio: NDArray[np.float64],
    pa_deg: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Elliptical radius in units of R_e, and x, y in arcsec, of `MOST_CLUMPS` places per galaxy, each (N, clump).

    Radii follow an exponential disc, evenly spread over its light.
    """
    shape = (len(n_clumps), MOST_CLUMPS)
    quantile = (np.arange(MOST_CLUMPS) + rng.uniform(size=shape)) / np.maximum(n_clumps, 1)[:, None] % 1
    scale = gammaincinv(2, 0.5)
    distance = gammaincinv(2, quantile * gammainc(2, scale * CLUMP_REACH)) / scale
    angle = rng.uniform(0, 2 * np.pi, shape)
    along = distance * np.cos(angle) * re_arcsec[:, None]
    across = distance * np.sin(angle) * (re_arcsec * axis_ratio)[:, None]
    turn = np.deg2rad(pa_deg)[:, None]
    return distance, -np.sin(turn) * along + np.cos(turn) * across, np.cos(turn) * along + np.sin(turn) * across


def _sizes(
    rng: np.random.Generator, light: NDArray[np.float64], in_clumps: NDArray[np.float64], index: NDArray[np.float64]
) -> NDArray[np.float64]:
    """R_e of bulge and disc in units of the whole's, shape (N, 2).

    With s, t and c the light of bulge, disc and clumps inside the whole's R_e, b s + d t + c = 1/2. A faint bulge is
    well inside (s near 1), one that is nearly everything is as large as the whole.
    """
    bulge, disc = light[:, BULGE], np.maximum(light[:, DISC], 1e-6)
    concentration = rng.uniform(0.4, 0.9, len(bulge))
    inside = 0.5 * (1 + concentration * (1 - bulge))
    disc_inside = np.clip((0.5 - bulge * inside - in_clumps) / disc, 0.1, 0.9)
    contained = np.stack([inside, disc_inside], axis=1)
    # the light of a Sérsic profile inside x R_e is γ(2n, b x^(1/n)) / Γ(2n) (Graham & Driver 2005)
    return np.asarray((gammaincinv(2 * index, 0.5) / gammaincinv(2 * index, contained)) ** index)
