"""Which cameras can the simulator use, and which of them has a band?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zpix.config import Registry
from zpix.errors import BandError
from zpix.instruments.acs import ACS
from zpix.instruments.channel import Channel
from zpix.instruments.instrument import Instrument
from zpix.instruments.nircam import NIRCAM
from zpix.instruments.wfc3 import WFC3

#: Cameras by name. A band is that of the first camera that has it.
INSTRUMENTS: Registry[Instrument] = Registry("instruments", "instrument", {"nircam": NIRCAM, "acs": ACS, "wfc3": WFC3})


def instrument_of(band: str) -> Instrument:
    """Find the camera that observes a band.

    Parameters
    ----------
    band : str
        Name of the band, such as "F444W".

    Returns
    -------
    Instrument
        The first of `INSTRUMENTS` that has the band.

    Raises
    ------
    BandError
        If no camera has it.
    """
    for instrument in INSTRUMENTS.values():
        if band in instrument.channels:
            return instrument
    known = "; ".join(f"{name}: {', '.join(one.channels)}" for name, one in INSTRUMENTS.items())
    raise BandError(f"band '{band}' is of no instrument that can be simulated; known are {known}")


def instruments_of(bands: Sequence[str]) -> list[tuple[Instrument, NDArray[np.intp]]]:
    """Group bands by camera.

    Parameters
    ----------
    bands : sequence of str
        Names of bands.

    Returns
    -------
    list of (Instrument, (M,) int)
        Each camera in order of its first band, with the places of its bands in `bands`.
    """
    groups: dict[Instrument, list[int]] = {}
    for place, band in enumerate(bands):
        groups.setdefault(instrument_of(band), []).append(place)
    return [(instrument, np.array(places, np.intp)) for instrument, places in groups.items()]


def channels_of(bands: Sequence[str]) -> list[tuple[Instrument, Channel, NDArray[np.intp]]]:
    """Group bands by the channel of a camera that observes them.

    Parameters
    ----------
    bands : sequence of str
        Names of bands.

    Returns
    -------
    list of (Instrument, Channel, (M,) int)
        Each channel in order of its first band, with the places of its bands in `bands`.
    """
    groups: dict[tuple[Instrument, Channel], list[int]] = {}
    for place, band in enumerate(bands):
        instrument = instrument_of(band)
        groups.setdefault((instrument, instrument.channels[band]), []).append(place)
    return [(*key, np.array(places, np.intp)) for key, places in groups.items()]
