"""Structures that somebody brings as a file."""

from cryokit.chemistry.structure_files import SdfRecord, read_sdf
from cryokit.errors import InputError


def structures_in(content: bytes) -> list[SdfRecord]:
    """Return the records of an SDF file that was sent."""
    if b"\x00" in content:
        msg = "the file holds NUL characters, so it is no SDF text; export it as SDF (V2000 or V3000)"
        raise InputError(msg)
    # Titles are sometimes Latin-1; structures are plain ASCII either way.
    try:
        return read_sdf(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return read_sdf(content.decode("latin-1"))
