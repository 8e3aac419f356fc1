"""From tiles to the sources of a field."""

from zpix.inference.merge import keep_owned, merge
from zpix.inference.predict import Predictor

__all__ = ["Predictor", "keep_owned", "merge"]
