"""What is there to tell of a finished run or of its evaluation, on one page that can be passed on?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from zpix.catalogue import FLAGS, Catalogue, read_catalogue
from zpix.errors import BandError, InputFileError, OutputError
from zpix.evaluation import (
    OUTLIER_LIMIT,
    REDSHIFT_Z_EDGES,
    CountedFraction,
    Report,
    Truth,
    in_field,
    read_truth,
    score_catalogue,
)
from zpix.image import MosaicPaths, SegmentationMap
from zpix.jobs.show import read_stamps
from zpix.jobs.view import band_shown, result_directory, run_record, searched_mosaic
from zpix.outputs import TextTable, refuse_existing
from zpix.plots import (
    DocumentPart,
    Figure,
    evaluation_figures,
    picture_figure,
    population_figure,
    redshift_fractions_figure,
    sources_figure,
    write_html,
    write_pdf,
)

# Failures that are shown, and the faintest magnitude of their true sources where there are enough of them.
_FAILURES, _FAINTEST = 10, 28.0
_MEASURED = {
    "band": ("band", ""), "coverage": ("covered", ".0%"), "error_njy": ("error / nJy", ".4g"),
    "sky": ("sky / error", "+.2f"), "noise_over_error": ("noise / error", ".2f"),
    "sums_over_error": ("sums / error", ".2f"), "depth_mag": ("depth / mag", ".2f"),
    "fwhm_arcsec": ("FWHM / arcsec", ".3f"), "saturated": ("saturated", ".2%"),
}  # fmt: skip
_CITE = (
    "Cite zpix (CITATION.cff in its repository has the entry), and the paper whose method it follows: Merz et al., "
    "Photometric Redshifts in JWST Deep Fields: A Pixel-Based Alternative with DeepDISC, doi:10.33232/001c.156099."
)


def report(
    path: str | Path,
    *,
    out: str | Path | None = None,
    mosaics: MosaicPaths | None = None,
    band: str = "F444W",
    overwrite: bool = False,
) -> list[Path]:
    """Write a report of a finished run, or of an evaluation: one page of HTML without a network, and the same as a PDF.

    Of a run: what went in, what the examination of the mosaic found, numbers of sources and flags, distributions of
    redshift, magnitude and colour, times, and how to cite. Of an evaluation also its scores, figures, and the worst
    failures with stamps.

    Parameters
    ----------
    path : str or Path
        Directory of `run` or of `evaluate`, or a file in it.
    out : str or Path, optional
        File of HTML to write; the PDF lies beside it. `report.html` in `path` by default.
    mosaics : str, Path, sequence of these, or mapping of str to path, optional
        The mosaics that were searched, for stamps; by default those that `run.json` names. Without them there are none.
    band : str, default: "F444W"
        Band of the magnitudes of a run; that of an evaluation is its own.
    overwrite : bool, default: False
        Whether an earlier report is replaced.

    Returns
    -------
    list of Path
        The page and the PDF.

    Raises
    ------
    ZpixError
        If there is neither a run nor an evaluation at `path`, what it was made from is gone, or the file exists.

    Examples
    --------
    >>> zpix.report("result")  # doctest: +SKIP
    [PosixPath('result/report.html'), PosixPath('result/report.pdf')]
    """
    place = Path(path).parent if Path(path).is_file() else Path(path)
    page = place / "report.html" if out is None else Path(out)
    files = [page, page.with_suffix(".pdf")]
    if page.suffix != ".html":
        raise OutputError(f"{page}: the name of a report must end in .html; its PDF lies beside it")
    for file in files:
        refuse_existing(file, overwrite=overwrite)
    title, sections = _of_evaluation(place, mosaics) if (place / "report.json").is_file() else _of_run(place, band)
    page.parent.mkdir(parents=True, exist_ok=True)
    write_html(files[0], title, sections)
    write_pdf(files[1], title, sections)
    return files


def _of_run(path: Path, band: str) -> tuple[str, list[DocumentPart]]:
    """Title and parts of the report of a run."""
    place = result_directory(path)
    return f"zpix run: {place.absolute().name}", list(_about_run(place, read_catalogue(place), band))


def _about_run(place: Path, catalogue: Catalogue, band: str) -> Iterator[DocumentPart]:
    facts = run_record(place)
    picture = place / "detections.png"
    figures = [("the middle of the field with its sources", picture_figure(picture))] if picture.is_file() else []
    model = facts.get("model", {})
    inputs = {
        "zpix": str(facts.get("zpix", catalogue.meta.get("code_version", "not told"))),
        "model": f"{catalogue.meta.get('model', 'unnamed')}" + (f" ({model['path']})" if "path" in model else ""),
        "bands": " ".join(catalogue.bands),
        "missing bands": " ".join(catalogue.missing_bands) or "none",
        "pixels": " × ".join(str(side) for side in reversed(facts.get("shape", []))) or "not told",
        "intervals": str(catalogue.meta.get("intervals", "pdf")),
        **{f"mosaic {number}": str(one["path"]) for number, one in enumerate(facts.get("mosaics", []), start=1)},
    }
    yield DocumentPart(
        "What went in", tables=[("", ["", ""], [[name, text] for name, text in inputs.items()])], figures=figures
    )
    examination = facts.get("examination")
    if examination:
        yield _about_mosaics(examination)
    yield _about_sources(catalogue)
    shown = population_figure(catalogue, band=band_shown(catalogue, band))
    yield DocumentPart("Distributions", figures=[("numbers by redshift and magnitude, and colours", shown)])
    seconds = [[stage, f"{spent:.1f}"] for stage, spent in facts.get("seconds", {}).items()]
    yield DocumentPart("Times", tables=[("", ["stage", "seconds"], seconds)] if seconds else [])
    yield DocumentPart("How to cite", [_CITE])


def _about_mosaics(examination: Mapping[str, Any]) -> DocumentPart:
    """What the examination of the mosaics found."""
    told = [text for kind in ("warnings", "remarks", "notes") for text in examination.get(kind, [])]
    sentences = [text[:1].upper() + text[1:] for text in told]
    known = any(text.startswith("errors are multiplied") for text in told)  # then one of the notes has the factors
    done = (_told_repair(repair, errors=not known) for repair in examination.get("repairs", []))
    repairs = [sentence for sentence in done if sentence]
    rows = [[_measured(one.get(name), form) for name, (_, form) in _MEASURED.items()] for one in examination["bands"]]
    table = ("Empty pixels and sharp sources", [label for label, _ in _MEASURED.values()], rows)
    return DocumentPart(
        "What the pixels told", [*sentences, *repairs] or ["Nothing that the model does not know."], [table]
    )


def _told_repair(repair: Mapping[str, Any], *, errors: bool) -> str:
    """What was done to the pixels of a band, in a sentence; nothing of factors of fluxes, which are among the notes."""
    done = []
    if repair["sky_njy"]:
        done.append(f"a sky of {repair['sky_njy']:.4g} nJy per pixel was subtracted")
    if errors and repair["error_factor"] != 1:
        done.append(f"errors were multiplied by {repair['error_factor']:.3g}")
    return f"{repair['band']}: {' and '.join(done)}." if done else ""


def _measured(value: Any, form: str) -> str:
    """A measurement as text; a dash for none."""
    return "-" if value is None else format(value, form)


def _about_sources(catalogue: Catalogue) -> DocumentPart:
    """Numbers of sources by class and by flag."""
    kinds, counts = np.unique(catalogue["class"], return_counts=True)
    of_kind = [[str(kind), str(count)] for kind, count in zip(kinds, counts, strict=True)]
    flagged = [[f.name, str(int(((catalogue["flags"] & f.value) > 0).sum())), f.description] for f in FLAGS]
    none = ["none", str(int((catalogue["flags"] == 0).sum())), "a source without caveats"]
    return DocumentPart(
        "Sources",
        [f"{len(catalogue)} sources."],
        [("Classes", ["class", "sources"], of_kind), ("Flags", ["flag", "sources", "meaning"], [none, *flagged])],
    )


def _of_evaluation(path: Path, mosaics: MosaicPaths | None) -> tuple[str, list[DocumentPart]]:
    """Title and parts of the report of an evaluation, whose scores are made again from what it was made from."""
    inputs = json.loads((path / "report.json").read_text("utf-8")).get("inputs")
    if inputs is None:
        raise InputFileError(f"'{path}' does not say what it was made from: repeat zpix evaluate with this version")
    result = Path(inputs["catalogue"])
    catalogue = read_catalogue(result)
    truth = read_truth(inputs["truth"], band=inputs["band"], near=(catalogue["ra"], catalogue["dec"]))
    scores = score_catalogue(catalogue, truth, band=inputs["band"])
    named = {"catalogue": str(result), "truth": str(inputs["truth"]), "band of the magnitudes": scores.band,
             "detections": str(scores.n_detections), "true sources in the field": str(scores.n_truth),
             "matched one-to-one": str(scores.n_matched)}  # fmt: skip
    sections = [
        DocumentPart("What was compared", tables=[("", ["", ""], [[name, text] for name, text in named.items()])]),
        DocumentPart("Scores", tables=scores.tables()),
        DocumentPart("Figures", figures=[*evaluation_figures(scores).items(), *_by_redshift(catalogue, truth, scores)]),
        _failures(result, catalogue, truth, scores, mosaics if mosaics is not None else inputs.get("mosaics")),
    ]
    try:
        place = result_directory(result)
    except InputFileError:
        return f"zpix evaluation: {path.absolute().name}", [*sections, DocumentPart("How to cite", [_CITE])]
    return f"zpix evaluation: {path.absolute().name}", [*sections, *_about_run(place, catalogue, scores.band)]


def _by_redshift(catalogue: Catalogue, truth: Truth, scores: Report) -> list[tuple[str, Figure]]:
    """Completeness and purity against redshift; nothing if the truth has no magnitudes, as it is then no whole one."""
    if scores.detection is None:
        return []
    counted = truth.magnitude < _FAINTEST
    true = counted & np.isfinite(truth.z) & in_field(catalogue, truth)
    seen = (catalogue.magnitude(scores.band) < _FAINTEST) & catalogue.has_redshift
    fractions = [
        CountedFraction(*(np.histogram(z[own], REDSHIFT_Z_EDGES)[0] for own in (of & matched, of)))
        for z, of, matched in (
            (truth.z, true, scores.matching.right_matched),
            (catalogue["z_phot"], seen, scores.matching.left_matched),
        )
    ]
    title = f"{scores.band} < {_FAINTEST:g}"
    return [
        ("completeness and purity by redshift", redshift_fractions_figure(REDSHIFT_Z_EDGES, *fractions, title=title))
    ]


def _failures(
    result: Path, catalogue: Catalogue, truth: Truth, scores: Report, mosaics: MosaicPaths | None
) -> DocumentPart:
    """The worst redshifts of bright sources, with stamps where there are mosaics."""
    known = np.full(len(catalogue), np.nan)
    known[scores.matching.left] = truth.z[scores.matching.right]
    magnitude = np.full(len(catalogue), np.nan)
    magnitude[scores.matching.left] = truth.magnitude[scores.matching.right]
    error = np.abs(catalogue["z_phot"] - known) / (1 + known)
    bright = magnitude < _FAINTEST if (magnitude < _FAINTEST).any() else np.isfinite(known)
    failed = np.flatnonzero(bright & (error > OUTLIER_LIMIT))
    if not len(failed):
        return DocumentPart("The worst failures", ["None is off by more than the outlier limit."])
    worst = failed[np.argsort(-error[failed])][:_FAILURES]
    of_what = f"of true sources brighter than {_FAINTEST:g}" if (magnitude < _FAINTEST).any() else "of matched sources"
    told = [f"{len(failed)} redshifts {of_what} are off by more than {OUTLIER_LIMIT:g} (1 + z); the worst of them:"]
    rows = [[str(catalogue["id"][row]), f"{known[row]:.3f}", f"{catalogue['z_phot'][row]:.3f}", f"{error[row]:.3f}",
             f"{magnitude[row]:.2f}"] for row in worst]  # fmt: skip
    table: TextTable = ("", ["id", "true redshift", "z_phot", "|Δz| / (1 + z)", f"true {scores.band}"], rows)
    figures: list[tuple[str, Figure]] = []
    try:
        place = result_directory(result)
        with (
            searched_mosaic(place, mosaics) as mosaic,
            SegmentationMap(place / "segmentation.fits", shape=mosaic.shape) as segmentation,
        ):
            stamps = read_stamps(catalogue[worst], mosaic, segmentation)
        sheet = sources_figure(catalogue[worst], stamps, band=scores.band, z_known=known[worst])
        figures = [("stamps, PDFs and fluxes of the worst failures", sheet)]
    except (InputFileError, BandError) as missing:
        told.append(f"Without stamps: {missing}.")
    return DocumentPart("The worst failures", told, [table], figures)
