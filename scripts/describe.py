"""Update the descriptors of data packages after a schema in portal/data/schemas has changed.

python scripts/describe.py FOLDER…     where each folder is a data package

Names, titles and the `portal` part stay. A resource is described if its CSV file exists.
"""

import json
import sys
from pathlib import Path

from portal.data.packages import contract, describe_resource


def main(folders: list[str]) -> None:
    """Rewrite the datapackage.json of each folder."""
    for folder in map(Path, folders):
        path = folder / "datapackage.json"
        descriptor = json.loads(path.read_text(encoding="utf-8"))
        spec = contract(descriptor["portal"]["kind"])["resources"]
        resources = [name for name in spec if (folder / "data" / f"{name}.csv").exists()]
        descriptor["resources"] = [
            describe_resource(name, spec[name], descriptor["portal"].get("breakdowns", {}))
            for name in resources
        ]
        path.write_text(json.dumps(descriptor, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
