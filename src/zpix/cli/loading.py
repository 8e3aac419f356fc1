"""How are the libraries that a command needs loaded quickly?"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from zpix.progress import waiting


@contextmanager
def loading() -> Iterator[None]:
    """Say on a terminal that zpix is loading, while modules are imported inside the context.

    Hardly anything that libraries make as they are imported is garbage, and there is much of it: to look for garbage
    meanwhile, and once more at the end of the program, takes a fourth of the time of a small field. So Python does not
    look meanwhile, and leaves these objects alone from then on; those that come later are looked after as usual.
    """
    if gc.get_freeze_count() or not gc.isenabled():  # a second command in one process, as in tests
        with waiting("loading zpix"):
            yield
        return
    gc.disable()
    try:
        with waiting("loading zpix"):
            yield
    finally:
        gc.freeze()
        gc.enable()
