"""How is what `zpix info` has found told in ten lines, and a table of surveys?"""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import wrap
from typing import Any

Facts = Mapping[str, Any]
_INDENT, _WIDTH = 15, 150
_ERRORS = {"image": "those of the images", "measured": "scatter of sums measured on empty sky"}


def describe(facts: Facts) -> list[str]:
    """Tell the main facts of a model, a training store or the result of a run.

    Further lines tell how good a model was found to be in which bands.

    Parameters
    ----------
    facts : mapping of str to object
        As `zpix.info` returns them.

    Returns
    -------
    list of str
        Ten lines at the most, each with a name in front, and a table behind them.
    """
    kinds = {"model": _of_model, "training store": _of_store, "result": _of_result}
    lines = {str(facts["kind"]): str(facts["path"]), **kinds[facts["kind"]](facts)}
    told = [line for name, text in lines.items() if text for line in _wrapped(name, text)]
    return told + _measured(facts.get("surveys") or {})


def _wrapped(name: str, text: str) -> list[str]:
    """A name and what it is, in lines of readable length; paths are not cut."""
    begin = f"{name:{_INDENT}}"
    indent = " " * _INDENT
    return wrap(
        text, _WIDTH, initial_indent=begin, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _measured(surveys: Facts) -> list[str]:
    """How good a model was found to be in the bands of which surveys: a heading and a line for each."""
    sets = surveys.get("sets") or []
    if not sets:
        return []
    limit = f" of simulated galaxies with {surveys['limit']}" if surveys.get("limit") else ""
    return [
        f"measured       redshifts{limit}:",
        *(
            f"  {own['survey']:20}{len(own['bands']):2d} bands   scatter {own['sigma_nmad']:<8.3g}"
            f"outliers {own['outlier_fraction']:4.0%}"
            + (f"   {own['galaxies']} galaxies" if own.get("galaxies") else "")
            for own in sets
        ),
    ]


def _of_model(facts: Facts) -> dict[str, str]:
    shape, calibrated = facts["model"], []
    for name, what in (("width_calibration", "widths"), ("conformal", "conformal intervals"), ("ranges", "eight bits")):
        calibrated += [what] if facts.get(name) else []
    calibrated += ["novelty"] if facts.get("knows_ordinary_sources") else []
    size = shape["built_size_pix"]
    return {
        "name": f"{facts.get('name', 'unnamed')}, made by zpix {facts.get('code_version', 'of an unknown version')}",
        "network": f"{shape['backbone']}, redshift head {shape['redshift_head']}, classes {' '.join(shape['classes'])}",
        "bands": " ".join(shape["bands"]) + ("; serves others too" if facts.get("serves_any_bands") else ""),
        "pixels": f"{shape['pixel_scale_arcsec']} arcsec, images of {size} pixels; errors: {_ERRORS[shape['errors']]}",
        "learnt from": _learnt_from(facts),
        "redshifts": "{:g} to {:g}".format(*facts["z_range"]) if facts.get("z_range") else "not told",
        "training": _training(facts),
        "adapted to": _adapted(facts),
        "calibrated": ", ".join(calibrated) or "nothing",
    }


def _adapted(facts: Facts) -> str:
    """The field that a model was adapted to, and how well it does there; empty for others."""
    told = facts.get("adaptation") or {}
    if not told:
        return ""
    scores = (told.get("scores") or {}).get(told.get("changed"), {})
    values = [scores[name]["value"] for name in ("sigma_nmad", "outlier_fraction")] if scores else []
    worth = "; held out: scatter {:.3f}, outliers {:.1%}".format(*values) if values else ""
    names = told.get("mosaics") or ["a field"]
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{names[0]}{more}, {told.get('spectra', 0)} spectra, {told.get('changed')}{worth}"


def _learnt_from(facts: Facts) -> str:
    """Kind and size of the training data."""
    counts = facts.get("counts") or {}
    kind = str((facts.get("training_data") or {}).get("kind", "data it does not tell"))
    return kind + (": " + _counted(counts["train"]) if counts.get("train") else "")


def _training(facts: Facts) -> str:
    """Epochs, last loss and beginning of a training."""
    parts = []
    for name, what in (("pretraining_epochs", "of pretraining"), ("epochs", "of training")):
        parts += [f"{facts[name]} epochs {what}"] if facts.get(name) else []
    hidden = (facts.get("training") or {}).get("band_dropout")
    parts += [f"each band hidden with a chance of {hidden:g}"] if hidden else []
    begun = facts.get("started_from") or {}
    parts += ["from " + ", ".join(str(source) for source in begun.values())] if begun else []
    return "; ".join(parts)


def _of_store(facts: Facts) -> dict[str, str]:
    return {
        "kind of data": str(facts["about"].get("kind", "not told")),
        "bands": " ".join(facts["bands"]),
        "tiles": f"{facts['tile_size']} pixels of {facts['pixel_scale_arcsec']} arcsec",
        "noise": _noise(facts),
        **{split: _counted(counts) for split, counts in facts["counts"].items()},
    }


def _noise(facts: Facts) -> str:
    """Scatter of sums on the empty sky of a store over their error, in each band."""
    factors = facts.get("error_factors")
    if factors is None:
        return "not measured: fit for models whose errors are those of the images"
    return "sums scatter by their error times " + " ".join(f"{factor:g}" for factor in factors)


def _of_result(facts: Facts) -> dict[str, str]:
    run = facts["run"]
    classes = ", ".join(f"{count} of class {name}" for name, count in facts["classes"].items())
    seconds = run.get("seconds", {})
    return {
        "sources": f"{facts['sources']}" + (f": {classes}" if classes else ""),
        "bands": " ".join(facts["bands"]),
        "missing bands": " ".join(facts["missing_bands"]),
        "mosaic": f"{' x '.join(map(str, reversed(facts.get('mosaic_shape', []))))} pixels: {_first(facts)}",
        "model": f"{facts.get('model', 'unnamed')}, zpix {facts.get('code_version', 'of an unknown version')}",
        "redshifts": "{:g} to {:g}, intervals: {}".format(*facts.get("z_range", (0, 0)), facts.get("intervals", "pdf")),
        "flags": ", ".join(f"{name} {count}" for name, count in facts["flags"].items()),
        "seconds": ", ".join(f"{stage} {spent:.1f}" for stage, spent in seconds.items()),
    }


def _first(facts: Facts) -> str:
    """The first file of a mosaic, and how many others there are."""
    files = str(facts.get("mosaic", "not told")).split(", ")
    return files[0] + (f" and {len(files) - 1} more" if len(files) > 1 else "")


def _counted(counts: Mapping[str, int]) -> str:
    """Numbers with what they count, without zeros but for the first."""
    told = [f"{count} {name}" for number, (name, count) in enumerate(counts.items()) if count or not number]
    return ", ".join(told)
