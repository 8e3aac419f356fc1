"""Settings of the documentation's site: `make docs` builds it into build/site."""

from __future__ import annotations

import re
import sys
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

project = "zpix"
author = "zpix developers"
copyright = "zpix developers, BSD-3-Clause"
version = release = version_of("zpix")

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.mathjax", "numpydoc", "sphinx_copybutton"]
exclude_patterns = ["conf.py", "mock/*.json"]
source_suffix = {".md": "myst-nb"}

html_theme = "pydata_sphinx_theme"
html_title = "zpix"
html_show_sourcelink = False
html_sidebars = {"index": [], "api": []}
html_theme_options = {
    "show_prev_next": False,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "default",
    "pygments_dark_style": "github-dark",
}

myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 4  # the anchors that tests/test_documents.py knows
suppress_warnings = ["myst.header"]  # pages of the notebook begin where their form says
nb_execution_mode = "auto"
nb_execution_timeout = 600
nb_execution_raise_on_error = True
nb_merge_streams = True
nb_output_stderr = "remove"  # libraries' remarks on their own imports

autodoc_typehints = "none"  # numpydoc tells types
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

# Links out of this folder lead to a file on GitHub, and to its name on the site.
_OUTSIDE = re.compile(r"(?<!!)\[([^\]]+)\]\(((?:\.\./)+[^)\s]+)\)")
_HERE = Path(__file__).parent
sys.path.insert(0, str(_HERE))


def _without_links_outside(app: Any, name: str, text: list[str]) -> None:
    """Turn links to files of the repository that are no pages of the site into their text."""
    page = (_HERE / name).parent

    def plain(match: re.Match[str]) -> str:
        target = (page / match[2].partition("#")[0]).resolve()
        return match[0] if target.is_relative_to(_HERE) else match[1]

    text[0] = _OUTSIDE.sub(plain, text[0])
    if name == "notebook/README":  # its own tables are the list that readers see
        text[0] += "\n```{toctree}\n:hidden:\n:glob:\n\n20*\n```\n"


def setup(app: Any) -> None:
    """Connect what changes pages when they are read."""
    app.connect("source-read", _without_links_outside)
