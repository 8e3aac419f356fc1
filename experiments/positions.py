"""How far are positions, fluxes and sizes of the catalogue from the truth of simulated fields?

    python experiments/positions.py --out positions FIELD=RESULT ...

FIELD is a directory of `zpix simulate`, RESULT one of `zpix run` on it. Detections are matched with the truth as `zpix
evaluate` does; sources whose mask touches the edge of the image, or whose true centre lies beyond it, are left out. The
true centre is that of bulge and disc. Clumps move the light away from it, so that for sources brighter than
`--drawn-to` the source is drawn again without noise and neighbours, and its own centroid and half-light radius are
measured on the drawing, with the same definitions. The table is written to positions.json and printed.

With `--true-masks` positions, total fluxes and sizes are those that a detector would give whose every mask is right:
they are measured again in the pixels of the true segmentation map.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.table import Table
from numpy.typing import NDArray
from scipy.ndimage import find_objects

from zpix.catalogue import Catalogue, flag_value, measure_light, read_catalogue
from zpix.catalogue.light import Light
from zpix.catalogue.stamps import Stamps
from zpix.config import InferenceConfig, SimulationConfig
from zpix.detector import default_model, load_checkpoint
from zpix.evaluation import read_truth
from zpix.evaluation.truth_matching import match_truth
from zpix.image import Pixels, Region, open_mosaic
from zpix.scenes.population import Population
from zpix.scenes.render import render
from zpix.scenes.sky import Sky
from zpix.scenes.stamp_sizes import drawn_in_parts, stamp_sizes
from zpix.search.requirements import examine_for
from zpix.search.searched_bands import narrowed
from zpix.sources.rows import Rows

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from experiments.markdown import print_table

BAND = "F444W"
MAGNITUDES = (
    (18.0, 22.0),
    (22.0, 24.0),
    (24.0, 25.0),
    (25.0, 26.0),
    (26.0, 27.0),
    (27.0, 28.0),
    (28.0, 29.0),
    (29.0, 30.0),
)
AIM_ARCSEC, AIM_MAGNITUDE = 0.05, 26.0
HEADER = (
    "F444W", "sources", "from the centre (arcsec)", "from the light (arcsec)", "within 0.05 arcsec",
    "flux in the mask", "total flux", "half-light radius",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Errors(Rows):
    """What is wrong with N detections that have a true partner; what is not known is NaN.

    Attributes
    ----------
    magnitude : (N,) float
        True magnitude.
    blended : (N,) bool
        Whether the mask touches another one.
    from_centre, from_light : (N,) float, arcsec
        Distance of the position from the true centre, and from the centroid of the true light.
    mask_flux, total_flux : (N,) float
        Flux in the mask and total flux, over the true one.
    size : (N,) float
        Half-light radius, over that of the true light.
    """

    magnitude: NDArray[np.float64]
    blended: NDArray[np.bool_]
    from_centre: NDArray[np.float64]
    from_light: NDArray[np.float64]
    mask_flux: NDArray[np.float64]
    total_flux: NDArray[np.float64]
    size: NDArray[np.float64]


def true_light(field: Path, rows: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw true sources alone; centroids (N, 2) in pixels and half-light radii (N,) in pixels of their light."""
    told = json.loads((field / "simulation.json").read_text())
    config = SimulationConfig(**{name: told[name] for name in SimulationConfig.model_fields if name in told})
    sky, whole = Sky(told["seed"], tuple(told["bands"]), config), Region.whole(tuple(told["shape"]))
    table = Table.read(field / "truth.fits")[rows]
    everything = Population.concatenate([sky.cell_population(*c) for c in sky.cells(whole.grown(config.cell_size_pix))])
    # Sources of the table have the positions that they were drawn with.
    order = np.lexsort((everything.y, everything.x))
    place = order[np.searchsorted(everything.x[order], np.asarray(table["x"]) - 1e-6)]
    population = everything[place]
    fluxes = population.fluxes(sky.bands, ebv=sky.ebv)
    known = {"bands": sky.bands, "pixel_scale_arcsec": config.pixel_scale_arcsec}
    parts = np.flatnonzero(drawn_in_parts(population, fluxes, sky.error, **known))
    shares = dict(zip(parts.tolist(), population[parts].part_shares(sky.bands), strict=True))
    sizes = stamp_sizes(population, fluxes, sky.error, **known)
    centre, radius = np.full((len(rows), 2), np.nan), np.full(len(rows), np.nan)
    for stamp in render(population, fluxes, sizes=sizes, psf_angle_deg=0.0, part_shares=shares, **known):
        error = np.broadcast_to(np.float32(sky.error)[:, None, None], stamp.light.shape)
        pixels = Pixels(stamp.light, np.ascontiguousarray(error), np.ones(error.shape, bool))
        bright = np.tensordot(sky.error**-2, stamp.light, 1)
        mask = (bright > 0.005 * bright.max()).astype(np.float32)
        corner, shape = np.zeros((1, 2), np.int32), np.array([mask.shape], np.int32)
        light = measure_light(Stamps(corner, shape, mask.ravel()), pixels)
        centre[stamp.row] = light.centre_xy[0] + (stamp.region.x0, stamp.region.y0)
        radius[stamp.row] = light.half_light_pix[0]
    return centre, radius


