"""Which figures are drawn of an evaluation?"""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from zpix.evaluation import Report
from zpix.plots.detection_figure import completeness_figure
from zpix.plots.pit_figure import pit_figure
from zpix.plots.redshift_figure import accuracy_figure, redshift_figure
from zpix.plots.style import save_figure


def save_evaluation_figures(report: Report, directory: str | Path) -> list[Path]:
    """Draw redshifts, PIT, accuracy and completeness of a report as PNG files.

    Redshifts and PIT are drawn of all matched galaxies, and of those brighter than the report's middle magnitude limit.

    Parameters
    ----------
    report : Report
        What `score_catalogue` found.
    directory : str or Path
        Directory to write to; made if needed.

    Returns
    -------
    list of Path
        The files.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    return [save_figure(directory / file, figure) for file, figure in evaluation_figures(report).items()]


def evaluation_figures(report: Report) -> dict[str, Figure]:
    """Draw redshifts, PIT, accuracy and completeness of a report.

    Parameters
    ----------
    report : Report
        What `score_catalogue` found.

    Returns
    -------
    dict of str to matplotlib.figure.Figure
        By the names of their files.
    """
    sample, every, title = report.sample, report.redshifts["all"], "All matched galaxies"
    figures = {
        "redshifts.png": redshift_figure(sample.z_true, sample.z_phot, scores=every, title=title),
        "pit.png": pit_figure(sample.pit, scores=every, title=title),
        "accuracy.png": accuracy_figure(report.by_magnitude, report.by_redshift, band=report.band),
    }
    if report.detection is not None:
        figures["completeness.png"] = completeness_figure(report.detection)
        limit = float(report.detection.mag_limits[-2])
        name = f"{report.band} < {limit:g}"
        bright = report.sample[report.magnitude < limit]
        figures["redshifts_bright.png"] = redshift_figure(
            bright.z_true, bright.z_phot, scores=report.redshifts.get(name), title=name
        )
        figures["pit_bright.png"] = pit_figure(bright.pit, scores=report.redshifts.get(name), title=name)
    return figures
