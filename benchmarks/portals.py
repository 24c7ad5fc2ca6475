"""Make portals to measure: a copy of this one, and larger ones from the published file of all London wards.

    benchmarks/portals.py FOLDER PAGES FILE

FILE is a file of “MPS Ward Level Crime”: 679 wards in 32 boroughs. The portal is the small one of the tests with these
wards, and for each borough a plan and a page with a chart for each group of offences. Codes, plans and populations are
made up; the counts are those of the file.
"""

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from portal.importers.police import derive, mps_crime  # noqa: E402
from project import make_project  # noqa: E402

WHERE = {"source": "returns", "locator": "Table 9"}
HOME, FORCE, TOTAL = "E09999999", "E12999999", "all-offences"
PRIORITIES, ACTIONS = 5, 6  # priorities of each borough's plan, and actions of each priority
SERIES = 13  # twelve groups of offences, and their total
# Left out, because its small counts would have to be withheld.
SENSITIVE = "sexual-offences"
OF_TINY = 50  # pages of the small portal, roughly
# Pages for each ward and for each borough.
OF_WARD, OF_BOROUGH = 2, SERIES + 1 + PRIORITIES * (1 + ACTIONS)
Row = dict[str, object]


@dataclass(frozen=True)
class Places:
    """The wards of a portal by code, each with its name and borough, and the codes of the boroughs."""

    wards: dict[str, tuple[str, str]]
    boroughs: dict[str, str]


