"""The pages. Panel reads its address of scripts and styles when it is imported, so that is set here, before."""

import os

ASSETS_ROOT = "/_panel/"
os.environ["PANEL_CDN_ROOT"] = ASSETS_ROOT
