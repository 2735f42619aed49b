"""Compare what a scan for secrets found with what was reviewed: ``detect-secrets scan | new_secrets.py BASELINE``."""

import json
import sys
from pathlib import Path


def hashes(results: dict) -> set[tuple[str, str]]:
    """Return file and hash of each suspicion; lines move, hashes do not."""
    return {(name, item["hashed_secret"]) for name, items in results.items() for item in items}


def main() -> int:
    """Print what was not reviewed and end with 1 if there is any."""
    reviewed = hashes(json.loads(Path(sys.argv[1]).read_text())["results"])
    found = json.load(sys.stdin)["results"]
    fresh = [
        f"{name}:{item['line_number']}: {item['type']}"
        for name, items in found.items()
        for item in items
        if (name, item["hashed_secret"]) not in reviewed
    ]
    sys.stdout.write("".join(f"not reviewed: {line}\n" for line in fresh))
    return 1 if fresh else 0


if __name__ == "__main__":
    sys.exit(main())
