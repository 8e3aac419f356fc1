"""What must a reader know of the files of a run, who has nothing but their directory?

`README.md` says what each file and column holds, and what the redshifts are worth. Columns and flags come from their
declarations, figures from the model and the catalogue.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from zpix.catalogue.flags import FLAGS
from zpix.catalogue.parquet_file import CatalogueFile
from zpix.catalogue.table import Catalogue
from zpix.image import Verdict
from zpix.outputs import whole_file

_FILES = """\
| file | content |
|---|---|
| `catalogue.fits`, `catalogue.parquet`, `catalogue.vot` | one row per source: the same columns, units, descriptions |
| `pdfs.hdf5` | the redshift PDFs as a `qp` ensemble, with the ids of the catalogue |
| `pdf_grid.hdf5` | the same PDFs in bins of redshift, for medians and intervals in `qp` |
| `segmentation.fits` | source id of each pixel, as in the catalogue; 0 for none |
| `regions.reg` | boxes for DS9, labelled with id and redshift |
| `moc.fits` | the part of the sky with data in some band, as a MOC |
| `detections.png` | the middle of the field in colour with its sources |
| `config.toml`, `run.json` | the settings; versions, inputs and times |
"""

_CAVEATS = """\
- Redshifts are only as good as the training data are like the sky. Spectroscopic training samples are small, and
  incomplete in colour and magnitude (Merz et al. 2026); simulated skies differ from the real one. Where a source is
  fainter than those of the training, or has other colours, the PDF is an extrapolation. Compare with spectra of your
  own field before science depends on it.
- Use the PDF rather than a single number where flags say MULTIPEAK or WIDE_PDF. The widths of the PDFs are calibrated
  as a whole, on validation tiles of the training data: they hold for sources like those, on average, not for each kind
  of source by itself.
- Stars have a redshift in their row that means nothing (flag STAR), and a few galaxies are taken for stars.
- `flux_*` are sums inside the masks, `total_*` sums in one Kron ellipse for all bands: neither is matched in PSF, and
  the redshifts use neither. Their errors are scaled by the scatter of sums on empty sky, as correlated noise needs it.
- Positions (`ra`, `dec`, `x`, `y`) are those of the light, not the middles of boxes or masks.
- Missing is not zero: a band that was not observed has flux NaN and is missing in `n_bands`; one that was observed and
  where nothing was seen has a small flux with its error.
"""

_CONFORMAL = """\
- Intervals are conformal: z025, z160, z840 and z975 reach as far from the median, in probability, as 95 % and 68 % of
  sources of known redshift and like signal-to-noise asked for, on validation tiles of the training data, and never less
  far than quantiles of the PDFs. They hold that share of true redshifts or more for detections like those, whether the
  PDFs are right or not; for rows that were forced, and for other kinds of sources, nothing is promised. PDFs, flags and
  the other columns do not depend on them. An interval from 0 to infinity says that there were too few known sources for
  less.
"""

_MOSAICS = """\
## The mosaics

They were examined before the search. `sky`, `noise` and `sums` are of empty pixels, before any repair: their level,
their scatter, and the scatter of sums in a radius of 0.15 arcsec, in units of the error image; `depth` is five times
the scatter of these sums.
"""

_REFERENCE = """\
## Sources of the reference catalogue

Every source of `{name}` on the mosaics has one row; `reference_id` is its identifier there, and `origin` says where the
row comes from:

| origin | rows | meaning |
|---|---|---|
| `matched` | {matched} | the network found it: the row is that of the detection |
| `forced` | {forced} | the network found nothing that matches: the row is what it makes of the source's own {pixels} |
| `new` | {new} | a detection that matches nothing in the reference (flag UNMATCHED, `reference_id` -1) |

Detections are {how}. {outside} of the sources that the catalogue lists lie outside the mosaics and have no row.

- A forced row is a redshift for something that the network did not find there by itself: because it is faint, hidden
  by a neighbour, divided otherwise, or not real. Its `score` is the network's opinion of it. Expect larger errors.
- Matched and new rows have boxes and masks of the network, forced ones those of the reference where it has them.
"""


_RESAMPLED = """\
## Pixels

