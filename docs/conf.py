"""How the site is built: `nox -s docs`."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "_ext"))

import rheobase  # noqa: E402

project = "rheobase"
author = "The rheobase developers"
copyright = "the rheobase developers, MIT licence"
version = release = rheobase.__version__

extensions = [
    "compat_tables",
    "myst_parser",
    "numpydoc",
    "public_face",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "sphinxcontrib.bibtex",
]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
root_doc = "index"
exclude_patterns = ["_build", "_ext", "_templates", "gallery/**/*.ipynb", "gallery/**/*.py", "gallery/**/*.json"]
templates_path = ["_templates"]
default_role = "code"
nitpicky = True
nitpick_ignore_regex = [
    # what lives in other libraries, by its full name or by the alias of a type hint
    (r"py:.*", r"(abc|builtins|collections|enum|h5py|jax|jaxlib|jnp|matplotlib|mpl|np|npt|numpy)\..*"),
    (r"py:.*", r"(os|pandas|pathlib|pd|pynwb|sklearn|typing|xarray|xr)\..*"),
    (r"py:class", r"(ABC|AbstractGLM|ArrayLike|BoolArray|FloatArray|IntArray|Path|TypeAliasForwardRef)"),
    (r"py:.*", r"(datetime|types)\..*"),
    (r"py:class", r"(dict|tuple)\[str"),  # half of a type hint whose names are for type checkers
    (r"py:class", r"rheobase\.analysis\.randomize\.Events"),
    (r"py:.*", r"rheobase\.compat\.pynapple\..*"),
    # private homes of public names
    (r"py:.*", r"rheobase\.(.*\.)?_.*"),
    (r"py:.*", r"rheobase\.containers\..*"),
]

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autosummary_generate = True
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_type_aliases = {name: name for name in ("ArrayLike", "BoolArray", "FloatArray", "IntArray")}
python_maximum_signature_line_length = 88
autodoc_member_order = "groupwise"
autodoc_preserve_defaults = True
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
bibtex_bibfiles = ["references.bib"]
bibtex_default_style = "unsrt"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

sphinx_gallery_conf = {
    "examples_dirs": str(HERE.parent / "gallery"),
    "gallery_dirs": "gallery",
    "filename_pattern": r"plot_",
    "within_subsection_order": "FileNameSortKey",
    "plot_gallery": "True",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_signature": False,
    "remove_config_comments": True,
    "image_scrapers": ("matplotlib",),
    "reset_modules": ("matplotlib",),
    "min_reported_time": 1e6,
    "write_computation_times": False,
}

html_theme = "pydata_sphinx_theme"
html_title = "rheobase"
html_static_path = ["_static"]
html_css_files = ["rheobase.css"]
html_favicon = "_static/logo.svg"
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "rheobase", "image_light": "_static/logo.svg", "image_dark": "_static/logo.svg"},
    "header_links_before_dropdown": 6,
    "navbar_align": "left",
    "show_prev_next": True,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "pygments_light_style": "friendly",
    "pygments_dark_style": "monokai",
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_sidebars = {"index": [], "start": [], "changelog": [], "why": [], "benchmarks": []}
