"""Data of an archive that an earlier version of the program made can be put back and shown."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from portal.core.settings import load
from portal.data import packages
from portal.releases import archives, embargo, releasing, rollback
from portal.releases.archives import DESCRIPTOR, Contents
from portal.releases.older_tables import in_the_form_of_today
from portal.site import building
from project import ROOT


@pytest.fixture
def now(tiny: Path) -> Contents:
    return archives.gather(tiny, load(tiny).packages, {})


def older(contents: Contents, package: str, resource: str, column: str) -> Contents:
    """The contents as a program made them that did not know a column yet."""
    descriptor = contents.descriptor(package)
    described = next(r for r in descriptor["resources"] if r["name"] == resource)
    described["schema"]["fields"] = [f for f in described["schema"]["fields"] if f["name"] != column]
    path = f"{package}/{described['path']}"
    rows = list(csv.DictReader(io.StringIO(contents.files[path].decode())))
    out = io.StringIO()
    names = [f["name"] for f in described["schema"]["fields"]]
    writer = csv.DictWriter(out, names, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    text = json.dumps(descriptor, indent=2, ensure_ascii=False) + "\n"
    return replace(
        contents,
        files={**contents.files, path: out.getvalue().encode(), f"{package}/{DESCRIPTOR}": text.encode()},
    )


def test_tables_of_today_stay_as_they_are(now: Contents) -> None:
    assert in_the_form_of_today(now).files == now.files


def test_every_column_that_was_added_comes_back_empty_where_it_belongs(now: Contents) -> None:
    tried = 0
    for package in now.packages:
        for resource in now.descriptor(package)["resources"]:
            path = f"{package}/{resource['path']}"
            names = [f["name"] for f in resource["schema"]["fields"]]
            for column in set(names) - set(resource["schema"]["primaryKey"]):
                if not any(
                    f["name"] == column
                    for f in packages.describe_resource(
                        resource["name"],
                        packages.contract(now.descriptor(package)["portal"]["kind"])["resources"][
                            resource["name"]
                        ],
                    )["schema"]["fields"]
                ):
                    continue  # a breakdown of this package alone
                found = in_the_form_of_today(older(now, package, resource["name"], column))
                rows = list(csv.DictReader(io.StringIO(found.files[path].decode())))
                before = list(csv.DictReader(io.StringIO(now.files[path].decode())))
                assert list(rows[0] if rows else names) == names
                assert rows == [{**r, column: ""} for r in before]
                assert found.descriptor(package) == now.descriptor(package)
                tried += 1
    assert tried > 100


def test_a_list_of_choices_that_has_grown_is_the_one_of_today(now: Contents) -> None:
    descriptor = now.descriptor("recorded")
    fields = next(r for r in descriptor["resources"] if r["name"] == "indicators")["schema"]["fields"]
    unit = next(f for f in fields if f["name"] == "unit")
    unit["constraints"]["enum"] = unit["constraints"]["enum"][:2]
    then = replace(now, files={**now.files, f"recorded/{DESCRIPTOR}": json.dumps(descriptor).encode()})
    assert in_the_form_of_today(then).descriptor("recorded") == now.descriptor("recorded")


def test_what_a_package_says_of_its_own_and_unknown_columns_stay(now: Contents) -> None:
    descriptor = now.descriptor("recorded")
    indicators = next(r for r in descriptor["resources"] if r["name"] == "indicators")
    indicators["sources"] = [{"title": "A book"}]
    indicators["schema"]["fields"][2]["description"] = "What it is called"
    indicators["schema"]["fields"].append({"name": "colour", "type": "string"})
    then = replace(now, files={**now.files, f"recorded/{DESCRIPTOR}": json.dumps(descriptor).encode()})
    again = next(
        r for r in in_the_form_of_today(then).descriptor("recorded")["resources"] if r["name"] == "indicators"
    )
    assert again == indicators


@pytest.mark.usefixtures("checked")  # which knows what has passed
def test_every_release_of_this_repository_with_the_packages_of_now_can_be_put_back(tmp_path: Path) -> None:
    whole = building.project(ROOT)
    names = {p.name for p in whole.packages} - {whole.home.name}
    tried = 0
    for release in embargo.public_releases(whole):
        if set(releasing.opened(whole, release).contents.packages) != names:
            continue
        plan = rollback.put_back(whole, release.id, "A test.")
        folder = tmp_path / release.id
        for path, data in plan.files.items():
            copy = folder / path.relative_to(whole.settings.root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(data)
        _, problems = packages.read_all(folder, tuple(n for n in whole.settings.packages if n in names))
        assert not [p for p in problems if "not in the list" not in p.message], release.name
        tried += 1
    assert tried
