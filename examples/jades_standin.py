"""A small archive in the formats of the real ones: JADES DR2 of GOODS-S, its redshifts, and GalaxiesML.

    python examples/jades_standin.py --out archive --size 2240 --galaxies 600
    python examples/archive_server.py archive                 # serves it to `zpix fetch ... --mirror`

File names, HDUs, columns, units and byte order are those of the published files; the content is simulated. Mosaics and
segmentation map come from `zpix simulate`, fluxes are measured on them, and photometric and spectroscopic redshifts are
drawn around the truth, with placeholders, uncertain redshifts and conflicts among them. Files have the paths of the
archives: `archive/hlsps/jades/dr2/...`, `archive/DR4/...`, `archive/records/...`.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import h5py
import numpy as np
from astropy.io import fits
from astropy.table import Table
from numpy.typing import NDArray
from scipy import ndimage

import zpix
from zpix.config import SimulationConfig
from zpix.instruments import package_file
from zpix.outputs import output_directory
from zpix.scenes.galaxies import draw_shapes, quiescent_fraction
from zpix.sources import STAR
from zpix.spectra import FAMILIES, GalaxyTraits, rest_grid
from zpix.surveys import RELEASES, RemoteFile

FIRST_ID = 200_001  # of the catalogue: identifiers are not row numbers
PLACEHOLDER_Z = 21.99  # the end of EAZY's grid
NJY_PER_MJY = 1e15
CIRCLES = {"CIRC1": 0.10, "CIRC2": 0.15}  # radii in arcsec
SECURE, UNCERTAIN = ("A", "B"), ("C", "D")


def main() -> None:
    """Write the archive."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", type=Path, required=True, help="directory to write to")
    options.add_argument("--size", type=int, default=2240, help="side of the field in pixels; 2240 has 2,000 sources")
    options.add_argument("--seed", type=int, default=31, help="of every random choice")
    options.add_argument("--spectra", type=float, default=0.6, help="share of galaxies with F444W < 28 with spectra")
    options.add_argument("--galaxies", type=int, default=600, help="cutouts of GalaxiesML; 0: none")
    asked = options.parse_args()
    with output_directory(asked.out, products=(), overwrite=False) as archive:
        counts = make_jades(archive, size=asked.size, seed=asked.seed, spectra=asked.spectra)
        if asked.galaxies:
            make_galaxiesml(archive, galaxies=asked.galaxies, seed=asked.seed)
    print(f"{counts.sources} sources, {counts.spectra} with spectra, in {asked.out}")


@dataclass(frozen=True)
class Counts:
    """Number of sources and of spectra in the archive."""

    sources: int
    spectra: int


def place(archive: Path, release: str, file: RemoteFile) -> Path:
    """Path of a file of a release in the archive, that of its URL; its folder is made."""
    path = archive / urlsplit(RELEASES[release].base).path.strip("/") / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def make_jades(
    archive: Path,
    *,
    size: int | tuple[int, int] = 2240,
    seed: int = 31,
    spectra: float = 0.6,
    config: SimulationConfig | None = None,
) -> Counts:
    """Mosaics, segmentation, photometry and redshifts of a simulated field of `size` pixels, or (ny, nx).

    A share `spectra` of the galaxies brighter than F444W = 28 gets a spectrum, beside those that a survey like JADES
    would have taken, because those are too few to learn from in so small a field.
    """
    rng = np.random.default_rng(seed)
    shape = (size, size) if isinstance(size, int) else size
    files = RELEASES["jades-dr2"].files
    archive.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=archive) as name:
        field = zpix.simulate(Path(name) / "field", size_pix=shape, seed=seed, config=config)
        mosaics = {file.band: place(archive, "jades-dr2", file) for file in files if file.band}
        for band, path in mosaics.items():
            shutil.move(field / f"mock_{band.lower()}_drz.fits", path)
        truth = Table.read(field / "truth.fits", mask_invalid=False)
        drawn, header = fits.getdata(field / "segmentation.fits", header=True)
        truth = truth[truth["detectable"]]  # a catalogue lists what could be found, with its own identifiers
        labels = np.zeros(int(drawn.max()) + 1, np.int32)
        labels[truth["id"]] = np.arange(FIRST_ID, FIRST_ID + len(truth))
        segments = labels[drawn]
    truth["id"] = np.arange(FIRST_ID, FIRST_ID + len(truth))
    by_part = {file.part: place(archive, "jades-dr2", file) for file in files if not file.band}
    fits.PrimaryHDU(segments, header).writeto(by_part["segmentation"], overwrite=True)
    write_photometry(by_part["catalogue"], truth, segments, mosaics, rng)
    observed = targets(rng, truth, spectra)
    write_dr3(by_part["redshifts"], observed, rng)
    write_dr4(place(archive, "jades-dr4", RELEASES["jades-dr4"].files[0]), observed, rng)
    return Counts(len(truth), len(observed))