def in_true_masks(field: Path, rows: NDArray[np.intp]) -> tuple[Light, int]:
    """What `measure_light` says of true sources in their segments, in the image as it is; which band is `BAND`."""
    segmentation = np.asarray(fits.getdata(field / "segmentation.fits"))
    ids = np.asarray(Table.read(field / "truth.fits")["id"])[rows]
    places = find_objects(segmentation)
    masks = [(segmentation[places[one - 1]] == one).astype(np.float32) for one in ids]
    corner = np.array([[own.start for own in places[one - 1][::-1]] for one in ids], np.int32)
    shape = np.array([mask.shape for mask in masks], np.int32)
    with open_mosaic(field) as given:
        checkpoint = narrowed(load_checkpoint(default_model()), given.bands)
        mosaic = given.repaired(examine_for(given, checkpoint, InferenceConfig()).repairs)
        pixels = mosaic.read(Region.whole(mosaic.shape))
        band = mosaic.bands.index(BAND)
    return measure_light(Stamps(corner, shape, np.concatenate([mask.ravel() for mask in masks])), pixels), band


def judge(field: Path, catalogue: Catalogue, *, drawn_to: float, true_masks: bool = False) -> Errors:
    """Compare a catalogue, or what it would be with true masks, with the truth of its field."""
    truth = read_truth(field / "truth.fits", band=BAND)
    pairs = match_truth(catalogue, truth)
    shape = np.array(catalogue.meta["mosaic_shape"])[::-1]
    inside = ((truth.xy >= 0) & (truth.xy <= shape - 1)).all(1)[pairs.right]
    stays = inside & ((catalogue["flags"][pairs.left] & flag_value("EDGE")) == 0)
    if true_masks:
        stays &= truth.detectable[pairs.right]
    left, right = pairs.left[stays], pairs.right[stays]
    magnitude, xy = truth.magnitude[right], np.stack([catalogue["x"], catalogue["y"]], axis=1)[left]
    scale = json.loads((field / "simulation.json").read_text())["pixel_scale_arcsec"]
    drawn = np.flatnonzero(magnitude < drawn_to)
    light, radius = np.full((len(left), 2), np.nan), np.full(len(left), np.nan)
    light[drawn], radius[drawn] = true_light(field, right[drawn])
    flux = 10 ** (-0.4 * (magnitude - 31.4))
    mask_flux = catalogue[f"flux_{BAND.lower()}"][left] / flux
    total_flux, half_light = catalogue[f"total_{BAND.lower()}"][left], catalogue["half_light_radius"][left] / scale
    if true_masks:
        measured, band = in_true_masks(field, right)
        xy, half_light, total_flux = measured.centre_xy, measured.half_light_pix, measured.total[:, band]
        mask_flux = np.full(len(left), np.nan)
    return Errors(
        magnitude=magnitude,
        blended=(catalogue["flags"][left] & flag_value("BLENDED")) > 0,
        from_centre=scale * np.hypot(*(xy - truth.xy[right]).T),
        from_light=scale * np.hypot(*(xy - light).T),
        mask_flux=mask_flux,
        total_flux=total_flux / flux,
        size=half_light / radius,
    )


