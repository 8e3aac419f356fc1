"""Where do arms, bars, clumps, blobs and tails of a galaxy lie?

Everything is made of round Gaussian spots, close enough to each other to look like an arm, a bar or a tail: the
transform of many such spots is one product of two small matrices. Shapes follow from a number that each galaxy has, so
that they are made only for galaxies that are drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zpix.scenes.forms import CLUMPY, IRREGULAR, MERGING, SPIRAL
from zpix.scenes.structure import BAR, Structure

_SCALE_LENGTHS = 1.678  # in the half-light radius of an exponential disc
_THINNEST = 0.2  # spots of discs seen from the side are no flatter than this, squared, in units of their radius


@dataclass(frozen=True)
class Spots:
    """Round Gaussians.

    Attributes
    ----------
    x, y : (spot,) float64, arcsec
        Places from the galaxy's centre, along the image's axes.
    re_arcsec : (spot,) float64, arcsec
        Half-light radii.
    share : (spot,) float64
        Shares in the light of all, which add up to 1; there may be no spots.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    re_arcsec: NDArray[np.float64]
    share: NDArray[np.float64]


@dataclass(frozen=True)
class FormShape:
    """What a galaxy's form adds to its bulge and disc.

    Attributes
    ----------
    arms : Spots
        Arms, clumps, blobs or tails.
    bar : Spots
        A bar, or the second nucleus of a merging galaxy.
    disc_x, disc_y : float, arcsec
        Centre of the disc from that of the galaxy; irregular galaxies are lopsided.
    """

    arms: Spots
    bar: Spots
    disc_x: float
    disc_y: float


#: Spots in the plane of the disc: (spot, 4) of u along the major axis, v across, half-light radius, all in half-light
#: radii of the disc, and light.
_Plane = NDArray[np.float64]


def form_shape(structure: Structure, pa_deg: float) -> FormShape:
    """Make the shape of one galaxy.

    Parameters
    ----------
    structure : Structure of length 1
        The galaxy.
    pa_deg : float, degrees
        Position angle of its major axis, east of north.

    Returns
    -------
    FormShape
        The same for the same galaxy.
    """
    form, barred = int(structure.form[0]), bool(structure.shares[0, BAR].any())
    rng = np.random.default_rng(int(structure.form_seed[0]))
    re, axis_ratio = float(structure.re_arcsec[0, 1]), float(structure.axis_ratio[0, 1])
    bar_length, bar_angle = rng.uniform(0.45, 0.85), rng.uniform(0, np.pi)
    bar = _bar(bar_length, bar_angle) if barred else _none()
    offset = np.zeros(2)
    if form == SPIRAL:
        arms = _spiral(rng, bar_length if barred else None, bar_angle)
    elif form == IRREGULAR:
        arms, offset = _irregular(rng)
    elif form == MERGING:
        arms, bar = _merging(rng)
        axis_ratio = 1.0  # tails leave the plane of the disc
    else:
        arms = _clumpy(rng) if form == CLUMPY else _none()
    to_sky = _onto_sky(re, axis_ratio, pa_deg)
    disc_x, disc_y = to_sky(offset[None])[0]
    return FormShape(_spots(arms, re, axis_ratio, to_sky), _spots(bar, re, axis_ratio, to_sky), disc_x, disc_y)


def _onto_sky(re: float, axis_ratio: float, pa_deg: float) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """A function from places in the disc's plane (..., 2), in its half-light radii, to x, y on the sky in arcsec."""
    turn = np.deg2rad(pa_deg)
    axes = re * np.array([[-np.sin(turn), np.cos(turn)], [axis_ratio * np.cos(turn), axis_ratio * np.sin(turn)]])
    return lambda places: places @ axes