def write_photometry(
    path: Path, truth: Table, segments: NDArray[np.int32], mosaics: dict[str, Path], rng: np.random.Generator
) -> None:
    """The photometry catalogue, fluxes in nJy, measured in circles and (in place of Kron's ellipses) on segments.

    CIRC_BSUB, CIRC_CONV and KRON_CONV have the names that local sky and a common PSF are published under; their values
    are those of CIRC and KRON.
    """
    identifier = np.asarray(truth["id"], np.int64)
    flag = Table({"ID": identifier, "RA": truth["ra"], "DEC": truth["dec"]})
    circles, kron = Table({"ID": identifier}), Table({"ID": identifier})
    for band, mosaic in mosaics.items():
        with fits.open(mosaic) as hdus:
            to_njy = hdus[1].header["PIXAR_SR"] * NJY_PER_MJY
            flux, error = hdus[1].data * to_njy, hdus[2].data * to_njy
        valid = np.isfinite(flux) & np.isfinite(error) & (error > 0)
        flux, variance = np.where(valid, flux, 0), np.where(valid, error, 0) ** 2
        x, y = (np.rint(np.asarray(truth[name])).astype(int).clip(0, side - 1)
                for name, side in (("x", flux.shape[1]), ("y", flux.shape[0])))  # fmt: skip
        seen = valid[y, x]
        flag[f"{band}_FLAG"] = np.where(seen, 0, -1).astype(np.int16)
        for name, radius in CIRCLES.items():
            circle = disc(radius / 0.03)
            circles[f"{band}_{name}"] = np.where(seen, ndimage.convolve(flux, circle)[y, x], np.nan).astype("f4")
            noise = np.sqrt(ndimage.convolve(variance, circle)[y, x])
            circles[f"{band}_{name}_e"] = np.where(seen, noise, np.nan).astype("f4")
        kron[f"{band}_KRON"] = np.where(seen, ndimage.sum_labels(flux, segments, identifier), np.nan).astype("f4")
        noise = np.sqrt(ndimage.sum_labels(variance, segments, identifier))
        kron[f"{band}_KRON_e"] = np.where(seen, noise, np.nan).astype("f4")
    flag["FLAG_ST"] = (np.asarray(truth["label"]) == STAR).astype(np.int16)
    hdus = [("FILTERS", Table({"NAME": list(mosaics)})), ("FLAG", flag), ("SIZE", sizes(truth)), ("CIRC", circles)]
    hdus += [("CIRC_BSUB", circles), ("CIRC_CONV", circles), ("KRON", kron), ("KRON_CONV", kron)]
    hdus += [("PHOTOZ", photometric_redshifts(rng, truth))]
    write_tables(path, hdus)


def disc(radius_pix: float) -> NDArray[np.float64]:
    """Array (n, n) that is 1 in the pixels whose centres lie within the radius, and 0 elsewhere."""
    reach = int(radius_pix)
    offset = np.arange(-reach, reach + 1)
    return (np.hypot(offset[:, None], offset[None]) <= radius_pix).astype(float)


