"""Fields of other pixels score as those of the model's."""

from __future__ import annotations

import pytest

pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")

from experiments.pixel_scales import score_scale
from zpix.sources import sigma_nmad


@pytest.mark.slow
@pytest.mark.usefixtures("without_figures")
def test_aligned_fields_score_like_native_ones(tmp_path):
    native = score_scale(0.03, tmp_path, size_pix=512, seeds=[31])
    assert native.sources > 15
    aligned = score_scale(0.06, tmp_path, size_pix=512, seeds=[31])
    assert aligned.sources == native.sources
    assert abs(aligned.found - native.found) <= max(2, 0.05 * native.sources)
    assert sigma_nmad(aligned.errors) < 1.5 * sigma_nmad(native.errors) + 0.005
