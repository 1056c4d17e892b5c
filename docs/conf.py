"""How Sphinx makes the site: python buildtools/docs.py."""

from __future__ import annotations

import sys
from pathlib import Path

import zcwasm

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "zcwasm"
version = release = zcwasm.__version__
project_copyright = "the authors of zcwasm, MIT licence"
html_title = f"zcwasm {version}"

# The last three are in _ext/.
extensions = ["myst_parser", "sphinx.ext.autodoc", "plain_docstrings", "repository", "generated"]
exclude_patterns = ["_ext"]
html_theme = "furo"
html_show_sphinx = False
html_copy_source = False

myst_heading_anchors = 3
myst_links_external_new_tab = False

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # most types are compiled and have none; _core.pyi is for type checkers
autodoc_default_options = {"members": True}

# Links by name are to this package's own things only: the build needs no network.
nitpicky = True
nitpick_ignore_regex = [("py:.*", r"(?!zcwasm\b).*")]
