"""A detector that has been trained a little."""

import pytest
import torch

from tests.detector.scenery import blobs, small_model
from zpix.detector import Detector


@pytest.fixture(scope="session")
def trained() -> Detector:
    """A detector that has seen some blobs: its normalisation is not the identity, and its boxes mean something."""
    torch.manual_seed(0)
    detector = Detector(small_model(bands=("A", "B", "C"))).train()
    optimizer = torch.optim.AdamW(detector.parameters(), 2e-3)
    for step in range(40):
        loss = sum(detector.losses(blobs(("A", "B", "C"), seed=step, images=2), box_jitter=0.05).values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return detector.eval()
