# ruff: noqa: T201
"""Time other site generators with as many indicators, against this portal.

    .venv/bin/python benchmarks/peers.py [INDICATORS]

Observable Framework (npm) makes a page for each indicator of this portal: a line chart, and the first 200 figures as a
table. While it builds, it downloads parts of its library unless they are imported from installed packages, so the charts
use the installed Plot and the page parses the CSV itself. Framework checks nothing, draws nothing while it builds, and
makes no other pages. sdg-build is not on the Python Package Index: what is called `sdg` there is something else.
"""

import csv
import os
import shutil
import sys
import tempfile
from pathlib import Path

from portal.site import building
from stopwatch import Spent, spent

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "benchmarks" / "node_modules" / ".bin" / "observable"
ROWS = 200
PAGE = """# {title}

```js
import * as Plot from "@observablehq/plot";
const text = await FileAttachment("{name}.csv").text();
const rows = text.split("\\n").slice(1).map(line => line.split(","));
```

```js
display(Plot.plot({{marks: [Plot.lineY(rows, {{x: d => d[4], y: d => +d[6]}})]}}));
```

| area | period | value |
|---|---|--:|
{table}
"""


def main() -> None:
    """Build both, and print what each takes."""
    if not PROGRAM.exists():
        print("Observable Framework is not installed: run npm ci in benchmarks.")
        return
    site = building.build(ROOT, lambda _: None).folder
    tables = sorted(site.glob("figures/*/*.csv"))
    count = int(sys.argv[1]) if sys.argv[1:] else len(tables)
    with tempfile.TemporaryDirectory(dir=ROOT / "benchmarks") as folder:
        other = observable(Path(folder), [tables[n % len(tables)] for n in range(count)])
    ours = spent([sys.executable, "-m", "portal", "--project", str(ROOT), "build", "--fresh"])
    print(f"Observable Framework, {count} pages of indicators: {other.seconds:.1f} s")
    print(
        f"this portal, {len(tables)} indicators, {len(list(site.rglob('*.html')))} pages: {ours.seconds:.1f} s"
    )
    print(f"ratio {other.seconds / ours.seconds:.2f}")


def observable(folder: Path, tables: list[Path]) -> Spent:
    """Return what it takes to build a page for each table."""
    source = folder / "src"
    source.mkdir()
    for n, table in enumerate(tables):
        shutil.copy(table, source / f"i{n}.csv")
        with table.open(newline="") as lines:
            rows = [r for r, _ in zip(csv.DictReader(lines), range(ROWS), strict=False)]
        cells = "\n".join(f"| {r['area']} | {r['period']} | {r['value']} |" for r in rows)
        page = PAGE.format(title=f"Indicator {n}", name=f"i{n}", table=cells)
        (source / f"i{n}.md").write_text(page)
    (source / "index.md").write_text("# Home\n")
    (folder / "observablehq.config.js").write_text(
        'export default {title: "Peer", root: "src", search: false};\n'
    )
    (folder / "package.json").write_text('{"type": "module"}\n')
    before = Path.cwd()
    os.chdir(folder)
    try:
        return spent([str(PROGRAM), "build"])
    finally:
        os.chdir(before)


if __name__ == "__main__":
    main()
