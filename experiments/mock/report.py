"""How is the page on the mock sky made? All measurements, one after another, fill one template."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from string import Template

import numpy as np
from matplotlib.figure import Figure

from zpix.config import SimulationConfig, load_config
from zpix.image import JADES_BANDS
from zpix.outputs import whole_file

from . import apertures, colours, literature, noise, population, population_figures, psf, stamps, timing
from .detection import Photometry, photometry, true_sources
from .goals import Goal, goal_table, percent
from .matching import Cutout, MockTile, draw_tile, matching_kernels, read_cutout

_TEMPLATE = Path(__file__).with_name("template.md")
_VARIED = Path(__file__).parents[2] / "recipes" / "varied.toml"
_NO_REAL = "Not made: this needs the real data, `--real`."
_PIXEL_ARCSEC = 0.03
#: Size (ny, nx) of the real cutout, used if it does not exist.
_CUTOUT_SHAPE = (110, 195)
#: Least share of observed pixels of a window.
_LEAST_VALID = 0.9
_WIDE_LIMIT = 26.0
_DPI = 105  # ten figures stay below 1.5 MB

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """Seeds and numbers of all drawn skies.

    Attributes
    ----------
    seed : int
        First seed; those up to `seed` + 1059 are used.
    tiles, tile_size : int
        Number of scenes, and their side in pixels.
    boost : float
        Fraction of galaxies drawn flat in redshift, for colours.
    deep_cells, wide_cells : int
        Area of the deep and of the wide population in cells of 1.05 arcmin².
    timed_tiles : int
        Number of timed scenes.
    repeat_size : int
        Side of the field that is written twice.
    medium_depth : float
        Noise of a shallow field in units of the deep one.
    """

    seed: int = 5000
    tiles: int = 60
    tile_size: int = 512
    boost: float = 0.5
    deep_cells: int = 100
    wide_cells: int = 300
    timed_tiles: int = 15
    repeat_size: int = 1024
    medium_depth: float = literature.MEDIUM_DEPTH


@dataclass
class Page:
    """Results measured so far.

    Attributes
    ----------
    folder : Path
        Directory of the page.
    fields : dict of str to str
        Texts of the template.
    goals : list of Goal
        Lines of the summary.
    """

    folder: Path
    fields: dict[str, str]
    goals: list[Goal]

    def figure(self, name: str, words: str, figure: Figure) -> None:
        """Save a figure and add it to the page."""
        with whole_file(self.folder / "mock" / f"{name}.png") as path:
            figure.savefig(path, dpi=_DPI)
        self.fields[f"{name}_figure"] = f"![{words}](mock/{name}.png)"

    def missing(self, *names: str) -> None:
        """Set the text of fields that need real data."""
        self.fields |= dict.fromkeys(names, _NO_REAL)

    def write(self) -> Path:
        """Fill the template; every field must have a text."""
        text = Template(_TEMPLATE.read_text("utf-8")).substitute(self.fields, summary=goal_table(self.goals))
        with whole_file(self.folder / "mock.md") as path:
            path.write_text(text, encoding="utf-8")
        return self.folder / "mock.md"


def make_report(docs: Path, *, real: Path | None, settings: Settings, bands: tuple[str, ...] = JADES_BANDS) -> Path:
    """Measure everything and write `mock.md` and its figures.

    Parameters
    ----------
    docs : Path
        Directory of the page; figures are written to `mock/` in it.
    real : Path or None
        Directory with `jades-gsz14/`, `psf-nircam/` and `jades_dr4_specz.csv`; missing parts are left out.
    settings : Settings
        Seeds and numbers.
    bands : tuple of str, optional
        Bands of the mock.

    Returns
    -------
    Path
        The page.
    """
    (docs / "mock").mkdir(parents=True, exist_ok=True)
    page = Page(docs, {}, [])
    cutout_folder = real / "jades-gsz14" if real else None
    cutout = read_cutout(cutout_folder) if cutout_folder and cutout_folder.is_dir() else None
    page.fields["command"] = f"python experiments/mock_sky.py{' --real DIRECTORY' if real else ''}"
    page.fields["real_note"] = "" if real else "It was made without real data: sections that need them say so.\n\n"

    log.info("PSF")
    stars = psf.render_star(bands, seed=settings.seed)
    kernels = matching_kernels(stars, bands, _PIXEL_ARCSEC)
    log.info("drawing %d tiles", settings.tiles)
    config = SimulationConfig(psf_angle_deg=0.0)  # the kernels are of this angle
    seeds = range(settings.seed + 1, settings.seed + 1 + settings.tiles)
    tiles = [draw_tile(seed, bands=bands, size=settings.tile_size, kernels=kernels, config=config) for seed in seeds]
    shape = cutout.valid.shape if cutout else _CUTOUT_SHAPE
    windows = [part for tile in tiles for part in tile.matched.parts(shape) if part.valid.mean() > _LEAST_VALID]

    log.info("noise")
    _noise(page, cutout, windows, bands, settings)
    _growth(page, real, cutout, settings)
    _psf(page, real / "psf-nircam" if real else None, bands, stars)
    log.info("population")
    deep = _population(page, tiles, real / "jades_dr4_specz.csv" if real else None, settings)
    log.info("colours")
    of_real, of_mock, fields = _colours(page, cutout, deep, kernels, bands, settings)
    _stamps(page, cutout, windows, of_real, of_mock, fields, bands, settings)
    log.info("timing")
    _timing(page, settings)
    page.goals.sort(key=lambda goal: goal.point)
    return page.write()


def _noise(
    page: Page, cutout: Cutout | None, windows: list[Cutout], bands: tuple[str, ...], settings: Settings
) -> None:
    """Section 1: noise."""
    rng = np.random.default_rng(settings.seed)
    if cutout is not None:
        windows = noise.like(windows, cutout) or windows
    measured = [noise.measure(window, rng=rng) for window in windows]
    mock = noise.typical(measured)
    shape = cutout.valid.shape if cutout else _CUTOUT_SHAPE
    page.fields |= {"cutout_shape": f"{shape[0]} × {shape[1]}", "noise_windows": str(len(windows))}
    if cutout is None:
        page.missing("rms_table", "correlation_table", "noise_figure")
    else:
        real = noise.as_one_of(noise.measure(cutout, rng=rng), measured)
        page.fields["rms_table"] = noise.rms_table(bands, real, mock)
        page.fields["correlation_table"] = noise.correlation_table(bands, real, mock)
        page.figure("noise", "Noise of the real cutout and the mock", noise.noise_figure(bands, real, mock))
        page.goals += noise.noise_goals(real, mock)
    depth = noise.measure_depth(bands, asked=settings.medium_depth, seed=settings.seed + 800, size=settings.tile_size)
    page.goals.append(noise.depth_goal(depth))
    page.fields["depth_setting"] = depth.setting
    page.fields["medium_asked"] = f"{depth.asked:.2f}"
    page.fields["medium_rms"], page.fields["medium_error"] = f"{depth.rms_ratio:.2f}", f"{depth.error_ratio:.2f}"


def _growth(page: Page, real: Path | None, cutout: Cutout | None, settings: Settings) -> None:
    """Section 1: noise of fields whose observation varies."""
    found = apertures.real_growths(real, cutout) if real else []
    if not found:
        page.missing("growth_table")
        return
    config = load_config(_VARIED).simulation
    drawn = apertures.drawn_growths(config, fields=settings.tiles, seed=settings.seed + 1000)
    page.fields["growth_table"] = apertures.growth_table(found, drawn)


def _psf(page: Page, folder: Path | None, bands: tuple[str, ...], stars: np.ndarray) -> None:
    """Section 2: PSF."""
    compared = psf.compare(folder, bands, stars) if folder and folder.is_dir() else []
    if not compared:
        page.missing("psf_table", "sets_table", "psf_figure", "irreconcilable")
        return
    page.fields["psf_table"] = psf.psf_table(compared)
    page.fields["irreconcilable"] = psf.irreconcilable(compared)
    page.fields["sets_table"] = psf.between_sets_table(compared)
    page.figure("psf", "PSF of the mock relative to real ones", psf.psf_figure(compared))
    page.goals += psf.psf_goals(compared)


def _population(page: Page, tiles: list[MockTile], spectra: Path | None, settings: Settings) -> population.Survey:
    """Section 3: population; returns the deep one."""
    deep = population.draw_survey(settings.seed + 700, cells=settings.deep_cells, limit_mag=30.5)
    wide = population.draw_survey(settings.seed + 701, cells=settings.wide_cells, limit_mag=_WIDE_LIMIT)
    truth = population.joined_truth(tiles)
    area = len(tiles) * (settings.tile_size * _PIXEL_ARCSEC / 60) ** 2
    real = population.read_spectra(spectra) if spectra and spectra.is_file() else None
    mock = population.mock_spectra(truth)
    tables = {
        "counts": (population.counts(wide), "galaxies per mag and arcmin²", f"{percent(population.COUNTS_GOAL)}"),
        "totals": (
            population.totals(truth, area, deep),
            "sources",
            f"{percent(population.COUNTS_GOAL)}, high z a factor {population.FACTOR_GOAL:g}",
        ),
        "luminosity": (
            population.luminosity_functions(deep),
            "UV luminosity function",
            f"a factor {population.FACTOR_GOAL:g}",
        ),
        "size": (population.sizes(deep, wide), "half-light radius", f"{percent(population.SIZE_GOAL)}"),
        "median": (
            population.median_redshifts(wide),
            "median redshift",
            f"{percent(population.REDSHIFT_GOAL)} of 1 + z",
        ),
        "spectra": (
            population.spectroscopy(truth, real),
            "spectroscopic selection",
            f"{percent(population.COUNTS_GOAL)}, {percent(population.REDSHIFT_GOAL)} of 1 + z",
        ),
    }
    for name, (lines, what, goal) in tables.items():
        page.fields[f"{name}_table"] = population.line_table(what, lines)
        page.goals.append(population.line_goal(what, f"{goal} (this page's own)", lines))
    page.fields |= {
        "counts_goal": f"{percent(population.COUNTS_GOAL)}",
        "factor_goal": f"{population.FACTOR_GOAL:g}",
        "size_goal": f"{percent(population.SIZE_GOAL)}",
        "redshift_goal": f"{percent(population.REDSHIFT_GOAL)}",
        "deep_area": f"{deep.area_arcmin2:.0f}",
        "wide_area": f"{wide.area_arcmin2:.0f}",
        "wide_limit": f"{_WIDE_LIMIT:g}",
        "tiles": str(len(tiles)),
        "tiles_area": f"{area:.1f}",
        "uv_limit": f"−{abs(population.UV_LIMIT):g}",
    }
    page.figure("counts", "Counts and sizes of the mock", population_figures.counts_figure(deep, wide))
    page.figure(
        "redshift", "Redshifts and luminosity functions of the mock", population_figures.redshift_figure(deep, wide)
    )
    if mock is None:
        page.fields["spectra_figure"] = "The mock has no spectroscopic selection (no column `z_spec`)."
    else:
        page.figure("spectra", "Spectroscopic redshifts", population_figures.spectra_figure(real, mock))
    return deep


def _colours(
    page: Page,
    cutout: Cutout | None,
    deep: population.Survey,
    kernels: np.ndarray,
    bands: tuple[str, ...],
    settings: Settings,
) -> tuple[Photometry | None, Photometry, list[Cutout]]:
    """Section 4: colours; returns photometry of the real and of boosted mock tiles, and those tiles."""
    rng = np.random.default_rng(settings.seed + 1)
    config = SimulationConfig(psf_angle_deg=0.0, high_z_boost=settings.boost)
    seeds = range(settings.seed + 300, settings.seed + 300 + settings.tiles)
    tiles = [draw_tile(seed, bands=bands, size=settings.tile_size, kernels=kernels, config=config) for seed in seeds]
    fields = [tile.matched for tile in tiles]
    of_mock = Photometry.of_cutouts([true_sources(photometry(tile.matched, rng=rng), tile) for tile in tiles])
    of_real = photometry(cutout, rng=rng) if cutout else None
    page.fields["locus_mag"] = f"{colours.LOCUS_MAG:g}"
    page.fields["locus_table"] = colours.locus_table(deep)
    page.figure("locus", "Colours against redshift", colours.locus_figure(deep, of_real, bands))
    page.fields |= {"boost": f"{settings.boost:g}", "n_mock": f"{len(of_mock):,}", "n_real": "none"}
    if of_real is None or not len(of_real) or not len(of_mock):
        page.missing("neighbour_table", "neighbour_figure")
        return of_real, of_mock, fields
    found = colours.find_neighbours(of_real, of_mock)
    page.fields["n_real"] = str(len(of_real))
    page.fields["neighbour_table"] = colours.neighbour_table(of_real, bands, found)
    page.figure(
        "neighbour", "Real sources and their mock neighbours", colours.neighbour_figure(of_real, of_mock, bands, found)
    )
    page.goals += [colours.neighbour_goal(found), colours.typical_goal(found)]
    return of_real, of_mock, fields


def _stamps(
    page: Page,
    cutout: Cutout | None,
    windows: list[Cutout],
    of_real: Photometry | None,
    of_mock: Photometry,
    fields: list[Cutout],
    bands: tuple[str, ...],
    settings: Settings,
) -> None:
    """Section 5: stamps."""
    if cutout is None or of_real is None or not len(of_real) or not len(of_mock):
        page.missing("field_figure", "pairs_figure", "blind_figure", "blind_key")
        return
    rng = np.random.default_rng(settings.seed + 2)
    shown = [windows[i] for i in rng.permutation(len(windows))[:5]]
    page.figure("field", "The real cutout and mock windows", stamps.field_figure(cutout, shown))
    band = bands.index("F444W")
    pairs = stamps.pairs_figure(cutout, fields, of_real, of_mock, band)
    page.figure("pairs", "Real sources and mock sources of the same brightness", pairs)
    blind = stamps.blind_panel(cutout, windows, rng=rng)
    page.figure("blind", "Pieces of real and mock sky in random order", blind.figure)
    numbers = [str(i) for i, is_real in enumerate(blind.is_real, start=1) if is_real]
    page.fields["blind_key"] = f"<details><summary>Key</summary>\n\nReal are {', '.join(numbers)}.\n\n</details>"


def _timing(page: Page, settings: Settings) -> None:
    """Section 6: speed and memory."""
    speed = timing.measure_speed(
        settings.seed + 400, tiles=settings.timed_tiles, config=SimulationConfig(psf_angle_deg=0.0)
    )
    identical = timing.same_for_any_workers(settings.seed + 899, size=settings.repeat_size)
    large = timing.kept(page.folder / "mock" / "large_field.json")
    page.fields |= {
        "timed_tiles": str(settings.timed_tiles),
        "tile_seconds": f"{np.median(speed.tile_seconds):.2f}",
        "rate": f"{speed.two_workers_per_second:.2f}",
        "stage_table": timing.stage_table(speed),
        "repeat_size": f"{settings.repeat_size:,}",
        "repeat_words": "every file has the same bytes" if identical else "**the files differ**",
        "large_table": timing.large_table(large),
    }
    page.goals += timing.timing_goals(speed, identical, large)
