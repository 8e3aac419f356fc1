"""What of a source's sums is its own light, what is that of others, and what is noise?

Sums are linear in light. Kept apart for simulated galaxies, they can be put together again with other spectra, other
noise and other depths than they were drawn with, which costs a thousandth of drawing the galaxies again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from zpix.config import BandsSeen, ModelConfig, SimulationConfig
from zpix.detector.soft_photometry import (
    BandSums,
    SourcePixels,
    as_inputs,
    band_sums,
    reference_weight,
    sum_under,
    weights_of,
)
from zpix.training.annotated_tile import AnnotatedTile
from zpix.training.augmentation import hidden_bands
from zpix.training.bands_seen import draw_bands_seen
from zpix.training.source_cutouts import SLACK_PIX, Cutouts, cut_for_head, cut_light
from zpix.training.source_sums import SourceSums, Views

#: Kinds of galaxies by number, as `zpix.scenes.population.KINDS` calls them.
GALAXY_KINDS = ("galaxy", "quiescent", "agn", "little_red_dot")

_MAG_SCATTER = 0.3  # by which a galaxy is made brighter or fainter: counts and redshifts hardly change over it
_REDSHIFT_SCATTER = 0.02  # of ln(1 + z)
_DEPTH_SCATTER_DEX, _BAND_DEPTH_SCATTER_DEX = 0.08, 0.04  # of noise, of all bands and of each
_FAINT_MAG, _FAINT_SHARE = 28.5, 0.3  # what an epoch has of galaxies fainter than that
_BATCHES_AT_ONCE, _BATCHES_OF_A_SET = 32, 4  # whose spectra are drawn together
_LEAST_SHARE = 1e-3  # of the brightest band's flux, below which a band does not tell how light is spread


class SeparateSums(NamedTuple):
    """Sums of n galaxies, part by part.

    Attributes
    ----------
    response : Tensor, shape (n, band, sum)
        Sums of the galaxy's own light, for a total flux of one.
    others, noise : Tensor, shape (n, band, sum), nJy
        Sums of the light of other sources, and of all that is not light.
    sigma : Tensor, shape (n, band, sum), nJy
        Noise of the sums by the error image; zero where nothing was observed.
    coverage : Tensor, shape (n, band)
        Observed fraction under the reference weight.
    size : Tensor, shape (n, 2), pixels
        Width and height of the box.
    flux : Tensor, shape (n, band), nJy
        True total fluxes.
    magnitude : Tensor, shape (n,), mag
        True F444W.
    kind : Tensor, shape (n,), uint8
        Number in `GALAXY_KINDS`.
    redshift : Tensor, shape (n,)
        True redshifts.
    dust : Tensor, shape (n,), mag
        E(B−V) of the Milky Way.
    """

    response: Tensor
    others: Tensor
    noise: Tensor
    sigma: Tensor
    coverage: Tensor
    size: Tensor
    flux: Tensor
    magnitude: Tensor
    kind: Tensor
    redshift: Tensor
    dust: Tensor

    def of(self, rows: Tensor) -> SeparateSums:
        """Take some galaxies.

        Parameters
        ----------
        rows : Tensor of int
            Which.

        Returns
        -------
        SeparateSums
            Their sums.
        """
        return SeparateSums(*(column[rows] for column in self))

    def in_bands(self, bands: Tensor) -> SeparateSums:
        """Take some bands.

        Parameters
        ----------
        bands : Tensor of int
            Which.

        Returns
        -------
        SeparateSums
            Sums of these bands, in their order.
        """
        by_band = ("response", "others", "noise", "sigma", "coverage", "flux")
        return self._replace(**{name: getattr(self, name)[:, bands] for name in by_band})

    @staticmethod
    def concatenate(parts: list[SeparateSums]) -> SeparateSums:
        """Join several.

        Parameters
        ----------
        parts : list of SeparateSums
            At least one.

        Returns
        -------
        SeparateSums
            All their galaxies, in order.
        """
        return SeparateSums(*(torch.cat(columns) for columns in zip(*parts, strict=True)))


def separate_sums(tile: AnnotatedTile, *, model: ModelConfig, rng: np.random.Generator | None) -> SeparateSums:
    """Sum the galaxies of a simulated tile part by part.

    Parameters
    ----------
    tile : AnnotatedTile
        The tile, with its light, in the errors that the model takes.
    model : ModelConfig
        Weights of the photometry.
    rng : numpy Generator, optional
        Of shifts, turns, and errors of boxes and masks; none of these without it.

    Returns
    -------
    SeparateSums
        Of all its galaxies.
    """
    cutouts: Cutouts = cut_for_head(tile, size=model.cutout_size_pix)
    light = cut_light(tile, size=model.cutout_size_pix + SLACK_PIX)
    view = Views.draw(len(cutouts), rng)
    seen: SourcePixels = view.of(cutouts, size=model.cutout_size_pix)
    weights = weights_of(seen, model.gaussian_sigmas_pix, model.elliptical_widths)
    images = tuple(view.of_images(image, size=model.cutout_size_pix) for image in (light.whole, light.own))
    dust = torch.from_numpy(cutouts.dust)
    return sums_apart(seen, weights, images, tile=tile, source=light.source, dust=dust, model=model)


def sums_apart(
    pixels: SourcePixels,
    weights: Tensor,
    light: tuple[Tensor, ...],
    *,
    tile: AnnotatedTile,
    source: NDArray[np.int64],
    dust: Tensor,
    model: ModelConfig,
) -> SeparateSums:
    """Sum cutouts of galaxies of a simulated tile part by part.

    Parameters
    ----------
    pixels : SourcePixels
        Cutouts of n galaxies.
    weights : Tensor, shape (n, sum, S, S)
        What `weights_of` gives.
    light : (Tensor, Tensor), shape (n, band, S, S), nJy
        Light of all sources in the cutouts, and of each galaxy itself.
    tile : AnnotatedTile
        The tile, with its truth.
    source : ndarray, shape (n,), int64
        Which sources of the tile they are.
    dust : Tensor, shape (n,), mag
        E(B−V) of the Milky Way.
    model : ModelConfig
        Weights of the photometry.

    Returns
    -------
    SeparateSums
        Of n galaxies.
    """
    assert tile.truth is not None, "the tile was drawn without its truth"
    sums = band_sums(pixels, weights, reference_weight(model.gaussian_sigmas_pix))
    observed = (pixels.variance > 0).float()
    whole, own = (sum_under(image * observed, weights) for image in light)
    truth = tile.truth[source]
    flux = torch.from_numpy(np.stack([np.asarray(truth[f"flux_{band.lower()}"]) for band in model.bands], 1))
    kind = [GALAXY_KINDS.index(name) for name in truth["kind"]]
    return SeparateSums(
        response=_response(own, flux, sums.coverage > 0),
        others=whole - own,
        noise=sums.total - whole,
        sigma=sums.noise,
        coverage=sums.coverage,
        size=sums.size,
        flux=flux.float(),
        magnitude=torch.from_numpy(np.asarray(truth["mag_f444w"], np.float32)),
        kind=torch.tensor(kind, dtype=torch.uint8),
        redshift=torch.from_numpy(tile.redshift[source].astype(np.float32)),
        dust=dust,
    )


def _response(own: Tensor, flux: Tensor, observed: Tensor) -> Tensor:
    """Sums (n, band, sum) for unit flux; bands with too little light have those of the band next to them."""
    told = observed & (flux > _LEAST_SHARE * flux.max(1, keepdim=True).values)
    number = torch.arange(flux.shape[1])
    distance = (number[:, None] - number).abs() + 100.0 * (~told)[:, None, :]  # (n, band, from)
    nearest = torch.where(told, number, distance.argmin(2))
    response = own / flux.clamp(min=1e-30)[:, :, None]
    known = torch.take_along_dim(response, nearest[:, :, None], 1)
    return torch.where(told.any(1)[:, None, None], known, torch.zeros_like(known)) * observed[:, :, None]


def together(sums: SeparateSums, *, model: ModelConfig) -> SourceSums:
    """Put the sums together as they were drawn.

    Parameters
    ----------
    sums : SeparateSums
        Of n galaxies.
    model : ModelConfig
        Weights of the photometry.

    Returns
    -------
    SourceSums
        What the redshift head reads.
    """
    total = sums.response * sums.flux[:, :, None] + sums.others + sums.noise
    return _source_sums(BandSums(total, sums.sigma, sums.coverage, sums.size), sums.redshift, sums.dust, model)


def redrawn(
    sums: SeparateSums,
    *,
    model: ModelConfig,
    simulation: SimulationConfig,
    band_dropout: float,
    rng: np.random.Generator,
    seen: NDArray[np.bool_] | None = None,
) -> SourceSums:
    """Put the sums together with new spectra, dust and zero points, other noise and depths, and some bands hidden.

    Galaxies keep their kind, shape and neighbours; magnitudes and redshifts change a little.

    Parameters
    ----------
    sums : SeparateSums
        Of n galaxies.
    model : ModelConfig
        Bands, and weights of the photometry.
    simulation : SimulationConfig
        Families of spectra and what is drawn with them.
    band_dropout : float
        Probability that a band is hidden.
    rng : numpy Generator
        Of the random choices.
    seen : ndarray of bool, shape (band,), optional
        Bands in which all are seen; in all by default.

    Returns
    -------
    SourceSums
        What the redshift head reads.
    """
    if seen is not None and not seen.all():
        bands = np.flatnonzero(seen)
        own = model.model_copy(update={"bands": tuple(model.bands[band] for band in bands)})
        some, redshift, dust = _redrawn(
            sums.in_bands(torch.from_numpy(bands)), own, simulation, band_dropout=band_dropout, rng=rng
        )
        return _source_sums(_spread(some, bands, len(model.bands)), redshift, dust, model)
    return _source_sums(*_redrawn(sums, model, simulation, band_dropout=band_dropout, rng=rng), model)


def _redrawn(
    sums: SeparateSums,
    model: ModelConfig,
    simulation: SimulationConfig,
    *,
    band_dropout: float,
    rng: np.random.Generator,
) -> tuple[BandSums, Tensor, Tensor]:
    """New sums of n galaxies in all bands of the model, redshifts (n,) and dust (n,)."""
    from zpix.scenes.other_spectra import other_dust, other_fluxes  # needs packages that training does without

    n, bands = sums.flux.shape
    brighter = _MAG_SCATTER * rng.standard_normal(n)
    redshift = sums.redshift.numpy().astype(float)
    drawn = sums.dust.numpy().astype(float)
    ebv = rng.uniform(*simulation.ebv_range, n) if simulation.ebv is None else drawn
    dimmer = other_dust(drawn, ebv, bands=model.bands)
    if simulation.catalogues:  # whose galaxies have fluxes of their own
        flux = (sums.flux.numpy() * dimmer * 10 ** (0.4 * brighter[:, None])).astype(np.float32)
    else:
        redshift = np.expm1(np.log1p(redshift) + _REDSHIFT_SCATTER * rng.standard_normal(n)).clip(0.005)
        flux = other_fluxes(
            rng,
            kind=np.array(GALAXY_KINDS)[sums.kind.numpy()],
            mag=sums.magnitude.numpy() - brighter,
            z=redshift,
            ebv=ebv,
            bands=model.bands,
            config=simulation,
        )
    common, of_band = rng.standard_normal((n, 1)), rng.standard_normal((n, bands))
    depth = 10 ** (_DEPTH_SCATTER_DEX * common + _BAND_DEPTH_SCATTER_DEX * of_band)
    sign = rng.choice([-1.0, 1.0], (n, bands))
    seen = ~hidden_bands((n, bands), band_dropout, rng)
    # one tile's zero points and dust would be known by its depths
    gain = 10 ** (0.4 * simulation.zero_point_scatter_mag * rng.standard_normal((n, bands)))
    light = sums.response * _column(flux) + sums.others * _column(dimmer)
    total = light * _column(gain) + sums.noise * _column(sign * depth)
    sigma, coverage = sums.sigma * _column(depth * seen), sums.coverage * torch.from_numpy(seen)
    drawn_sums = BandSums(total * _column(seen), sigma, coverage, sums.size)
    return drawn_sums, torch.from_numpy(redshift), torch.from_numpy(ebv.astype(np.float32))


def _spread(sums: BandSums, bands: NDArray[np.intp], count: int) -> BandSums:
    """Sums of some of `count` bands; nothing was observed in the others."""
    whole = {}
    for name in ("total", "noise", "coverage"):
        values: Tensor = getattr(sums, name)
        whole[name] = values.new_zeros((len(values), count, *values.shape[2:]))
        whole[name][:, torch.from_numpy(bands)] = values
    return sums._replace(**whole)


def _column(values: NDArray[np.floating] | NDArray[np.bool_]) -> Tensor:
    """Values (n, band) as factors of sums, (n, band, 1)."""
    return torch.from_numpy(values.astype(np.float32))[:, :, None]


def _source_sums(sums: BandSums, redshift: Tensor, dust: Tensor, model: ModelConfig) -> SourceSums:
    """Sums as the redshift head reads them."""
    return SourceSums(as_inputs(sums, reference_weight(model.gaussian_sigmas_pix)), redshift.float(), dust)


@dataclass(frozen=True)
class RedrawnExamples:
    """Galaxies whose spectra, noise and depths are other ones in every epoch.

    Attributes
    ----------
    sources : SeparateSums
        All of them.
    model : ModelConfig
        Bands, and weights of the photometry.
    simulation : SimulationConfig
        Families of spectra and what is drawn with them.
    band_dropout : float
        Probability that a band is hidden.
    bands_seen : {"all", "sets"}
        Whether they are seen in all bands of the model, or each few batches in another set.
    """

    sources: SeparateSums
    model: ModelConfig
    simulation: SimulationConfig
    band_dropout: float
    bands_seen: BandsSeen = "all"

    def __len__(self) -> int:
        """Return the number of sources that an epoch has, nearly."""
        faint = int((self.sources.magnitude > _FAINT_MAG).sum())
        return len(self.sources.redshift) - faint + round(_FAINT_SHARE * faint)

    def batches(self, size: int, rng: np.random.Generator) -> Iterator[SourceSums]:
        """Give all sources once, but some of the faint, which are most and tell least; see `Examples.batches`."""
        magnitude = self.sources.magnitude.numpy()
        chosen = (magnitude <= _FAINT_MAG) | (rng.uniform(size=len(magnitude)) < _FAINT_SHARE)
        order = torch.from_numpy(rng.permutation(np.flatnonzero(chosen)))
        at_once = _BATCHES_AT_ONCE if self.bands_seen == "all" else _BATCHES_OF_A_SET
        for rows in torch.split(order, size * at_once):
            drawn = redrawn(
                self.sources.of(rows), model=self.model, simulation=self.simulation,
                band_dropout=self.band_dropout, rng=rng,
                seen=draw_bands_seen(self.model.bands, self.bands_seen, rng),
            )  # fmt: skip
            for columns in zip(*(torch.split(column, size) for column in drawn), strict=True):
                yield SourceSums(*columns)
