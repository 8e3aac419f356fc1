"""Write the tables of README.md, docs/results.md and the page of aims from one result of experiments/marks.py.

    python experiments/write_tables.py marks/marks.json

Each page has the lines `<!-- marks: begin -->` and `<!-- marks: end -->`; what stands between them is replaced. The
result is copied to docs/results/marks.json, so that the pages can be written again from the repository alone.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zpix.outputs import whole_file, write_json

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from experiments.markdown import table, with_error

ROOT = Path(__file__).resolve().parents[1]

BEGIN, END = "<!-- marks: begin -->", "<!-- marks: end -->"
AIMS = "docs/notebook/2026-11-29-which-aims-are-met.md"
KEPT = Path("docs") / "results" / "marks.json"
PERFECT = ", perfect photometry"
SCORES = {
    "sigma_nmad": "σ_NMAD",
    "outlier_fraction": "outliers",
    "coverage_68": "inside the 68 % interval",
    "coverage_95": "inside the 95 % interval",
}
COLUMNS = {
    "sigma_nmad": "σ_NMAD",
    "outlier_fraction": "outliers",
    "coverage_68": "in 68 %",
    "coverage_95": "in 95 %",
    "pit_ks": "PIT KS",
    "crps": "CRPS",
    "cde_loss": "CDE loss",
}


def readme_text(result: dict[str, Any]) -> str:
    """Return what README.md shows: the main scores down to F444W = 28."""
    return "\n\n".join([caption(result), main_table(result, found_to=("28",), redshifts_to=("28",))])


def results_text(result: dict[str, Any]) -> str:
    """Return what docs/results.md shows: the main scores, and all methods."""
    main = main_table(result, found_to=("28", "28.5"), redshifts_to=("27", "28"))
    return "\n\n".join([caption(result), main, methods_table(result)])


def aims_text(result: dict[str, Any]) -> str:
    """Return what the page of aims shows: each aim by field."""
    return "\n\n".join([caption(result), aims_table(result)])


def caption(result: dict[str, Any]) -> str:
    """Say which model, fields and galaxies the scores are of."""
    about = result["about"]
    count = result["redshifts"]["zpix"]["28"]["count"]
    seeds = ", ".join(map(str, about["seeds"]))
    side = about["size_pix"]
    return (
        f"Model `{about['model']}`; {len(about['seeds'])} fields of {side} × {side} pixels (seeds {seeds}); {count:,} "
        f"galaxies with F444W < 28 that both zpix and photutils have found; {about['date']}; {about['machine']}."
    )


def main_table(result: dict[str, Any], *, found_to: Sequence[str], redshifts_to: Sequence[str]) -> str:
    """Tabulate detection, redshifts and distant galaxies of zpix and of template fitting on measured photometry."""
    methods = [method for method in result["redshifts"] if not method.endswith(PERFECT)]
    detectors = ["zpix" if method == "zpix" else "photutils" for method in methods]
    rows = []
    for kind in ("completeness", "purity"):
        for limit in found_to:
            cells = [with_error(result["detection"][name][limit][kind]) for name in detectors]
            rows.append([f"{kind}, F444W < {limit}", *cells])
    for limit in redshifts_to:
        scores = [result["redshifts"][method][limit] for method in methods]
        if len(redshifts_to) > 1:
            rows.append([f"galaxies, F444W < {limit}", *(str(one["count"]) for one in scores)])
        for name, title in SCORES.items():
            rows.append([f"{title}, F444W < {limit}", *(with_error(one[name]) for one in scores)])
    for kind in ("recall", "purity"):
        cells = [with_error(result["selections"][method]["6"][kind]) for method in methods]
        rows.append([f"{kind} of galaxies beyond z = 6, F444W < 28", *cells])
    return table(["", *methods], rows)


def aims_table(result: dict[str, Any]) -> str:
    """Tabulate each aim with its values in every field and in all together."""
    rows = []
    for aim in result["aims"]:
        ends = [f"{sign} {aim[end]:g}" for sign, end in (("≥", "low"), ("≤", "high")) if aim[end] is not None]
        values = ["-" if value is None else f"{value:.3f}" for value in aim["values"]]
        rows.append([aim["name"], *values, " and ".join(ends), "yes" if aim["met"] else "no"])
    return table(["", *map(str, result["about"]["seeds"]), "together", "aim", "met"], rows)


def methods_table(result: dict[str, Any]) -> str:
    """Tabulate all methods on the galaxies with F444W < 28, and zpix on those of a spectroscopic survey."""
    samples = {method: scores["28"] for method, scores in result["redshifts"].items()}
    samples["zpix, galaxies of a spectroscopic survey"] = result["spectroscopic"]
    rows = [[name, str(one["count"]), *(with_error(one[score]) for score in COLUMNS)] for name, one in samples.items()]
    return table(["method", "galaxies", *COLUMNS.values()], rows)


def replaced(page: str, text: str, *, name: str) -> str:
    """Return a page with other text between its markers."""
    if page.count(BEGIN) != 1 or page.count(END) != 1 or page.index(BEGIN) > page.index(END):
        raise SystemExit(f"{name}: needs one line '{BEGIN}' and, after it, one line '{END}'")
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    return f"{before}{BEGIN}\n{text}\n{END}{after}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the result, write the pages, and keep the result beside them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("result", type=Path, help="JSON file of experiments/marks.py")
    parser.add_argument("--root", type=Path, default=ROOT, help="directory of README.md and docs")
    asked = parser.parse_args(arguments)
    result = json.loads(asked.result.read_text("utf-8"))
    pages = {"README.md": readme_text(result), "docs/results.md": results_text(result), AIMS: aims_text(result)}
    written = {name: replaced((asked.root / name).read_text("utf-8"), text, name=name) for name, text in pages.items()}
    for name, page in written.items():
        with whole_file(asked.root / name) as temporary:
            temporary.write_text(page, encoding="utf-8")
    (asked.root / KEPT).parent.mkdir(parents=True, exist_ok=True)
    write_json(asked.root / KEPT, result)
    print(f"wrote {', '.join(written)} and {KEPT}")


if __name__ == "__main__":
    main()
