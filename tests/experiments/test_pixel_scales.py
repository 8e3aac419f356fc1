"""Fields of other pixel scales score as those of the model's."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("poppy", reason="the simulator needs the extra 'sim'")

from experiments.pixel_scales import score_scale

from zpix.sources import sigma_nmad


@pytest.mark.slow
def test_aligned_fields_score_like_native_ones(tmp_path):
    native = score_scale(0.03, tmp_path, size_pix=512, seeds=[31])
    assert native.sources > 30
    for scale in (0.04, 0.06):
        aligned = score_scale(scale, tmp_path, size_pix=512, seeds=[31])
        allowed = 3 * np.sqrt(0.1 * 0.9 * (1 / native.sources + 1 / aligned.sources))  # 3 σ at a completeness of 0.9
        assert abs(aligned.completeness - native.completeness) < allowed, scale
        assert sigma_nmad(aligned.errors) < 2 * sigma_nmad(native.errors), scale
