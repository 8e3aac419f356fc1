"""Which published numbers is the mock's population compared with?

Each has its source and its uncertainty. Only numbers of a text, an abstract or a table are used, and none of plots.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Schechter:
    """UV luminosity function at one redshift.

    Attributes
    ----------
    z : float
        Redshift.
    m_star : float
        Characteristic absolute magnitude.
    phi_star : float
        Density in Mpc⁻³.
    alpha : float
        Slope of the faint end.
    """

    z: float
    m_star: float
    phi_star: float
    alpha: float


@dataclass(frozen=True)
class SizeLuminosity:
    """Size–luminosity relation at one redshift.

    Attributes
    ----------
    z : float
        Redshift.
    peak_kpc, peak_error_kpc : float
        Peak half-light radius at M_UV = −21, and its error.
    slope : float
        Slope of ln R against ln L.
    width_ln : float
        Width of the distribution of ln R.
    """

    z: float
    peak_kpc: float
    peak_error_kpc: float
    slope: float
    width_ln: float


#: Weaver et al. (2022, ApJS 258, 11, COSMOS2020), Table 2: galaxies per mag and deg² in Ks, as log₁₀, "The Farmer",
#: ultra-deep stripes; centres of bins of 0.5 mag. They are incomplete beyond 24.5.
K_COUNTS_MAG = (19.25, 19.75, 20.25, 20.75, 21.25, 21.75, 22.25, 22.75, 23.25, 23.75, 24.25)
K_COUNTS_LOG_PER_MAG_DEG2 = (3.65, 3.86, 4.02, 4.16, 4.29, 4.42, 4.54, 4.66, 4.78, 4.88, 4.97)
KS_UM = 2.15  # VISTA's Ks

#: Merz et al. (2026), abstract and text: sources of the JADES DR2 catalogue of GOODS-S (Eisenstein et al. 2023), and
#: those of them with a spectroscopic redshift. The area, 67 arcmin², is that of the catalogue's mosaic.
JADES_SOURCES, JADES_AREA_ARCMIN2, JADES_SPECTRA = 94_000, 67.0, 2_145

#: Candidates at z > 8 per arcmin²: 717 in 125 (Hainline et al. 2024, ApJ 964, 71, abstract), and 2,081 in 469 arcmin²,
#: shallower on average (JADES DR5, 2026, arXiv:2601.15959, abstract).
HIGH_Z_PER_ARCMIN2 = {
    "Hainline et al. (2024), 717 in 125 arcmin²": 717 / 125,
    "JADES DR5 (2026), 2,081 in 469 arcmin²": 2081 / 469,
}

#: Median redshifts of galaxies in ranges of i (Ilbert et al. 2009, ApJ 690, 1236, abstract), from 30 bands.
I_MEDIANS = ((22.0, 22.5, 0.66), (24.5, 25.0, 1.06))
I_BAND_UM = 0.767  # Subaru's i+

#: Bouwens et al. (2021, AJ 162, 47), Table 5.
UV_FUNCTIONS = (
    Schechter(4.9, -21.10, 0.79e-3, -1.74),
    Schechter(5.9, -20.93, 0.51e-3, -1.93),
    Schechter(6.8, -21.15, 0.19e-3, -2.06),
    Schechter(7.9, -20.93, 0.09e-3, -2.23),
    Schechter(8.9, -21.15, 0.021e-3, -2.33),
)

#: Huang et al. (2013, ApJ 765, 68), abstract: Lyman-break galaxies of GOODS and the HUDF.
SIZE_LUMINOSITY = (SizeLuminosity(4.0, 1.34, 0.10, 0.22, 0.83), SizeLuminosity(5.0, 1.19, 0.19, 0.25, 0.90))

#: R = a (1 + z)^b kpc: Westcott et al. (2025, EPOCHS XI, arXiv:2412.14970, abstract), 521 galaxies with F444W above 10σ
#: at 6.5 < z < 12.5, rest-frame optical.
EPOCHS_SIZE = (2.74, -0.79)
EPOCHS_SIZE_ERROR = (0.49, 0.08)
EPOCHS_REDSHIFTS = (6.5, 12.5)

#: Time per filter of JADES-deep over JADES-medium: 130 h in 9 filters, 20 h in 8 to 10 (Eisenstein et al. 2023,
#: arXiv:2306.02465, abstract). Noise goes with the root.
MEDIUM_DEPTH = (130 / 20) ** 0.5
