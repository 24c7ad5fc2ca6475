# ruff: noqa: T201
"""Print Lighthouse's scores of one page of each kind on a slow phone, from a server with the real headers.

    make lighthouse

Lighthouse simulates a slow processor and network, so run this on a machine that is otherwise idle.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from browser import ARGUMENTS, served  # noqa: E402
from portal.site import chromium  # noqa: E402

PAGES = {
    "home": "", "a priority": "plans/plan-2016-17/priority-3/", "an action": "plans/strategy-2021-26/priority-1/action-1-4/",
    "a way to report": "report/police-101/", "an indicator": "figures/knife-crime/",
    "a ward": "wards/rushey-green/", "the list of figures": "figures/", "explore": "explore/",
}  # fmt: skip
KINDS = ("performance", "accessibility", "best-practices", "seo")
METRICS = (
    "first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift",
    "total-byte-weight",
)  # fmt: skip
LIGHTHOUSE = ROOT / "benchmarks" / "node_modules" / "lighthouse" / "cli" / "index.js"


def main() -> None:
    """Print a table of scores, of metrics, and of what cost a point."""
    print(f"| page | {' | '.join(KINDS)} | {' | '.join(METRICS)} |")
    print("|---|" + "--:|" * (len(KINDS) + len(METRICS)))
    lost = set()
    with served((ROOT / "build" / "site").resolve()) as address:
        for name, path in PAGES.items():
            found = report(address + path)
            scores = [round(100 * found["categories"][k]["score"]) for k in KINDS]
            values = [
                str(found["audits"][m]["displayValue"]).removeprefix("Total size was ") for m in METRICS
            ]
            print(f"| {name} | {' | '.join(map(str, scores))} | {' | '.join(values)} |", flush=True)
            for kind in KINDS:
                for ref in found["categories"][kind]["auditRefs"]:
                    audit = found["audits"][ref["id"]]
                    if ref["weight"] and audit["score"] is not None and audit["score"] < 0.9:
                        lost.add(f"{name}, {kind}: {audit['title']}")
    print("\n".join(["", *sorted(lost)]))


def report(url: str) -> dict[str, Any]:
    """Return the report that Lighthouse writes about a page, opened as on a phone."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "report.json")
        flags = " ".join(["--headless", *ARGUMENTS])
        command = [
            "node", str(LIGHTHOUSE), url, "--quiet", "--output=json", f"--output-path={out}", f"--chrome-flags={flags}",
            f"--only-categories={','.join(KINDS)}", "--form-factor=mobile",
        ]  # fmt: skip
        environment = {**os.environ, "CHROME_PATH": chromium.find_browser() or ""}
        subprocess.run(command, env=environment, check=True, timeout=300)
        return dict(json.loads(out.read_text()))


if __name__ == "__main__":
    main()
