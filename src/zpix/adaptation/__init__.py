"""One field, its spectra, and what they teach a model that was made for other fields."""

from zpix.adaptation.field_sources import FieldSources, search_near
from zpix.adaptation.field_spectra import FieldSpectra, match_spectra, spectra_on

__all__ = ["FieldSources", "FieldSpectra", "match_spectra", "search_near", "spectra_on"]
