"""How does a network whose weights know no band serve any set of bands?"""

from __future__ import annotations

import copy

from zpix.detector.detector import Detector
from zpix.detector.redshift_heads import REDSHIFT_HEADS
from zpix.detector.wavelength_ranges import seen_together


def serves_any_bands(detector: Detector) -> bool:
    """Say whether the weights of a network know no band.

    Parameters
    ----------
    detector : Detector
        The network.

    Returns
    -------
    bool
        True if its redshift head says so, and it sees ranges of wavelength.
    """
    return detector.redshift_head.serves_any_bands and detector.config.image_channels == "ranges"


def detector_for_bands(detector: Detector, bands: tuple[str, ...]) -> Detector:
    """Give a network for other bands that shares its weights with one that knows no band.

    Parameters
    ----------
    detector : Detector
        The network, which is not changed.
    bands : tuple of str
        Bands of the images, in order.

    Returns
    -------
    Detector
        In the same mode, on the same device.

    Raises
    ------
    BandError
        If the wavelengths of a band are not known.
    """
    config = detector.config.model_copy(update={"bands": bands})
    own = detector.redshift_head
    head = REDSHIFT_HEADS[config.redshift_head](config)
    head.load_state_dict(own.state_dict(), assign=True)
    other = copy.copy(detector)
    other._modules = dict(detector._modules)  # a shallow copy has the same dict, and so the same head
    other.config, other._together = config, seen_together(config)
    other.redshift_head = head.to(own.mixture.linear.weight.device).train(own.training)
    return other
