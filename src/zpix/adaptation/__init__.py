"""One field, its spectra, and what they teach a model that was made for other fields."""

from zpix.adaptation.account import AdaptationAccount
from zpix.adaptation.adapted_model import FieldFacts, adapted_checkpoint
from zpix.adaptation.field_sources import FieldSources, search_near
from zpix.adaptation.field_spectra import FieldSpectra, match_spectra, spectra_on
from zpix.adaptation.fit_candidates import ADAPTED, Candidate, held_out_candidates, mock_candidates, without_pyramid
from zpix.adaptation.flux_factors import FluxFactors, solve_flux_factors
from zpix.adaptation.judgement import Judgement, judge_candidates
from zpix.adaptation.like_field import as_noisy, simulation_like, taught_simulation
from zpix.adaptation.tuning import Lessons, tune
from zpix.adaptation.weighting import importance, places_in_colour

__all__ = [
    "ADAPTED",
    "AdaptationAccount",
    "Candidate",
    "FieldFacts",
    "FieldSources",
    "FieldSpectra",
    "FluxFactors",
    "Judgement",
    "Lessons",
    "adapted_checkpoint",
    "as_noisy",
    "held_out_candidates",
    "importance",
    "judge_candidates",
    "match_spectra",
    "mock_candidates",
    "places_in_colour",
    "search_near",
    "simulation_like",
    "solve_flux_factors",
    "spectra_on",
    "taught_simulation",
    "tune",
    "without_pyramid",
]
