"""Write the software bill of materials as CycloneDX: every package of the site and its tests, with version and hashes.

The hashes are those that `make site` checks every download against. A Python package has one for each of its files.
"""

import base64
import json
import re
import sys
import tomllib
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

ROOT = Path(__file__).resolve().parent.parent
FILE = Path("build") / "sbom.json"
# Only the first is needed to build the site. The others are for the tests, and for machines without Node.
PYTHON_LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-node.lock")
NPM_LOCK = "package-lock.json"
_PACKAGE = re.compile(r"^([\w.-]+)==([^\s;\\]+)((?:.*\\\n)*.*)", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_IN_NPM = {"sha256": HashAlgorithm.SHA_256, "sha384": HashAlgorithm.SHA_384, "sha512": HashAlgorithm.SHA_512}


def components(root: Path) -> tuple[Component, ...]:
    """Return each package in the lock files of the project in `root` once, sorted by package URL."""
    found: dict[str, Component] = {}
    for name in PYTHON_LOCKS:
        scope = ComponentScope.REQUIRED if name == PYTHON_LOCKS[0] else ComponentScope.EXCLUDED
        for component in _python((root / name).read_text(encoding="utf-8"), scope):
            found.setdefault(str(component.purl), component)
    for component in _npm((root / NPM_LOCK).read_text(encoding="utf-8")):
        found.setdefault(str(component.purl), component)
    return tuple(found[purl] for purl in sorted(found))


def _python(lock: str, scope: ComponentScope) -> Iterator[Component]:
    for name, version, rest in _PACKAGE.findall(lock):
        hashes = [HashType(alg=HashAlgorithm.SHA_256, content=digest) for digest in _HASH.findall(rest)]
        yield _component(
            PackageURL("pypi", None, re.sub("[-_.]+", "-", name).lower(), version), hashes, scope
        )


def _npm(lock: str) -> Iterator[Component]:
    for path, entry in json.loads(lock)["packages"].items():
        if not path:  # the project itself
            continue
        group, _, name = path.rpartition("node_modules/")[2].rpartition("/")
        algorithm, _, digest = entry["integrity"].partition("-")
        hashes = [HashType(alg=_IN_NPM[algorithm], content=base64.b64decode(digest).hex())]
        scope = ComponentScope.EXCLUDED if entry.get("dev") else ComponentScope.REQUIRED
        yield _component(PackageURL("npm", group or None, name, entry["version"]), hashes, scope)


def _component(purl: PackageURL, hashes: Iterable[HashType], scope: ComponentScope) -> Component:
    return Component(
        type=ComponentType.LIBRARY, group=purl.namespace, name=purl.name, version=purl.version, purl=purl, bom_ref=str(purl),
        hashes=hashes, scope=scope,
    )  # fmt: skip


def sbom(root: Path) -> str:
    """Return the bill of materials as JSON: the same bytes for the same lock files."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    bom = Bom(components=components(root))
    bom.metadata.component = Component(
        type=ComponentType.APPLICATION, name=project["name"], version=project["version"], bom_ref="portal",
        description=project["description"],
    )  # fmt: skip
    bom.register_dependency(bom.metadata.component, bom.components)
    document = json.loads(JsonV1Dot6(bom).output_as_string())
    del document["metadata"]["timestamp"]  # the time and the random serial number would differ each time
    del document["serialNumber"]
    document["serialNumber"] = (
        f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(document, sort_keys=True))}"
    )
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def fault(text: str) -> str:
    """Return what the CycloneDX schema finds wrong, or an empty string."""
    return str(JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) or "")


def main() -> int:
    """Write the file; return 0 if it is valid, else 1."""
    text = sbom(ROOT)
    error = fault(text)
    if error:
        print(f"The bill of materials is not valid: {error}", file=sys.stderr)
        return 1
    (ROOT / FILE).parent.mkdir(exist_ok=True)
    (ROOT / FILE).write_text(text, encoding="utf-8")
    print(f"Written: {FILE}, with {len(json.loads(text)['components'])} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
