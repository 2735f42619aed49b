"""cryokit: the research workbench for cryoprotectant discovery."""

__version__ = "0.1.0"
