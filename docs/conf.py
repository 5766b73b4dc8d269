"""Sphinx: Markdown pages through MyST, the reference from docstrings."""

project = "isinglass"
author = "The isinglass authors"
copyright = "2026, the isinglass authors"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_title = "isinglass"
exclude_patterns = ["_build"]
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
myst_enable_extensions = ["dollarmath"]
nitpicky = False
