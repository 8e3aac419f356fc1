"""How does the virtual observatory call what a column holds?

By words of a controlled vocabulary, UCD1+ 1.5, which tools such as TOPCAT and Aladin look for. Its words for wavelength
are ranges (`em.*`); the wavelength of a band is taken from its name.
"""

from __future__ import annotations

import re

from zpix.image.bands import PIVOT_UM

# Columns by name.
_WORDS = {
    "id": "meta.id;meta.main",
    "ra": "pos.eq.ra;meta.main",
    "dec": "pos.eq.dec;meta.main",
    "ra_peak": "pos.eq.ra",
    "dec_peak": "pos.eq.dec",
    "x": "pos.cartesian.x",
    "y": "pos.cartesian.y",
    "x0": "pos.cartesian.x;stat.min",
    "y0": "pos.cartesian.y;stat.min",
    "x1": "pos.cartesian.x;stat.max",
    "y1": "pos.cartesian.y;stat.max",
    "score": "stat.probability",
    "class": "src.class",
    "p_star": "stat.probability;src.class.starGalaxy",
    "reference_id": "meta.id.cross",
    "origin": "meta.code",
    "reference_iou": "stat.correlation",
    "z_phot": "src.redshift.phot;meta.main",
    "z_mode": "src.redshift.phot",
    "z_mean": "src.redshift.phot;stat.mean",
    "z025": "src.redshift.phot;stat.min",
    "z160": "src.redshift.phot;stat.min",
    "z500": "src.redshift.phot;stat.median",
    "z840": "src.redshift.phot;stat.max",
    "z975": "src.redshift.phot;stat.max",
    "ebv": "phot.color.excess",
    "novelty": "stat.value",
    "n_bands": "meta.number;em",
    "n_pix": "meta.number;instr.pixel",
    "flags": "meta.code.qual",
    "a": "phys.angSize.smajAxis",
    "b": "phys.angSize.sminAxis",
    "theta": "pos.posAng",
    "kron_radius": "phys.angSize;arith.ratio",
    "half_light_radius": "phys.angSize",
    "zmix_weight": "stat.weight;src.redshift.phot",
    "zmix_mean": "src.redshift.phot;stat.mean",
    "zmix_width": "stat.stdev;src.redshift.phot",
}
# Prefixes of columns of a band: whether they are errors.
_IN_BANDS = {"flux_": False, "fluxerr_": True, "total_": False, "totalerr_": True}
# Upper end of each range in µm, and its word.
_RANGES_UM = (
    (0.30, "em.UV.200-300nm"), (0.40, "em.opt.U"), (0.50, "em.opt.B"), (0.60, "em.opt.V"), (0.75, "em.opt.R"),
    (1.0, "em.opt.I"), (1.5, "em.IR.J"), (2.0, "em.IR.H"), (3.0, "em.IR.K"), (4.0, "em.IR.3-4um"),
    (8.0, "em.IR.4-8um"), (15.0, "em.IR.8-15um"), (30.0, "em.IR.15-30um"),
)  # fmt: skip
# Filters called by a letter, as in HSC-G or LSST_I: their middle in µm.
_LETTERS_UM = {"U": 0.36, "G": 0.48, "R": 0.62, "I": 0.75, "Z": 0.89, "Y": 0.98, "J": 1.25, "H": 1.63, "K": 2.15}
# The number in names such as F444W counts units of 10 nm, but nm in those of HST's optical filters.
_NUMBERED = re.compile(r"F(\d{3,4})(W2|LP|[WMNX])?N?")
_IN_NM = range(500, 1000)
_MIRI_BELOW_10_UM = {"F560W", "F770W"}
_HST_BELOW_500_NM = {"F218W", "F225W", "F275W", "F300X", "F336W", "F390W", "F435W", "F438W", "F475W"}


def wavelength_um(band: str) -> float | None:
    """Return about which wavelength a band lies at.

    Parameters
    ----------
    band : str
        Name of a filter of JWST, HST or Roman, or one that ends in the letter of a ground-based filter.

    Returns
    -------
    float or None
        In µm; None where the name does not tell.

    Examples
    --------
    >>> wavelength_um("F444W"), wavelength_um("F814W"), wavelength_um("F160W"), wavelength_um("HSC-G")
    (4.402, 0.806, 1.537, 0.48)
    """
    if band in PIVOT_UM:
        return PIVOT_UM[band]
    numbered = _NUMBERED.fullmatch(band)
    if numbered:
        number = int(numbered[1])
        in_nm = (number in _IN_NM and band not in _MIRI_BELOW_10_UM) or band in _HST_BELOW_500_NM
        return number / (1000 if in_nm else 100)
    return _LETTERS_UM.get(band[-1]) if re.search(r"[-_.][A-Z]$", band) else None


def ucd_of(column: str) -> str:
    """Return the UCD of a column of a catalogue.

    Parameters
    ----------
    column : str
        Its name.

    Returns
    -------
    str
        Such as "src.redshift.phot"; empty for other columns than those of catalogues.

    Examples
    --------
    >>> ucd_of("z_mode"), ucd_of("fluxerr_f444w"), ucd_of("flux_own")
    ('src.redshift.phot', 'stat.error;phot.flux.density;em.IR.4-8um', 'phot.flux.density')
    """
    for prefix, of_error in _IN_BANDS.items():
        if column.startswith(prefix):
            wavelength = wavelength_um(column.removeprefix(prefix).upper())
            ranges = [word for end, word in _RANGES_UM if wavelength is not None and wavelength < end]
            return ";".join(["stat.error"] * of_error + ["phot.flux.density", *ranges[:1]])
    return _WORDS.get(column, "stat.probability;src.class" if column.startswith("p_") else "")