def sizes(truth: Table) -> Table:
    """Position, box (first and last pixel), area and shape; R_KRON is twice the half-light radius, in pixels."""
    columns = {"ID": np.asarray(truth["id"], np.int64), "RA": truth["ra"], "DEC": truth["dec"]}
    columns |= {"X": truth["x"], "Y": truth["y"]}
    for axis in "XY":
        columns[f"BBOX_{axis}MIN"] = np.asarray(truth[f"{axis.lower()}min"], np.int64)
        columns[f"BBOX_{axis}MAX"] = np.asarray(truth[f"{axis.lower()}max"], np.int64) - 1
    columns["NPIX_DET"] = np.asarray(truth["n_pix"], np.int64)
    columns["R_KRON"] = np.asarray(2 * truth["re_arcsec"] / 0.03, "f4")
    columns |= {"Q": truth["axis_ratio"], "PA": truth["pa_deg"]}
    return Table({name: np.asarray(values) for name, values in columns.items()})


def photometric_redshifts(rng: np.random.Generator, truth: Table) -> Table:
    """Redshifts like EAZY's: 3 % scatter, one in ten wrong, some at the end of the grid."""
    z, n = np.asarray(truth["z"], float), len(truth)
    width = 0.03 * (1 + z)
    best = np.abs(z + width * rng.normal(size=n))
    best = np.where(rng.uniform(size=n) < 0.1, rng.uniform(0.1, 12, n), best)
    best = np.where(rng.uniform(size=n) < 0.03, PLACEHOLDER_Z, best)
    columns = {"ID": np.asarray(truth["id"], np.int64), "EAZY_z_a": best}
    for name, sigmas in (("l68", -1), ("u68", 1), ("l95", -2), ("u95", 2)):
        columns[f"EAZY_{name}"] = np.clip(best + sigmas * width, 0.01, PLACEHOLDER_Z)
    return Table(columns | {"EAZY_chisq_min": rng.chisquare(6, n)})


@dataclass(frozen=True)
class Targets:
    """Spectra of N catalogued galaxies.

    Attributes
    ----------
    id : (N,) int
        Identifier in the catalogue.
    ra, dec : (N,) float, degrees
        Position of the slit, some hundredths of an arcsec from the galaxy.
    z : (N,) float
        True redshift.
    flag : (N,) str
        Quality of the spectrum, A to E.
    """

    id: NDArray[np.int64]
    ra: NDArray[np.float64]
    dec: NDArray[np.float64]
    z: NDArray[np.float64]
    flag: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.id)


def targets(rng: np.random.Generator, truth: Table, share: float) -> Targets:
    """Galaxies with a spectrum; three in four redshifts are secure."""
    bright = (truth["label"] != STAR) & (truth["mag_f444w"] < 28)
    rows = np.flatnonzero(bright & (np.isfinite(truth["z_spec"]) | (rng.uniform(size=len(truth)) < share)))
    chosen, n = truth[rows], len(rows)
    return Targets(
        id=np.asarray(chosen["id"], np.int64),
        ra=np.asarray(chosen["ra"]) + rng.normal(0, 0.03, n) / 3600 / np.cos(np.deg2rad(np.asarray(chosen["dec"]))),
        dec=np.asarray(chosen["dec"]) + rng.normal(0, 0.03, n) / 3600,
        z=np.asarray(chosen["z"], float),
        flag=rng.choice(list("ABCDE"), n, p=[0.55, 0.2, 0.1, 0.1, 0.05]),
    )


def measured(rng: np.random.Generator, z: NDArray, flag: NDArray) -> NDArray[np.float64]:
    """Redshifts read from the spectra: a third of the uncertain ones are wrong, and E has none."""
    wrong = np.isin(flag, UNCERTAIN) & (rng.uniform(size=len(z)) < 1 / 3)
    read = np.where(wrong, rng.uniform(0.5, 9, len(z)), z * (1 + rng.normal(0, 3e-4, len(z))))
    return np.where(flag == "E", np.nan, read)


