"""What do the files of a run hold?

`README.md` says what each file and column holds, and how far redshifts can be trusted. Columns and flags come from
their declarations, figures from the model and the catalogue.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from zpix.catalogue.flags import FLAGS
from zpix.catalogue.parquet_file import CatalogueFile
from zpix.catalogue.table import Catalogue
from zpix.outputs import whole_file

_FILES = """\
| file | content |
|---|---|
| `catalogue.fits`, `catalogue.parquet` | one row per source; the same columns, units and descriptions |
| `pdfs.hdf5` | the redshift PDFs as a `qp` ensemble, with the ids of the catalogue |
| `segmentation.fits` | source id of each pixel; 0 for none |
| `regions.reg` | boxes for DS9, labelled with id and redshift |
| `detections.png` | the middle of the field in colour with its sources |
| `config.toml`, `run.json` | the settings; versions, inputs and times |
"""

_CAVEATS = """\
- Redshifts are as good as the training data are like the sky. Spectroscopic training samples are small, and incomplete
  in colour and magnitude (Merz et al. 2026); simulated ones are as realistic as the simulator. Where a source is
  fainter than the training data, or has other colours, the PDF is an extrapolation. Compare with spectra of your own
  field before you use the redshifts.
- Use the PDF rather than a single number where flags say MULTIPEAK or WIDE_PDF. The widths of the PDFs are calibrated
  as a whole, on validation tiles of the training data: they are right for sources like those on average, not for each
  kind of source.
- The redshift in the row of a star has no meaning (flag STAR), and a few galaxies are classified as stars.
- Fluxes are sums inside the masks, neither total nor matched in PSF. Redshifts do not use them.
- Missing is not zero: a band that was not observed has flux NaN and is not counted in `n_bands`; one that was observed
  but shows no source has a small flux with its error.
"""

_CONFORMAL = """\
- Intervals are conformal: z025, z160, z840 and z975 reach as far from the median, in probability, as holds the true
  redshifts of 95 % and 68 % of the sources of known redshift and similar signal-to-noise in validation tiles of the
  training data. They hold that share of true redshifts for detections like those, whether the PDFs are right or not;
  not necessarily for forced rows and for other kinds of sources. PDFs, flags and the other columns do not depend on
  them. An interval from 0 to infinity says that there were too few sources of known redshift for a shorter one.
"""

_REFERENCE = """\
## Sources of the reference catalogue

Every source of `{name}` on the mosaics has one row; `reference_id` is its identifier there, and `origin` says where the
row comes from:

| origin | rows | meaning |
|---|---|---|
| `matched` | {matched} | the network found it: the row is that of the detection |
| `forced` | {forced} | no detection matches: the row is what the network infers from the source's own {pixels} |
| `new` | {new} | a detection that matches nothing in the reference (flag UNMATCHED, `reference_id` -1) |

Detections are {how}. {outside} of the sources that the catalogue lists lie outside the mosaics and have no row.

- A forced row is a redshift for a source that the network did not detect: it may be faint, hidden by a neighbour,
  deblended differently, or not real. Its `score` is the probability that it is real. Expect larger errors.
- Matched and new rows have boxes and masks of the network, forced ones those of the reference where it has them.
"""


def write_readme(
    path: str | Path,
    catalogue: CatalogueFile | Catalogue,
    *,
    model: Mapping[str, Any],
    reference: Mapping[str, Any] | None = None,
) -> None:
    """Write `README.md`; the file appears whole or not at all.

    Parameters
    ----------
    path : str or Path
        File to write.
    catalogue : Catalogue or CatalogueFile
        In memory or on disk; may be empty.
    model : mapping of str to object
        What the checkpoint says of itself: its name, training data, counts and redshift range are written if known.
    reference : mapping of str to object, optional
        Of a reference catalogue: its `name`, the number of its sources `outside` the mosaics, `how` it was matched, and
        whether it has `segments`.
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
        *([] if reference is None else [_of_reference(catalogue, reference)]),
        "## Caveats\n",
        "\n".join(_of_model(model)),
        _CAVEATS + (_CONFORMAL if catalogue.meta.get("intervals") == "conformal" else ""),
        f"## Columns\n\n| column | type | unit | meaning |\n|---|---|---|---|\n{columns}\n",
        "## Flags\n\nThe column `flags` is a sum of these values; 0 is a source without caveats.\n",
        f"| flag | value | meaning |\n|---|---|---|\n{flags}\n",
    ]
    with whole_file(path) as temporary:
        temporary.write_text("\n".join(parts), encoding="utf-8")


def _of_model(model: Mapping[str, Any]) -> Iterator[str]:
    """What the model was trained on, as sentences of a list."""
    kind = model.get("training_data", {}).get("kind", "")
    on = {"mock": "a simulated sky and on no real galaxy", "survey": "a survey"}.get(kind, "data that are not known")
    learnt = f"- The model is {model.get('name', 'unnamed')}. It was trained on {on}"
    seen = model.get("counts", {}).get("train", {})
    if seen:
        learnt += f": {seen.get('galaxy', 0)} galaxies, {seen.get('redshifts', 0)} of them with a redshift"
        learnt += f", and {seen.get('star', 0)} stars"
    yield learnt + "."
    begun = model.get("started_from", {})
    if begun:
        parts = ", ".join(f"{part.replace('_', ' ')}: {Path(source).name}" for part, source in begun.items())
        yield f"- Its training started from other models ({parts}), whose training data are not counted here."
    if "z_range" in model:
        low, high = model["z_range"]
        yield f"- Training redshifts are {low:g} to {high:g}; do not trust redshifts near an end (Z_RANGE_END)."


def _of_reference(catalogue: CatalogueFile | Catalogue, reference: Mapping[str, Any]) -> str:
    """The section on the reference catalogue."""
    origins = [chunk["origin"] for chunk in catalogue.chunks()]
    counts = {kind: sum(int((o == kind).sum()) for o in origins) for kind in ("matched", "forced", "new")}
    return _REFERENCE.format(
        **counts,
        name=reference["name"],
        outside=reference["outside"],
        how=reference["how"],
        pixels="box and segment" if reference["segments"] else "box",
    )
