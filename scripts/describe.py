"""Brings the descriptors of data packages in line with the contracts in portal/schemas, after one has changed.

Usage: python scripts/describe.py FOLDER… (each a data package). Names, titles and the `portal` part stay; the
resources are those whose CSV is there.
"""

import json
import sys
from pathlib import Path

from portal.data.packages import contract, described


def main(folders: list[str]) -> None:
    """Write each folder's datapackage.json anew."""
    for folder in map(Path, folders):
        path = folder / "datapackage.json"
        told = json.loads(path.read_text(encoding="utf-8"))
        spec = contract(told["portal"]["kind"])["resources"]
        there = [name for name in spec if (folder / "data" / f"{name}.csv").exists()]
        told["resources"] = [
            described(name, spec[name], told["portal"].get("breakdowns", {})) for name in there
        ]
        path.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
