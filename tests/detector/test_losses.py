import numpy as np
import torch

from zpix.detector.losses import box_loss, class_loss, mask_loss, objectness_loss, redshift_loss
from zpix.sources import ZMixture


def mixture(n=5, k=3, seed=0):
    torch.manual_seed(seed)
    logits, means, widths = torch.randn(n, k), torch.rand(n, k) * 3 - 0.3, torch.rand(n, k) * 0.4 + 0.05
    return torch.log_softmax(logits, 1).requires_grad_(), means.requires_grad_(), widths.requires_grad_()


def test_redshift_loss_is_the_mean_log_density_of_the_truncated_mixture():
    log_weights, means, widths = mixture()
    z = torch.tensor([0.1, 0.5, 1.0, 2.0, 3.0])
    loss = redshift_loss(log_weights, means, widths, z)
    plain = ZMixture(*(p.detach().double().numpy() for p in (log_weights.exp(), means, widths)))
    expected = -np.log(plain.pdf(z.numpy()[:, None])[:, 0]).mean()
    assert abs(float(loss.detach()) - expected) < 1e-4


def test_sources_without_redshift_do_not_count():
    parameters = mixture()
    z = torch.tensor([0.1, float("nan"), 1.0, float("nan"), 3.0])
    known = torch.isfinite(z)
    with_unknown = redshift_loss(*parameters, z)
    without = redshift_loss(*(p[known] for p in parameters), z[known])
    torch.testing.assert_close(with_unknown, without)


def test_redshift_loss_survives_an_impossible_redshift():
    log_weights, means, widths = (p.detach() for p in mixture())
    loss = redshift_loss(log_weights, means - 60, torch.full_like(widths, 0.01), torch.full((5,), 15.0))
    assert torch.isfinite(loss)


def test_nothing_to_learn_from_is_a_connected_zero():
    empty = torch.zeros(0, 3, requires_grad=True)
    losses = [
        objectness_loss(empty[:, 0], torch.zeros(0)),
        box_loss(torch.zeros(0, 4, requires_grad=True), torch.zeros(0, 4), 0),
        class_loss(empty, torch.zeros(0, dtype=torch.long)),
        mask_loss(torch.zeros(0, 28, 28, requires_grad=True), torch.zeros(0, 28, 28)),
        redshift_loss(*mixture(), torch.full((5,), float("nan"))),
    ]
    for loss in losses:
        assert float(loss.detach()) == 0.0
        loss.backward()
