"""
The pages.

Panel reads the address of its scripts and styles once, when it is imported, from the environment. It is set for just
that moment: programs that we start, such as the kernels of reports, must not inherit it.
"""

import os

ASSETS_ROOT = "/_panel/"
os.environ["PANEL_CDN_ROOT"] = ASSETS_ROOT
try:
    import panel.io.resources  # noqa: F401  imported for its effect
finally:
    del os.environ["PANEL_CDN_ROOT"]