def _spots(
    plane: _Plane, re: float, axis_ratio: float, to_sky: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> Spots:
    """Spots of the disc's plane on the sky; they are as large as their ellipse."""
    x, y = to_sky(plane[:, :2]).T
    size = plane[:, 2] * re * np.sqrt(max(axis_ratio, _THINNEST))
    return Spots(x, y, size, plane[:, 3] / max(plane[:, 3].sum(), 1e-30))


def _none() -> _Plane:
    """No spots."""
    return np.zeros((0, 4))


def _polar(radius: NDArray[np.float64], angle: NDArray[np.float64], size: ArrayLike, light: ArrayLike) -> _Plane:
    """Spots at polar places."""
    columns = np.broadcast_arrays(radius * np.cos(angle), radius * np.sin(angle), size, light)
    return np.stack(columns, axis=1).astype(float)


def _bar(length: float, angle: float) -> _Plane:
    """A bar of half-length `length`: nearly flat along its axis, as bars of early types are."""
    along = np.linspace(-1, 1, 15)
    return _polar(length * along, np.full(15, angle), 0.13, 1 - 0.6 * along**4)


def _spiral(rng: np.random.Generator, bar_length: float | None, bar_angle: float) -> _Plane:
    """Two to four logarithmic arms, r ∝ exp(θ tan pitch), each of its own strength and length, uneven along it.

    Pitch angles are 10° to 32°, as those of nearby spirals are (Savchenko & Reshetnikov 2013). Arms of a barred galaxy
    begin at the ends of its bar. Up to a third of the light is in knots on the arms.
    """
    number = 2 if bar_length is not None else int(rng.choice((2, 3, 4), p=(0.6, 0.2, 0.2)))
    pitch, sense = np.deg2rad(rng.uniform(10, 32)), rng.choice((-1.0, 1.0))
    first = bar_length if bar_length is not None else rng.uniform(0.3, 0.5)
    last, phase = rng.uniform(1.8, 2.7), bar_angle if bar_length is not None else rng.uniform(0, 2 * np.pi)
    width, slope = rng.uniform(0.7, 1.3), rng.uniform(1.0, 1.6)
    arms = []
    for arm in range(number):
        radius = [first]
        while radius[-1] < last * rng.uniform(0.95, 1.0):  # steps of a Gaussian's σ along the arm
            radius.append(radius[-1] + width * (0.05 + 0.06 * radius[-1]) * np.sin(pitch))
        r = np.array(radius)
        n = len(r)
        wobble = np.cumsum(rng.normal(size=n)) * 0.02 + rng.normal() * 0.12
        angle = phase + 2 * np.pi * arm / number + sense * np.log(r / first) / np.tan(pitch) + wobble
        uneven = np.exp(0.8 * _smooth(rng.normal(size=n), 3) + 0.3 * rng.normal())
        ends = np.clip(np.minimum((r - first) / 0.15 + 0.3, (r[-1] - r) / 0.5), 0, 1)
        size = width * 1.177 * (0.05 + 0.06 * r)
        arms.append(_polar(r, angle, size, np.exp(-r * _SCALE_LENGTHS / slope) * uneven * ends * size))
    smooth = np.concatenate(arms)
    knots = smooth[rng.choice(len(smooth), int(rng.integers(4, 16)), p=smooth[:, 3] / smooth[:, 3].sum())]
    knots[:, 2] = 0.06 * np.exp(0.4 * rng.normal(size=len(knots)))
    bright = rng.gamma(1.0, size=len(knots)) + 0.1
    knots[:, 3] = bright * (smooth[:, 3].sum() / bright.sum() * rng.uniform(0.05, 0.45))
    return np.concatenate([smooth, knots])


def _clumpy(rng: np.random.Generator) -> _Plane:
    """Five to twelve compact clumps, anywhere in the disc."""
    n = int(rng.integers(5, 13))
    radius, angle = 2.0 * rng.uniform(0.02, 1, n) ** 0.7, rng.uniform(0, 2 * np.pi, n)
    return _polar(radius, angle, 0.1 * np.exp(0.4 * rng.normal(size=n)), rng.gamma(1.0, size=n) + 0.15)


def _irregular(rng: np.random.Generator) -> tuple[_Plane, NDArray[np.float64]]:
    """Blobs and knots on one side, and the disc's centre on the other, in half-light radii (u, v)."""
    side, n, knots = rng.uniform(0, 2 * np.pi), int(rng.integers(2, 6)), int(rng.integers(2, 8))
    radius, angle = 1.3 * np.sqrt(rng.uniform(0.03, 1, n)), side + 1.1 * rng.normal(size=n)
    size, light = 0.32 * np.exp(0.4 * rng.normal(size=n)), rng.gamma(1.2, size=n) + 0.2
    blobs = [_polar(radius, angle, size * scale, light * share) for scale, share in ((0.5, 0.4), (1.3, 0.6))]
    radius, angle = 1.6 * np.sqrt(rng.uniform(0, 1, knots)), side + 1.6 * rng.normal(size=knots)
    bright = rng.gamma(1.0, size=knots) + 0.1
    bright *= 0.3 * light.sum() / bright.sum()
    every = np.concatenate([*blobs, _polar(radius, angle, 0.08 * np.exp(0.4 * rng.normal(size=knots)), bright)])
    centre = (every[:, :2] * every[:, 3:]).sum(axis=0) / every[:, 3].sum()
    return every, -centre * rng.uniform(0.4, 0.9)


def _merging(rng: np.random.Generator) -> tuple[_Plane, _Plane]:
    """One or two tails, curved and fading, and a second nucleus."""
    apart, angle, compact = rng.uniform(0.3, 1.3), rng.uniform(0, 2 * np.pi), rng.uniform(0.15, 0.35)
    scales, shares = np.array([0.35, 0.8, 1.5]), np.array([0.35, 0.4, 0.25])
    second = _polar(np.full(3, apart), np.full(3, angle), compact * scales, shares)
    tails = []
    bend = rng.uniform(0.2, 0.8) * rng.choice((-1.0, 1.0))
    for tail in range(int(rng.integers(1, 3))):
        beyond = np.arange(0, rng.uniform(1.2, 3.2), 0.11)
        place = angle + np.pi * tail + 0.3 * rng.normal() + bend * beyond * rng.uniform(0.7, 1.3)
        wide = 0.16 + 0.06 * beyond
        uneven = np.exp(0.6 * _smooth(rng.normal(size=len(beyond)), 2) - beyond / rng.uniform(1.0, 2.0))
        fading = np.clip((beyond[-1] - beyond) / 0.6, 0.05, 1)
        tails.append(_polar(0.8 + beyond, place, wide, uneven * fading * rng.uniform(0.4, 1.0)))
    return np.concatenate(tails), second


def _smooth(noise: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """Noise averaged over neighbours, of rms 1 again."""
    kernel = np.ones(2 * reach + 1) / np.sqrt(2 * reach + 1)
    return np.asarray(np.convolve(np.pad(noise, reach, mode="wrap"), kernel, mode="valid"))
