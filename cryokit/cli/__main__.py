"""Run the commands as ``python -m cryokit.cli``."""

from cryokit.cli import main

main()