def write_dr3(path: Path, observed: Targets, rng: np.random.Generator) -> None:
    """DR3: three in five of the targets, of prism spectra."""
    rows = np.flatnonzero(rng.uniform(size=len(observed)) < 0.6)
    z = measured(rng, observed.z[rows], observed.flag[rows])
    line = np.where(np.isfinite(z), rng.lognormal(0, 1, len(rows)), np.nan)
    table = Table(
        {
            "NIRSpec_ID": np.arange(1, len(rows) + 1),
            "NIRCam_ID": observed.id[rows],
            "TIER": np.full(len(rows), "goods-s-mediumjwst"),
            "RA_TARG": observed.ra[rows],
            "Dec_TARG": observed.dec[rows],
            "z_Spec": z,
            "z_Spec_flag": observed.flag[rows],
            "HA_6563_flux": line,
            "HA_6563_err": 0.1 * line,
        }
    )
    write_tables(path, [("Joined", table)])


def write_dr4(path: Path, observed: Targets, rng: np.random.Generator) -> None:
    """DR4: all targets, and galaxies of the other field; one secure redshift in thirty contradicts that of DR3."""
    flag = observed.flag.copy()
    flag[(flag == "D") & (rng.uniform(size=len(flag)) < 0.5)] = "A"  # longer exposures
    z = measured(rng, observed.z, flag)
    z[np.isin(flag, SECURE) & (rng.uniform(size=len(z)) < 1 / 30)] += 0.4
    north = max(3, len(z) // 10)
    table = Table(
        {
            "Unique_ID": [f"goods-s-mediumjwst_{i:08d}" for i in observed.id]
            + [f"goods-n-mediumhst_{i:08d}" for i in range(north)],
            "PID": np.repeat([1286, 1181], [len(z), north]),
            "RA_TARG": np.append(observed.ra, rng.uniform(189.1, 189.4, north)),
            "Dec_TARG": np.append(observed.dec, rng.uniform(62.15, 62.35, north)),
            "Field": np.repeat(["GS", "GN"], [len(z), north]),
            "z_Spec": np.append(z, rng.uniform(0.5, 9, north)),
            "z_Spec_flag": np.append(flag, np.full(north, "A")),
            "z_phot": np.append(np.abs(observed.z * (1 + rng.normal(0, 0.04, len(z)))), rng.uniform(0.5, 9, north)),
        }
    )
    lines = Table({"Unique_ID": table["Unique_ID"], "HA_6563_flux": rng.lognormal(0, 1, len(table))})
    write_tables(path, [("Obs_info", table), ("PRISM_5pix", lines)])


def write_tables(path: Path, tables: list[tuple[str, Table]]) -> None:
    """Write tables to a FITS file with an empty primary HDU, big-endian as in FITS."""
    hdus = [fits.BinTableHDU(table, name=name) for name, table in tables]
    for hdu, (name, _) in zip(hdus, tables, strict=True):
        hdu.header["EXTNAME"] = name  # in this spelling: `name=` turns it into capitals
    fits.HDUList([fits.PrimaryHDU(), *hdus]).writeto(path, overwrite=True)


HSC_PIXEL_ARCSEC, HSC_ZEROPOINT, HSC_SEEING_ARCSEC = 0.168, 27.0, 0.6
HSC_NOISE = (0.03, 0.04, 0.05, 0.09, 0.2)  # counts per pixel, grizy


def make_galaxiesml(
    archive: Path, *, galaxies: int = 600, seed: int = 31, size: int = 64, shares: tuple[float, ...] = (0.7, 0.15, 0.15)
) -> None:
    """HSC cutouts (galaxy, 5, size, size) in counts of zeropoint 27 for training, validation and testing.

    Spectra are the simulator's, through the HSC's filters; every galaxy is one Sérsic profile behind a Gaussian seeing.
    Gas between the galaxies, which takes light from g beyond z = 2, is left out.
    """
    release = "galaxiesml" if size == 64 else "galaxiesml-127"
    for number, (file, share) in enumerate(zip(RELEASES[release].files, shares, strict=True)):
        rng = np.random.default_rng([seed, number])
        n = max(1, round(share * galaxies))
        z = np.clip(rng.gamma(2.5, 0.26, n), 0.02, 3.9)
        log_mass = np.clip(10.3 + 0.5 * np.minimum(z, 1) + 0.4 * rng.normal(size=n), 8.5, 11.8)
        quiescent = rng.uniform(size=n) < quiescent_fraction(log_mass, z)
        traits = GalaxyTraits(z=z, log_mass=log_mass, quiescent=quiescent)
        i_mag = np.clip(19.5 + 2.5 * np.log2(1 + z) - 1.5 * (log_mass - 10.5) + 0.5 * rng.normal(size=n), 16, 25)
        colours = hsc_colours(rng, traits)
        mags = i_mag[:, None] + colours
        counts = 10 ** (-0.4 * (mags - HSC_ZEROPOINT))
        image = np.stack([cutout(rng, light, size, *shape) for light, *shape
                          in zip(counts, *draw_shapes(rng, traits), strict=True)])  # fmt: skip
        snr = counts / (np.array(HSC_NOISE) * 8)  # in a circle of 64 pixels
        with h5py.File(place(archive, release, file), "w") as hdf5:
            hdf5["image"] = image.astype(np.float32)
            hdf5["specz_redshift"], hdf5["specz_redshift_err"] = z, 1e-4 * (1 + z)
            hdf5["specz_flag_homogeneous"] = np.ones(n, bool)
            for column, band in enumerate("grizy"):
                hdf5[f"{band}_cmodel_mag"] = mags[:, column] + rng.normal(size=n) * 1.086 / snr[:, column]
                hdf5[f"{band}_cmodel_magsigma"] = 1.086 / snr[:, column]


def hsc_colours(rng: np.random.Generator, galaxies: GalaxyTraits) -> NDArray[np.float64]:
    """AB magnitudes in grizy relative to i of galaxies such as the simulator draws, (N, 5)."""
    family, z = FAMILIES["kcorrect"], galaxies.z
    f_nu = family.rest_spectra(family.draw(rng, galaxies, emission_lines=True)) * rest_grid() ** 2
    mags = np.empty((len(z), 5))
    for column, band in enumerate("grizy"):
        wave, efficiency = np.loadtxt(package_file("sedpy", "data", "filters", f"hsc_{band}.par"), unpack=True)
        weight = efficiency * np.gradient(np.log(wave))  # photons are counted: f_ν averaged over T d ln ν
        for row, redshift in enumerate(z):
            seen = np.interp(wave / (1 + redshift), rest_grid(), f_nu[row])
            mags[row, column] = -2.5 * np.log10((seen * weight).sum() / weight.sum())
    return np.clip(mags - mags[:, 2:3], -4, 4)


def cutout(
    rng: np.random.Generator, counts: NDArray, size: int, re_arcsec: float, sersic_n: float, axis_ratio: float
) -> NDArray[np.float64]:
    """One galaxy in the middle of (5, size, size) pixels, with noise."""
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    angle = rng.uniform(0, np.pi)
    along, across = x * np.cos(angle) + y * np.sin(angle), -x * np.sin(angle) + y * np.cos(angle)
    radius = np.sqrt(along**2 + (across / axis_ratio) ** 2 + 0.1) * HSC_PIXEL_ARCSEC / max(re_arcsec, 0.05)
    profile = np.exp(-(2 * sersic_n - 1 / 3) * (radius ** (1 / sersic_n) - 1))
    profile = ndimage.gaussian_filter(profile / profile.sum(), HSC_SEEING_ARCSEC / 2.355 / HSC_PIXEL_ARCSEC)
    noise = np.array(HSC_NOISE)[:, None, None] * rng.normal(size=(5, size, size))
    return counts[:, None, None] * profile + noise


if __name__ == "__main__":
    main()
