"""A redshift head over any set of bands."""

from __future__ import annotations

import pytest
import torch

from tests.detector.scenery import small_model
from zpix.config import ModelConfig
from zpix.detector.bands_head import BandsRedshiftHead
from zpix.detector.redshift_head import Mixture
from zpix.detector.soft_photometry import BandSums, as_inputs
from zpix.errors import BandError

BANDS = ("F090W", "F150W", "F277W", "F444W")
SUMS = 5


def head(bands: tuple[str, ...] = BANDS) -> BandsRedshiftHead:
    torch.manual_seed(0)
    config: ModelConfig = small_model().model_copy(update={"bands": bands, "redshift_head": "bands"})
    return BandsRedshiftHead(config).eval()


def sums(n: int = 6, bands: int = len(BANDS)) -> BandSums:
    rng = torch.Generator().manual_seed(3)
    noise = torch.rand(n, bands, SUMS, generator=rng) + 0.5
    return BandSums(
        10 * torch.rand(n, bands, SUMS, generator=rng), noise, torch.ones(n, bands), torch.full((n, 2), 12.0)
    )


def answer(network: BandsRedshiftHead, seen: BandSums) -> Mixture:
    with torch.inference_mode():
        return network.from_sums(as_inputs(seen, 1), torch.full((len(seen.total),), 0.01))


def taken(seen: BandSums, bands: list[int]) -> BandSums:
    return BandSums(seen.total[:, bands], seen.noise[:, bands], seen.coverage[:, bands], seen.size)


def same(one: Mixture, other: Mixture) -> None:
    for ours, theirs in zip(one[:3], other[:3], strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_the_order_of_bands_does_not_matter():
    order = [2, 0, 3, 1]
    shuffled = head(tuple(BANDS[band] for band in order))
    same(answer(head(), sums()), answer(shuffled, taken(sums(), order)))


def test_a_band_without_data_is_as_good_as_none():
    """Whether a band is hidden or the network is built without it."""
    seen, kept = sums(), [0, 1, 3]
    hidden = [component.clone() for component in seen]
    for component in hidden[:3]:
        component[:, 2] = 0.0
    fewer = head(tuple(BANDS[band] for band in kept))
    same(answer(head(), BandSums(*hidden)), answer(fewer, taken(seen, kept)))
    assert not torch.allclose(answer(head(), seen).means, answer(head(), BandSums(*hidden)).means)


def test_wavelengths_matter_and_unknown_bands_are_refused():
    near, far = head(("F090W", "F150W", "F277W", "F460M")), head(("F090W", "F105W", "F277W", "F360M"))
    answers = [answer(network, sums()).means for network in (head(), near, far)]
    assert (answers[1] - answers[0]).abs().mean() < (answers[2] - answers[0]).abs().mean()
    with pytest.raises(BandError, match="'HSC-G': its wavelengths are not known"):
        head(("HSC-G",))


def test_weights_do_not_depend_on_bands_and_all_learn():
    network, other = head(), head(("F115W", "F200W", "F356W"))
    assert {name: value.shape for name, value in network.state_dict().items()} == {
        name: value.shape for name, value in other.state_dict().items()
    }
    mixture = network.from_sums(as_inputs(sums(), 1), torch.zeros(6))
    (
        mixture.means.sum()
        + mixture.widths.sum()
        + (mixture.log_weights * torch.randn(mixture.log_weights.shape)).sum()
    ).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


def test_in_training_bands_that_no_source_of_a_batch_has_cost_nothing_and_change_nothing():
    hidden = [component.clone() for component in sums()]
    for component in hidden[:3]:
        component[:, 2] = 0.0
    seen, network = BandSums(*hidden), head()
    tokens = []
    network.layers[0].register_forward_pre_hook(lambda _, inputs: tokens.append(inputs[0].shape[1]))
    same(answer(network, seen), answer(network.train(), seen))
    assert tokens == [1 + len(BANDS), len(BANDS)]