The mosaics were on other pixel grids and were resampled for this run, as `{command}` does it, which writes them on the
new grid. Pixel positions, boxes and the segmentation map belong to that grid, not to the mosaics as they were given.
Right ascensions and declinations do not depend on it.
"""


_SIMULATED = "a simulated sky and has not seen a real galaxy"
_LEARNT_FROM = {
    "mock": _SIMULATED,
    "colours of a mock": _SIMULATED,
    "colours of mocks": "simulated skies and has not seen a real galaxy",
    "survey": "a survey",
}


def write_readme(
    path: str | Path,
    catalogue: CatalogueFile | Catalogue,
    *,
    model: Mapping[str, Any],
    reference: Mapping[str, Any] | None = None,
    verdict: Verdict | None = None,
    expected: str | None = None,
) -> None:
    """Write `README.md`; the file appears whole or not at all.

    Parameters
    ----------
    path : str or Path
        File to write.
    catalogue : CatalogueFile or Catalogue
        What is described: its number of sources, bands, columns and settings.
    model : mapping of str to object
        Facts of the checkpoint; its name, training_data, counts and z_range are told if they are there.
    reference : mapping of str to object, optional
        `name` of the reference catalogue, number of its sources `outside`, and whether it `segments`.
    verdict : Verdict, optional
        What the examination of the mosaics came to.
    expected : str, optional
        What to expect of redshifts in these bands, in one sentence.
    """
    columns = "\n".join(
        f"| `{c.name}` | {c.dtype}{f' × {c.shape[0]}' if c.shape else ''} | {c.unit} | {c.description} |"
        for c in catalogue.schema
    )
    flags = "\n".join(f"| `{f.name}` | {f.value} | {f.description} |" for f in FLAGS)
    version, bands = catalogue.meta.get("code_version", ""), ", ".join(catalogue.bands)
    parts = [
        "# Photometric redshifts from pixels\n",
        f"{len(catalogue)} sources of zpix {version} in {bands}, from {catalogue.meta.get('mosaic', 'one field')}.\n",
        _FILES,
        *([_RESAMPLED.format(command=catalogue.meta["resampled"])] if "resampled" in catalogue.meta else []),
        *([] if not catalogue.missing_bands else [_of_missing_bands(catalogue)]),
        *([] if reference is None else [_of_reference(catalogue, reference)]),
        *([] if verdict is None else [_of_mosaics(verdict)]),
        "## What to beware of\n",
        "\n".join([*([] if expected is None else [f"- {expected[:1].upper()}{expected[1:]}."]), *_of_model(model)]),
        _CAVEATS + (_CONFORMAL if catalogue.meta.get("intervals") == "conformal" else ""),
        f"## Columns\n\n| column | type | unit | meaning |\n|---|---|---|---|\n{columns}\n",
        "## Flags\n\nThe column `flags` is a sum of these values; 0 is a source without caveats.\n",
        f"| flag | value | meaning |\n|---|---|---|\n{flags}\n",
    ]
    with whole_file(path) as temporary:
        temporary.write_text("\n".join(parts), encoding="utf-8")


def _of_missing_bands(catalogue: CatalogueFile | Catalogue) -> str:
    """Which bands of the model were not observed, and what that does to the columns."""
    missing, known = catalogue.missing_bands, len(catalogue.bands) + len(catalogue.missing_bands)
    return (
        f"The mosaics have {len(catalogue.bands)} of the {known} bands that the model knows. **Not observed: "
        f"{', '.join(missing)}.** Their columns are NaN, every source has the flag BANDS_MISSING, and redshifts are "
        "less certain than with all bands.\n"
    )


def _of_model(model: Mapping[str, Any]) -> Iterator[str]:
    """What the model has learnt from, as sentences of a list."""
    on = _LEARNT_FROM.get(model.get("training_data", {}).get("kind", ""), "data it does not tell")
    learnt = f"- The model is {model.get('name', 'unnamed')}. It learnt from {on}"
    seen = model.get("counts", {}).get("train", {})
    if "galaxy" in seen:
        learnt += f": {seen['galaxy']} galaxies, {seen.get('redshifts', 0)} of them with a redshift"
        learnt += f", and {seen.get('star', 0)} stars"
    elif seen:  # of a redshift head that learnt alone
        learnt += ": " + ", ".join(f"{count} {name}" for name, count in seen.items())
    yield learnt + "."
    begun = model.get("started_from", {})
    if begun:
        parts = ", ".join(f"{part.replace('_', ' ')}: {Path(source).name}" for part, source in begun.items())
        yield f"- Its training began with weights of other models ({parts}); what these had learnt is not counted."
    if model.get("adaptation"):
        yield _of_adaptation(model["adaptation"], model.get("flux_factors") or {})
    if "z_range" in model:
        low, high = model["z_range"]
        yield f"- It knows redshifts from {low:g} to {high:g}; near an end they are not to be trusted (Z_RANGE_END)."


def _of_adaptation(told: Mapping[str, Any], factors: Mapping[str, float]) -> str:
    """To which field a model was adapted, and how well it does there, as a sentence of a list."""
    mosaics, lists = (list(told.get(name, [])) for name in ("mosaics", "redshifts"))
    where = mosaics[0] + (f" and {len(mosaics) - 1} more" if len(mosaics) > 1 else "") if mosaics else "a field"
    spectra = f" with {told['spectra']} spectra of {', '.join(lists)}" if told.get("spectra") else ""
    text = f"- It was adapted to {where}{spectra} ({told.get('changed', '')})"
    scores = (told.get("scores") or {}).get(told.get("changed", ""))
    if scores:
        bias, scatter, outliers, inside = (
            scores[name]["value"] for name in ("bias", "sigma_nmad", "outlier_fraction", "coverage_68")
        )
        text += (
            f"; on {scores['count']} that were held out the bias is {bias:+.3f}, the scatter {scatter:.3f}, outliers "
            f"are {outliers:.1%}, and {inside:.0%} lie in the 68 % intervals"
        )
    if factors:
        listed = ", ".join(f"{band} {factor:.3f}" for band, factor in factors.items())
        text += f". All fluxes here are divided by factors that it found: {listed}"
    return text + ". It is meant for that field."


def _of_mosaics(verdict: Verdict) -> str:
    """What the examination of the mosaics came to, with its table."""
    _, header, rows = verdict.examination.table()
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(
        [
            _MOSAICS,
            *(f"- {sentence}" for sentence in verdict.sentences()),
            "",
            *(f"| {' | '.join(line)} |" for line in lines),
            "",
        ]
    )


def _of_reference(catalogue: CatalogueFile | Catalogue, reference: Mapping[str, Any]) -> str:
    origins = [chunk["origin"] for chunk in catalogue.chunks()]
    counts = {kind: sum(int((o == kind).sum()) for o in origins) for kind in ("matched", "forced", "new")}
    return _REFERENCE.format(
        **counts,
        name=reference["name"],
        outside=reference["outside"],
        how=reference["how"],
        pixels="box and segment" if reference["segments"] else "box",
    )
