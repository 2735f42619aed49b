"""The workbench as commands; the same names as the workbench's methods."""

from cryokit.cli.commands import main

__all__ = ["main"]