def summary(errors: Errors) -> dict[str, float | int | None]:
    """Give medians and 95 % quantiles of distances, and medians and half of the 68 % range of ratios."""
    told: dict[str, float | int | None] = {"sources": len(errors)}
    for name in ("from_centre", "from_light"):
        values = getattr(errors, name)
        values = values[np.isfinite(values)]
        told[f"{name}_median"] = float(np.median(values)) if len(values) else None
        told[f"{name}_95"] = float(np.quantile(values, 0.95)) if len(values) else None
        told[f"{name}_within_aim"] = float(np.mean(values < AIM_ARCSEC)) if len(values) else None
    for name in ("mask_flux", "total_flux", "size"):
        values = getattr(errors, name)
        values = values[np.isfinite(values)]
        low, middle, high = np.quantile(values, [0.16, 0.5, 0.84]) if len(values) else (np.nan,) * 3
        told[f"{name}_median"] = float(middle) if len(values) else None
        told[f"{name}_scatter"] = float(0.5 * (high - low)) if len(values) else None
        told[f"{name}_95"] = float(np.quantile(np.abs(values - 1), 0.95)) if len(values) else None
    return told


def by_magnitude(errors: Errors) -> dict[str, dict[str, float | int | None]]:
    """Summarise by true magnitude, all that the aim is for, and of those the blended ones."""
    parts = {f"{low:g} to {high:g}": (errors.magnitude >= low) & (errors.magnitude < high) for low, high in MAGNITUDES}
    bright = errors.magnitude < AIM_MAGNITUDE
    parts |= {f"< {AIM_MAGNITUDE:g}": bright, f"< {AIM_MAGNITUDE:g}, BLENDED": bright & errors.blended}
    return {name: summary(errors[rows]) for name, rows in parts.items()}


def cells(name: str, told: dict[str, float | int | None]) -> list[str]:
    """Format a row of the table: median and 95 % of distances, median ± scatter (95 % of the error) of ratios."""

    def distance(of: str) -> str:
        median, most = told[f"{of}_median"], told[f"{of}_95"]
        return "-" if median is None else f"{median:.3f}, {most:.3f}"

    def ratio(of: str) -> str:
        if told[f"{of}_median"] is None:
            return "-"
        return f"{told[f'{of}_median']:.2f} ± {told[f'{of}_scatter']:.2f} ({told[f'{of}_95']:.2f})"

    within = told["from_light_within_aim"]
    within = told["from_centre_within_aim"] if within is None else within
    share = "-" if within is None else f"{within:.3f}"
    ratios = [ratio(of) for of in ("mask_flux", "total_flux", "size")]
    return [name, str(told["sources"]), distance("from_centre"), distance("from_light"), share, *ratios]


def main() -> None:
    """Judge all fields together, write the numbers and print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("fields", nargs="+", metavar="FIELD=RESULT", help="simulated fields and what was found")
    options.add_argument("--out", type=Path, required=True, help="directory of positions.json")
    options.add_argument("--drawn-to", type=float, default=27.0, help="faintest magnitude of sources drawn again")
    options.add_argument("--true-masks", action="store_true", help="measure in the true segments of what was found")
    asked = options.parse_args()
    pairs = [text.split("=", 1) for text in asked.fields]
    errors = Errors.concatenate(
        [
            judge(Path(field), read_catalogue(result), drawn_to=asked.drawn_to, true_masks=asked.true_masks)
            for field, result in pairs
        ]
    )
    told = by_magnitude(errors)
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "positions.json").write_text(json.dumps(told, indent=2) + "\n")
    print_table(HEADER, [cells(name, part) for name, part in told.items()])


if __name__ == "__main__":
    main()
