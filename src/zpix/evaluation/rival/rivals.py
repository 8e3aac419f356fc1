"""Which methods can zpix be compared with?

Another package adds a method by an entry point of the group `zpix.rivals`, or by `RIVALS.add`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zpix.config import Registry
from zpix.errors import ConfigError
from zpix.evaluation.rival.fit import Fit, FitSettings, TemplateFitter
from zpix.evaluation.rival.method import Rival, RivalTask
from zpix.evaluation.rival.own_templates import simulation_templates
from zpix.evaluation.rival.sources import RivalSources
from zpix.evaluation.rival.templates import TemplateSet

# The simulation's own templates have no errors that would have to be allowed for.
_OWN_TEMPLATES = FitSettings(template_error=0.0, systematic_error=0.02)


class EazyRival(Rival):
    """Template fitting by EAZY.

    Parameters
    ----------
    task : RivalTask
        The field and its bands.
    templates : TemplateSet
        Template spectra, fitted together.
    settings : FitSettings
        Settings of the fit.
    """

    def __init__(self, task: RivalTask, templates: TemplateSet, settings: FitSettings) -> None:
        super().__init__(task)
        self.title = f"{templates.name} templates"
        self.fitter = TemplateFitter(task.bands, templates, settings)

    def redshifts(self, sources: RivalSources) -> Fit:
        """Fit templates to the photometry.

        Parameters
        ----------
        sources : RivalSources
            N sources with fluxes corrected for the dust of the Milky Way.

        Returns
        -------
        Fit of length N
            PDFs, point estimates and best-fit fluxes.
        """
        return self.fitter.fit(sources.photometry.flux_njy, sources.photometry.error_njy)

    def settings(self) -> dict[str, Any]:
        """Settings of the fit, and the number of templates.

        Returns
        -------
        dict
            JSON values.
        """
        return {"n_templates": len(self.fitter.templates), **self.fitter.settings.to_dict()}


def eazy_with_templates(task: RivalTask) -> EazyRival:
    """EAZY with the user's templates.

    Parameters
    ----------
    task : RivalTask
        Must have templates.

    Returns
    -------
    EazyRival
        Ready to fit.

    Raises
    ------
    ConfigError
        If no templates are given.
    """
    if task.templates is None:
        raise ConfigError("the rival 'eazy' needs template spectra: give template lists or single templates")
    return EazyRival(task, task.templates, FitSettings(param_file=task.param_file))


def eazy_with_simulation(task: RivalTask) -> EazyRival:
    """EAZY with the spectra that simulated galaxies are mixed from.

    Parameters
    ----------
    task : RivalTask
        Its scratch directory receives the templates.

    Returns
    -------
    EazyRival
        Ready to fit.
    """
    rival = EazyRival(task, simulation_templates(task.scratch), _OWN_TEMPLATES)
    rival.title = "simulation's templates"
    return rival


#: Methods to compare zpix with: what makes a `Rival` of a `RivalTask`, by name.
RIVALS: Registry[Callable[[RivalTask], Rival]] = Registry(
    "rivals", "rival", {"eazy": eazy_with_templates, "eazy-simulation": eazy_with_simulation}
)
