"""A small field of JADES: nine mosaics, segmentation map, catalogue and redshifts in the formats of the release."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.table import Table

from zpix.image import JADES_BANDS, Pixels, tangent_wcs, write_mosaic

TILE = 64
SHAPE = (2 * TILE, 4 * TILE + 20)  # (ny, nx): eight tiles, and columns beyond the last
WCS = tangent_wcs(53.16, -27.79, SHAPE, 0.03)
# id: (x, y) of the middle of a segment of 9 × 7 pixels; what becomes of its redshifts
SOURCES = {
    1001: (30, 30),  # learnt from, two lists agree
    1002: (4, 40),  # cut by the edge of the mosaic
    1003: (194, 100),  # touches what no band observed
    1004: (100, 30),  # a star
    1005: (120, 100),  # without a segment
    1006: (160, 30),  # the lists contradict each other
    1007: (90, 90),  # in the older list alone
    1008: (40, 100),  # not secure
    1009: (265, 60),  # beyond the last tile
    1010: (220, 40),  # without a spectrum
    1011: (150, 60),  # two spectra at its sides contradict each other
    1012: (20, 70),  # two spectra at its sides agree
}
# (source, offset in arcsec, z, flag)
DR4 = [
    (1001, 0.02, 1.501, "A"), (1002, 0, 2.0, "A"), (1003, 0, 2.1, "A"), (1004, 0, 0.5, "A"), (1005, 0, 2.2, "A"),
    (1006, 0, 3.0, "A"), (1008, 0, 4.0, "C"), (1009, 0, 2.3, "B"), (1011, -0.2, 1.0, "A"), (1011, 0.2, 2.0, "A"),
    (1012, -0.15, 2.5, "A"), (1012, 0.2, 2.501, "A"), (1010, 0, -1, "E"),
]  # fmt: skip
DR3 = [(1001, 0, 1.5, "A"), (1006, 0, 3.4, "A"), (1007, 0, 2.7, "B")]


@dataclass(frozen=True)
class JadesField:
    """Paths of the files."""

    mosaics: Path
    segmentation: Path
    catalogue: Path
    dr4: Path
    dr3: Path


def sky(identifier: int, offset_arcsec: float = 0.0) -> tuple[float, float]:
    ra, dec = WCS.all_pix2world(*SOURCES[identifier], 0)
    return float(ra), float(dec) + offset_arcsec / 3600


def tables(*named: tuple[str, Table]) -> fits.HDUList:
    return fits.HDUList([fits.PrimaryHDU(), *(fits.BinTableHDU(table, name=name) for name, table in named)])


def catalogue_tables() -> dict[str, Table]:
    """Extensions of a photometric catalogue, by name."""
    ids = np.array(list(SOURCES))
    x, y = np.array(list(SOURCES.values())).T
    ra, dec = np.array([sky(one) for one in SOURCES]).T
    flag = Table({"ID": ids, "RA": ra, "DEC": dec, "FLAG_ST": (ids == 1004).astype(np.int16)})
    circ, kron = Table({"ID": ids}), Table({"ID": ids})
    for band in JADES_BANDS:
        flag[f"{band}_FLAG"] = np.where((ids == 1003) & (band == "F335M"), -1, 0).astype(np.int16)
        for table, name in ((circ, "CIRC1"), (circ, "CIRC2"), (kron, "KRON")):
            table[f"{band}_{name}"], table[f"{band}_{name}_e"] = x.astype("f4"), np.full(len(ids), 2, "f4")
    size = Table({"ID": ids, "X": x, "Y": y, "BBOX_XMIN": np.maximum(x - 4, 0), "BBOX_XMAX": x + 4,
                  "BBOX_YMIN": y - 3, "BBOX_YMAX": y + 3, "NPIX_DET": np.full(len(ids), 63)})  # fmt: skip
    z = np.where(ids == 1010, 21.99, 1.25)
    photoz = Table({"ID": ids, "EAZY_z_a": z, "EAZY_l68": z - 0.1, "EAZY_u68": z + 0.1})
    return {"FLAG": flag, "SIZE": size, "CIRC": circ, "CIRC_BSUB": circ, "KRON": kron, "PHOTOZ": photoz}


def spectra(rows: list[tuple[int, float, float, str]]) -> dict[str, object]:
    places = np.array([sky(one, offset) for one, offset, _, _ in rows])
    return {
        "RA_TARG": places[:, 0],
        "Dec_TARG": places[:, 1],
        "z_Spec": [z for _, _, z, _ in rows],
        "z_Spec_flag": [flag for *_, flag in rows],
    }


def write_jades_field(place: Path) -> JadesField:
    flux = np.random.default_rng(5).normal(0, 1, (len(JADES_BANDS), *SHAPE)).astype(np.float32)
    segments = np.zeros(SHAPE, np.int32)
    for identifier, (x, y) in SOURCES.items():
        own = np.s_[y - 3 : y + 4, max(x - 4, 0) : x + 5]
        flux[:, *own] += 20
        segments[own] = 0 if identifier == 1005 else identifier
    valid = np.ones(flux.shape, bool)
    valid[:, 80:, 199:] = False
    valid[5, 20:40, 20:40] = False  # one band alone
    pixels = Pixels(np.where(valid, flux, 0), np.where(valid, 1, np.inf).astype(np.float32), valid)
    prefix = "hlsp_jades_jwst_nircam_goods-s-deep"
    write_mosaic(place / "images", pixels, bands=JADES_BANDS, wcs=WCS, prefix=prefix)
    fits.PrimaryHDU(segments, WCS.to_header()).writeto(place / f"{prefix}_segmentation_v2.0_drz.fits")
    tables(*catalogue_tables().items()).writeto(place / f"{prefix}_photometry_v2.0_catalog.fits")
    info = Table({"Unique_ID": [f"goods-s-mediumhst_{i}" for i in range(len(DR4))], **spectra(DR4)})
    info.add_row(["goods-n-mediumjwst_1", 189.2, 62.2, 5.0, "A"])
    lines = Table({"Unique_ID": info["Unique_ID"], "HA_6563_flux": np.ones(len(info))})
    tables(("Obs_info", info), ("PRISM_5pix", lines)).writeto(place / "Combined_DR4_external_v1.2.1.fits")
    older = Table({"NIRSpec_ID": np.arange(len(DR3)), "TIER": ["goods-s-deephst"] * len(DR3), **spectra(DR3)})
    dr3 = place / "hlsp_jades_jwst_nirspec_goods-s_prism-line-fluxes_v1.1_catalog.fits"
    tables(("Joined", older)).writeto(dr3)
    return JadesField(
        place / "images",
        place / f"{prefix}_segmentation_v2.0_drz.fits",
        place / f"{prefix}_photometry_v2.0_catalog.fits",
        place / "Combined_DR4_external_v1.2.1.fits",
        dr3,
    )
