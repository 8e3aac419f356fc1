"""Which files hold which bands? One module per layout; `open_bands` finds the right one for each file."""

from zpix.image.formats.opening import open_bands

__all__ = ["open_bands"]