def own(folder: Path) -> Path:
    """Copy this repository's portal without what was built."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout  # noqa: S607
    for name in listed.decode().rstrip("\0").split("\0"):
        if not name.startswith(("tests/", "docs/", "benchmarks/")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    (folder / "node_modules").symlink_to((ROOT / "node_modules").resolve())
    return folder


def grown(folder: Path, pages: int, file: Path) -> Path:
    """Write a portal with about this many pages, and with empty caches."""
    make_project(folder)
    (folder / "build" / "cache").unlink()
    places = chosen(pd.read_csv(file, dtype=str), pages)
    _settings(folder, places)
    _geography(folder / "data_packages" / "geography" / "data", places)
    counts = mps_crime.read_wards([file], None).frame
    counts = counts[counts["area"].isin(places.wards) & (counts["series"] != SENSITIVE)]
    by_borough = counts["area"].map(lambda code: places.boroughs[places.wards[code][1]])
    sums = counts.groupby([counts["series"], by_borough.rename("area"), "month"], as_index=False)[
        "count"
    ].sum()
    whole = counts.groupby(["series", "month"], as_index=False)["count"].sum().assign(area=HOME)
    _recorded(folder, pd.concat([counts, sums, whole]))
    for borough, code in places.boroughs.items():
        _figures(folder, borough, sums[sums["area"] == code])
        _plan(folder, borough)
    return folder


def chosen(rows: pd.DataFrame, pages: int) -> Places:
    """Choose wards, borough by borough, until they give this many pages."""
    own = rows.drop_duplicates("WardCode").sort_values(["LookUp_BoroughName", "WardCode"])
    wards: dict[str, tuple[str, str]] = {}
    boroughs: dict[str, str] = {}
    for code, name, borough in zip(own["WardCode"], own["WardName"], own["LookUp_BoroughName"], strict=True):
        if OF_TINY + OF_WARD * len(wards) + OF_BOROUGH * len(boroughs) >= pages:
            break
        boroughs.setdefault(borough, f"E09{len(boroughs):06}")
        wards[code] = f"{name} in {borough}", borough
    return Places(wards, boroughs)


def _settings(folder: Path, places: Places) -> None:
    path = folder / "site_src" / "portal.toml"
    more = [f"{kind}-{_slug(b)}" for b in places.boroughs for kind in ("figures", "plan")]
    listed = "".join(f', "{name}"' for name in more)
    path.write_text(path.read_text().replace('"releases"]', f'"releases"{listed}]'))


def _geography(data: Path, places: Places) -> None:
    wards = [(code, name, "ward", HOME) for code, (name, _) in places.wards.items()]
    boroughs = [(code, name, "borough", FORCE) for name, code in places.boroughs.items()]
    heads = ("code", "name", "kind", "parent")
    areas = [dict(zip(heads, a, strict=True), valid_from="2022-05-05", **WHERE) for a in wards + boroughs]
    add(data / "areas.csv", areas)
    lived = [
        {"area": a["code"], "year": 2021, "population": 12000, "basis": "Census", **WHERE} for a in areas
    ]
    add(data / "populations.csv", lived)


def _recorded(folder: Path, counts: pd.DataFrame) -> None:
    """Write counts over three months by ward and borough, one indicator for each group."""
    data = folder / "data_packages" / "recorded" / "data"
    whole = f"now-{TOTAL}"
    rows = [
        _indicator(f"now-{s}", s, ("rolling-months", "recorded", "recorded"), "" if s == TOTAL else whole)
        for s in sorted(counts["series"].unique())
    ]
    # The small portal's own tables of this kind are about other wards and indicators.
    no_rates = folder / "data_packages" / "geography" / "data" / "no_rates.csv"
    for path in (
        *(data / name for name in ("indicators.csv", "observations.csv", "dispersion.csv")),
        no_rates,
    ):
        path.write_text(path.read_text().splitlines()[0] + "\n")
    add(data / "indicators.csv", rows)
    add(data / "observations.csv", _sums(counts, 3, "now"))


def _figures(folder: Path, borough: str, counts: pd.DataFrame) -> None:
    """Write a package with the months of each group in a borough, each with a chart."""
    name = f"figures-{_slug(borough)}"
    known = sorted(counts["series"].unique())
    prefix = _slug(borough)
    package = folder / "data_packages" / name
    rows = [_indicator(f"{prefix}-{s}", f"{s} in {borough}", ("month", "line", "crime")) for s in known]
    new(package, f"Crime in {borough}", {"kind": "indicators"}, "recorded", folder)
    add(package / "data" / "indicators.csv", rows)
    add(package / "data" / "observations.csv", _sums(counts, 1, prefix))


def _plan(folder: Path, borough: str) -> None:
    package = folder / "data_packages" / f"plan-{_slug(borough)}"
    settings = {
        "kind": "plan", "slug": f"plan-{_slug(borough)}", "short_title": f"{borough} plan", "state": "past",
        "summary": f"A plan for {borough}.", "starts": "2020-01", "ends": "2020-12",
    }  # fmt: skip
    new(package, f"Plan of {borough}", settings, "plan", folder)
    where = {"source": "report", "locator": "Table 1"}
    priorities, actions, updates = [], [], []
    for p in range(1, PRIORITIES + 1):
        names: Row = {"id": f"priority-{p}", "number": p, "title": f"Priority {p} of {borough}"}
        priorities.append(
            {
                **names,
                "summary": "Theft is to fall.",
                "lead": "Safer streets team",
                "sensitive": "false",
                **where,
            }
        )
        for a in range(1, ACTIONS + 1):
            one = {
                "id": f"action-{p}-{a}",
                "priority": f"priority-{p}",
                "number": a,
                "title": f"Action {a} for {borough}",
            }
            actions.append(
                {
                    **one,
                    "promise": "Light the paths, by the end of the year.",
                    "lead": "Police",
                    "listed": "plan",
                    **where,
                }
            )
            text = f"The council lit {a} paths in {borough} & informed the residents."
            updates.append({
                "id": f"update-{p}-{a}", "priority": f"priority-{p}", "action": f"action-{p}-{a}", "date": "2020-06-30",
                "kind": "report", "title": f"{a} paths lit", "text": text, **where,
            })  # fmt: skip
    for file, rows in (
        ("priorities", priorities),
        ("actions", actions),
        ("updates", updates),
        ("measures", []),
    ):
        add(package / "data" / f"{file}.csv", rows)


def _indicator(name: str, title: str, kind: tuple[str, str, str], part_of: str = "") -> Row:
    """Return a row for an indicator; `kind` gives its periods, its chart and its topic."""
    period, chart, topic = kind
    words = title.replace("-", " ").capitalize()
    return {
        "id": name, "slug": name, "title": f"{words} recorded", "short_title": words, "topic": topic,
        "definition": f"{words}, as the police recorded them.", "unit": "count", "unit_label": "offences", "period_type": period,
        "polarity": "lower-is-better", "chart": chart, "sensitive": "false", "protected": "false", "part_of": part_of,
    }  # fmt: skip


def _sums(counts: pd.DataFrame, months: int, prefix: str) -> Iterator[Row]:
    """Yield figures over this many months for each series and area of the counts."""
    for (series, area), own in counts.groupby(["series", "area"]):
        by_month = own.set_index("month")["count"]
        for first, last in derive.spans(sorted(by_month.index), months):
            days = {
                "period_start": pd.Period(first).start_time.date(),
                "period_end": pd.Period(last).end_time.date(),
            }
            yield {
                "indicator": f"{prefix}-{series}",
                "area": area,
                **days,
                "value": int(by_month[first:last].sum()),
                **WHERE,
            }


def new(package: Path, title: str, settings: dict[str, str], like: str, folder: Path) -> None:
    """Start a package with the columns of another package in `folder`."""
    old = folder / "data_packages" / like
    descriptor = json.loads((old / "datapackage.json").read_text())
    (package / "data").mkdir(parents=True)
    descriptor |= {"name": package.name, "title": title, "portal": settings}
    (package / "datapackage.json").write_text(json.dumps(descriptor, indent=2) + "\n")
    for path in (old / "data").glob("*.csv"):
        (package / "data" / path.name).write_text(path.read_text().splitlines()[0] + "\n")


def add(path: Path, rows: Iterable[Row]) -> None:
    """Add rows to a table, leaving columns empty that they do not have."""
    with path.open(newline="") as lines:
        columns: Sequence[str] = next(csv.reader(lines))
    with path.open("a", newline="") as out:
        csv.DictWriter(out, columns, restval="", lineterminator="\n").writerows(rows)


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-").replace("(", "").replace(")", "")


if __name__ == "__main__":
    grown(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
