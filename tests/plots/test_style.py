"""The common style needs no screen."""

from __future__ import annotations

import subprocess
import sys


def test_plots_do_not_need_pyplot():
    code = "import sys, zpix.plots; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
