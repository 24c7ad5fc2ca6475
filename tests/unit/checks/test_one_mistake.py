"""One mistake is told once, however many rows and rules it reaches, and the advice puts it right."""

import re
from pathlib import Path

import pytest
from project import TINY, ask, make_project

FIGURES, INDICATORS = (f"data_packages/figures/data/{name}.csv" for name in ("observations", "indicators"))
SOURCES, DESCRIPTOR = "data_packages/sources/data/sources.csv", "data_packages/figures/datapackage.json"
SERVICES, PLAN = "data_packages/services/data/services.csv", "data_packages/plan/data/{}.csv"
SETTINGS = "site_src/portal.toml"
POPULATIONS, DISPERSION = (
    "data_packages/geography/data/populations.csv",
    "data_packages/recorded/data/dispersion.csv",
)
BREAKS = "data_packages/figures/data/breaks.csv"
AREAS = "data_packages/geography/data/areas.csv"
CLAIMS, TARGETS = (f"data_packages/figures/data/{name}.csv" for name in ("claims", "targets"))
CLAIM = "claim-1,thefts,change-percent,E09999999,2019-07-01,2020-06-30,2018-07-01,2019-06-30,,,34.2,1"
ROWS = (TINY / FIGURES).read_text().splitlines()[1:]
CALLS = "\n".join(r for r in ROWS if r.startswith("calls,"))
RATE = next(r for r in (TINY / INDICATORS).read_text().splitlines() if r.startswith("rates,"))
BIKES = next(r for r in ROWS if r.startswith("bikes,E09999999,2018"))
THEFTS = next(r for r in (TINY / INDICATORS).read_text().splitlines() if r.startswith("thefts,"))
ADVICE = [r for r in ROWS if r.startswith("advice,")]
RATES = [r for r in ROWS if r.startswith("rates,")]

# What is replaced at the start of a line in which table, how many problems that makes, what is told, and what is not.
CASES = {
    "an id with capitals": ({INDICATORS: ("rates,rates", "My-Rates,rates"), FIGURES: ("rates,", "My-Rates,")}, 2, "rows 20 to 23, column indicator", "part of itself"),
    "a misspelt id in all rows": ({FIGURES: ("rates,", "rats,")}, 1, "rows 20 to 23, column indicator\n  Found: “rats” is not among", "column chart"),
    "every row of an indicator in one cell": ({FIGURES: ("\n".join(RATES), "\n".join(f'"{r}"' for r in RATES))}, 1, "rows 20 to 23\n  Found: The whole row is in one cell.", "column chart"),
    "a row in one cell that a claim is about": ({FIGURES: (CALLS.splitlines()[0], f'"{CALLS.splitlines()[0]}"')}, 1, "row 8\n  Found: The whole row is in one cell.", "claim"),
    "a note below": ({FIGURES: (ROWS[-1], ROWS[-1] + "\nSource: the police")}, 1, "If it is a title or a note, delete this row.", "Windows"),
    "some names of columns with capitals": ({FIGURES: ("indicator,area,period_start", "Indicator,Area,Period Start")}, 1, "Write them in lower-case letters", "missing"),
    "one name of a column with a capital": ({FIGURES: ("indicator,area", "Indicator,area")}, 1, "rename it indicator", "Add it to the header"),
    "an indicator in one cell": ({INDICATORS: (RATE, f'"{RATE}"')}, 1, "The whole row is in one cell.", "is not among"),
    "a text with a comma and an empty last cell": ({INDICATORS: (RATE.partition("How far")[0] + "How far", RATE.partition("How far")[0] + "How, far")}, 1, "Write \"How, far the rate changed.\", with the quotation marks", "Delete the commas"),
    "one of two texts has a comma": ({INDICATORS: ("rates,rates,Change by area,", "rates,rates,Change,by area,")}, 1, "which text is meant (Change,by area or by area,Change by area)", "Delete the commas"),
    "a locator with a comma": ({FIGURES: (ROWS[-1], ROWS[-1] + ", page 2")}, 1, "Write \"Table 1, page 2\", with the quotation marks", "Found: The row has 1 cell more than the header.\n"),
    "a year far ahead where a period ends": ({FIGURES: ("calls,E09999999,2020-01-01,2020-01-31", "calls,E09999999,2020-01-01,2205-01-31")}, 1, "row 8, column period_end\n  Found: The year of 2205-01-31", "of the kind"),
    "a year long ago where a period starts": ({FIGURES: ("calls,E09999999,2020-01-01", "calls,E09999999,0212-01-01")}, 1, "row 8, column period_start\n  Found: The year of 0212-01-01", "of the kind"),
    "a year in which a period ends before it begins": ({FIGURES: ("calls,E09999999,2020-01-01", "calls,E09999999,2205-01-01")}, 1, "row 8, column period_start\n  Found: The year of 2205-01-01", "before it begins"),
    "a year to come": ({FIGURES: ("calls,E09999999,2020-01-01,2020-01-31", "calls,E09999999,2020-01-01,2028-01-31")}, 1, "2028-01-31 is in the future", "of the kind"),
    "a year of a figure that claims are about": ({FIGURES: ("thefts,E09999999,2018-07-01,2019-06-30", "thefts,E09999999,2018-07-01,2205-06-30")}, 1, "The year of 2205-06-30", "has no figure for"),
    "days of a figure that claims are about, swapped": ({FIGURES: ("thefts,E09999999,2018-07-01,2019-06-30", "thefts,E09999999,2019-06-30,2018-07-01")}, 1, "before it begins", "has no figure for"),
    "a year in which an area begins": ({AREAS: ("E05999981,Old Quay,ward,E09999999,,2018-05-02", "E05999981,Old Quay,ward,E09999999,2205-05-03,2018-05-02")}, 1, "The year of 2205-05-03", "before it begins"),
    "an indicator of years with figures of months": ({INDICATORS: ("calls,calls,Calls by month,Calls,crime,Calls to the help line.,count,calls,month", "calls,calls,Calls by month,Calls,crime,Calls to the help line.,count,calls,year-to")}, 1, "rows 8 to 11, column period_end\n  Found: A period of 1 month is not of the kind year-to.", "The chart"),
    "a merge that Git left unfinished": ({FIGURES: (ROWS[7], f"<<<<<<< HEAD\n{ROWS[7]}\n=======\n{ROWS[7].replace('9', '8')}\n>>>>>>> other")}, 1, "row 9\n  Found: Git could not merge two versions", "delete this row"),
    "an unfinished merge in the settings": ({SETTINGS: ("[site]", "<<<<<<< HEAD\n[site]")}, 1, "Deleting the lines alone would keep both.", "TOML"),
    "an unfinished merge in a descriptor": ({DESCRIPTOR: ("{", "<<<<<<< HEAD\n{")}, 1, "Deleting the lines alone would keep both.", "JSON"),
    "the name of an area in place of its code": ({FIGURES: ("thefts,E09999999", "thefts,Exampleton")}, 2, "Write E09999999, its code.", "has no figure for"),
    "a code of no area": ({FIGURES: ("thefts,E09999999", "thefts,E09999997")}, 2, "Look the code up in the areas", "Did you mean"),
    "a source that is lost": ({SOURCES: ("report,", "reports,")}, 1, "“report” is not among the sources. The same applies to 5 rows of data_packages/figures/data/claims.csv, ", "Write returns"),
    "an indicator under another id": ({INDICATORS: ("calls,calls", "call,calls")}, 1, "Did you mean call?", "chart"),
    "a word that is neither true nor false": ({INDICATORS: ("abuse,figure-1,Abuse by kind,Abuse,crime,Reports by kind.,count,reports,calendar-year,more-reports-may-be-good,small-multiples,type,true", "abuse,figure-1,Abuse by kind,Abuse,crime,Reports by kind.,count,reports,calendar-year,more-reports-may-be-good,small-multiples,type,yes")}, 1, "Write true or false.", "nothing protects"),
    "all dates as a spreadsheet writes them": ({FIGURES: ("\n".join(ROWS), "\n".join(re.sub(r"(\d{4})-(\d\d)-(\d\d)", r"\3/\2/\1", r) for r in ROWS))}, 1, "portal import table", "An earlier row"),
    "all years with two digits": ({FIGURES: ("\n".join(ROWS), "\n".join(re.sub(r"\d\d(\d\d)-(\d\d)-(\d\d)", r"\3/\2/\1", r) for r in ROWS))}, 1, "Restore the file. Or write each date whole, year first", "portal import"),
    "numbers that lost digits": ({FIGURES: ("\n".join(ROWS), "\n".join(re.sub(r",[0-9]+(,[a-z]?,report,)", r",1.2E+05\1", r) for r in ROWS))}, 1, "write each number in full", "portal import"),
    "every second row in one cell": ({FIGURES: ("\n".join(ROWS), "\n".join(r if n % 2 else f'"{r}"' for n, r in enumerate(ROWS)))}, 1, "Found: The whole row is in one cell.", "column chart"),
    "letters after a quotation mark": ({FIGURES: (ROWS[2], ROWS[2].replace("bikes", '"bike"s'))}, 1, "line 4 of the file has more after a quotation mark", "portal import"),
    "two changes of counting in a day": ({BREAKS: ("bikes,2018-01-01,New way", "bikes,2018-01-01,Another form,It has other questions.,report,Table 2\nbikes,2018-01-01,New way")}, 1, "describe both changes in one row", "Remove one"),
    "all dates with slashes": ({FIGURES: ("\n".join(ROWS), "\n".join(re.sub(r"(\d{4})-(\d\d)-(\d\d)", r"\1/\2/\3", r) for r in ROWS))}, 1, "dates such as 2018/07/01", "An earlier row"),
    "first and last days under each other's names": ({FIGURES: ("\n".join(ROWS), "\n".join(re.sub(r",(\d[\d-]+),(\d[\d-]+)", r",\2,\1", r) for r in ROWS))}, 1, "The period ends before it begins.", "has no figure for"),
    "an apostrophe of two kinds": ({FIGURES: ("\n".join(ADVICE), "\n".join(ADVICE).replace("Used at once", "Didn’t").replace("Used later", "Didn't"))}, 1, "the kind of dash or apostrophe", "combination"),
    "a telephone number with a plus": ({SERVICES: ("helpline-1,1,Help line,domestic-abuse,Somebody to talk to.,Anybody.,0800 000 0000", "helpline-1,1,Help line,domestic-abuse,Somebody to talk to.,Anybody.,+44 (0)800 000 0000")}, 1, "with the first 0", "formula"),
    "an update under another id": ({PLAN.format("updates"): ("update-1,", "update-one,")}, 1, "“update-1” is not among the updates of this plan.", "Remove the row"),
    "a priority that is lost": ({PLAN.format("priorities"): ("priority-1,", "first,")}, 2, "Write one of: first, priority-2.", "Did you mean priority-2?"),
    "all dates without separators": ({FIGURES: ("\n".join(ROWS), "\n".join(re.sub(r"(\d{4})-(\d\d)-(\d\d)", r"\1\2\3", r) for r in ROWS))}, 2, "The other 18 cells of this column are not right either.", "An earlier row"),
    "a table that lost its rows": ({FIGURES: ("\n".join(ROWS) + "\n", "")}, 1, "The table has no rows. Its figures are needed for 6 charts and the claims about 1 indicator.", "Choose another kind of chart"),
    "a word before every number": ({FIGURES: ("\n".join(ROWS), "\n".join(re.sub(r",([\d.-]+),([a-z]?,(?:report|returns),)", r",about \1,\2", r) for r in ROWS))}, 1, "cells of this column are not right either.", "has no figure for"),
    "JSON in place of a table": ({FIGURES: ("indicator,area", '[{"indicator": "calls"},\nindicator,area')}, 1, "The file is JSON, not a table.", "quotation mark"),
    "a web page in place of a table": ({FIGURES: ("indicator,area", '\n<p class="not found">\nindicator,area')}, 1, "The file is a web page or other XML, not a table.", "quotation mark"),
    "the indicator of a break": ({FIGURES: (BIKES, BIKES.replace(",61,,", ",61,b,")), BREAKS: ("bikes,", "bike,")}, 1, "Did you mean bikes?", "status b"),
    "breaks that are missing for two years": ({FIGURES: ("\n".join(ROWS[2:5]), "\n".join(ROWS[2:5]).replace(",44,,", ",44,b,").replace(",61,,", ",61,b,")), BREAKS: ("bikes,2018-01-01", "bikes,2016-01-01")}, 2, "no break of bikes after 2016-07-01 and up to 2018-06-30", "more row"),
    "one break that is missing for years that overlap": ({FIGURES: (ROWS[1], "thefts,E09999999,2018-10-01,2019-09-30,,130,b,report,Table 1\nthefts,E09999999,2019-01-01,2019-12-31,,140,b,report,Table 1\n" + ROWS[1]), INDICATORS: (THEFTS, THEFTS.replace(",pair,", ",none,"))}, 1, "no break of thefts after 2018-10-01 and up to 2019-09-30, so charts and sums would compare it. The same applies to 1 more row.", "column chart"),
    "a year of two digits": ({POPULATIONS: ("E09999999,2021", "E09999999,21")}, 1, "Write a year with four digits, such as 2021.", "at most"),
    "a year of five digits": ({POPULATIONS: ("E09999999,2021", "E09999999,20211")}, 1, "“20211”", "at most"),
    "a year before our era": ({POPULATIONS: ("E09999999,2021", "E09999999,-2021")}, 1, "“-2021”", "at most"),
    "a dispersion that no count has": ({DISPERSION: ("rec-thefts,borough,3", "rec-thefts,borough,1000000000000")}, 1, "which is usually between 1 and 20", "error"),
    "a mark of UTF-8 before a descriptor": ({DESCRIPTOR: ("{", "\ufeff{")}, 1, "Save it as “UTF-8”, not as “UTF-8 with BOM”.", "JSON"),
    "a claim whose periods are swapped": ({CLAIMS: (CLAIM, CLAIM.replace("2019-07-01,2020-06-30,2018-07-01,2019-06-30", "2018-07-01,2019-06-30,2019-07-01,2020-06-30"))}, 1, "column base_period_end\n  Found: The period that is compared with does not end before", "has no figure"),
    "a claim whose periods are the same": ({CLAIMS: (CLAIM, CLAIM.replace("2018-07-01,2019-06-30", "2019-07-01,2020-06-30"))}, 1, "column base_period_end", "has no figure"),
    "a claim without the period it is measured from": ({CLAIMS: (CLAIM, CLAIM.replace("2018-07-01,2019-06-30", ","))}, 1, "column base_period_start\n  Found: The period that the change is measured from", "has no figure"),
    "a claim without the period it is measured to": ({CLAIMS: (CLAIM, CLAIM.replace("2019-07-01,2020-06-30", ","))}, 1, "column period_start\n  Found: The period that the change is measured to", "has no figure"),
    "a claim that does not name what it leaves out": ({CLAIMS: (CLAIM, CLAIM.replace("percent,", "percent-without,"))}, 1, "column other_indicator", "has no figure"),
    "a claim with decimals below zero": ({CLAIMS: (CLAIM, CLAIM.replace(",34.2,1", ",34.2,-1"))}, 1, "column decimals", "is missing"),
    "a claim without decimals": ({CLAIMS: (CLAIM, CLAIM.replace(",34.2,1", ",34.2,"))}, 1, "Write 1 if it prints 34.2.", "number that the document states"),
    "a claim with more decimals than it says": ({CLAIMS: (CLAIM, CLAIM.replace(",34.2,1", ",34.2,0"))}, 1, "The number 34.2 has more decimal places than 0.", "missing"),
    "a claim about an area that is unknown": ({CLAIMS: (CLAIM, CLAIM.replace("E09999999", "E09999990"))}, 1, "column area", "has no figure"),
    "a claim about an area without figures": ({CLAIMS: (CLAIM, CLAIM.replace("E09999999", "E09999998"))}, 1, "thefts has no figure for E09999998.", "period"),
    "a claim about a part that is unknown": ({CLAIMS: ("claim-5,abuse,total,E09999999,2019-01-01,2020-12-31,,,", "claim-5,abuse,total,E09999999,2019-01-01,2020-12-31,,,Nope")}, 1, "column type\n  Found: abuse has no figure for “Nope”.", "period"),
    "a target for a fall by more than all": ({TARGETS: ("target-1,thefts,Cut thefts by a fifth,the 12 months to June 2019,120,percent-change,-20", "target-1,thefts,Cut thefts by a fifth,the 12 months to June 2019,120,percent-change,-150")}, 1, "cannot fall by more than 100%", "below zero"),
    "a target in another unit": ({TARGETS: ("target-1,thefts,Cut thefts by a fifth,the 12 months to June 2019,120,percent-change,-20", "target-1,thefts,Cut thefts by a fifth,the 12 months to June 2019,120,percent,20")}, 1, "Write one of: count, percent-change. Here, count means any number in the unit of the indicator.", "Did you mean"),
    "a count below zero as a target": ({TARGETS: ("target-1,thefts,Cut thefts by a fifth,the 12 months to June 2019,120,percent-change,-20", "target-1,thefts,Cut thefts by a fifth,the 12 months to June 2019,120,count,-20")}, 1, "A count cannot be below zero.", "Did you mean"),
    "a count below zero that a target starts from": ({TARGETS: ("target-1,thefts,Cut thefts by a fifth,the 12 months to June 2019,120", "target-1,thefts,Cut thefts by a fifth,the 12 months to June 2019,-120")}, 1, "A count cannot be below zero.", "has the unit"),
    "all counts below zero": ({FIGURES: ("\n".join(ROWS), "\n".join(re.sub(r",(?=[0-9.]+,[a-z]?,re)", ",-", r) for r in ROWS))}, 3, "A count cannot be below zero.", "120"),
    "a status without figures in every row that has one": ({FIGURES: ("\n".join(ROWS), "\n".join(re.sub(r"([0-9]),[a-z]?,(re[a-z]+,)", r"\1,x,\2", r) for r in ROWS))}, 1, "The status x says that there is no figure, but the cell has a value.", "120"),
    "a priority that Windows cannot store": ({PLAN.format("priorities"): ("priority-1,", "lpt1,")}, 3, "or write priority-2 if that is meant.", "one of: ,"),
    "a last line of spaces": ({FIGURES: (ROWS[-1], ROWS[-1] + "\n   ")}, 1, "row 25\n  Found: The row is blank.", "column"),
    "breakdowns that are a list": ({DESCRIPTOR: ("    \"breakdowns\": {", "    \"breakdowns\": [], \"other\": {")}, 2, "breakdowns is not a table", "column type"),
    "a breakdown with the name of a column": ({DESCRIPTOR: ("      \"type\":", "      \"value\":")}, 1, "The breakdown value has the name of another column.", "primary key"),
    "a table with the path of another": ({DESCRIPTOR: ("      \"path\": \"data/claims.csv\"", "      \"path\": \"data/observations.csv\"")}, 1, "Write data/claims.csv for one of them", "missing"),
    "no packages": ({SETTINGS: ("packages = [", "packages = []\ntopics_before = [")}, 2, "The list of packages is empty.", "Remove it"),
    "an empty address to leave for": ({SETTINGS: ("exit_to = ", "exit_to = \"\" # ")}, 1, "The text is empty.", "https://"),
    "a day as the name of the site": ({SETTINGS: ("name = ", "name = 2026-01-01 # ")}, 1, "name is 2026-01-01.", "datetime"),
    "a truth as a minimum": ({SETTINGS: ("ward_minimum = ", "ward_minimum = true # ")}, 1, "ward_minimum is true.", "True"),
    "no number as a minimum": ({SETTINGS: ("ward_minimum = ", "ward_minimum = inf # ")}, 1, "The file says inf where a number should be.", "15 digits"),
    "a ward without letters": ({AREAS: ("E05999991,North & Quay", "E05999991,&&&")}, 1, "Write the ward's name in letters.", "followed the other"),
    "a ward that Windows reserves": ({AREAS: ("E05999991,North & Quay", "E05999991,Con")}, 1, "Add the word: Con Ward.", "in letters"),
    "a ward with a long name": ({AREAS: ("E05999991,North & Quay", "E05999991," + "North" * 60)}, 1, "Write a shorter name.", "in letters"),
    "a cell that is too long": ({FIGURES: (ROWS[2], ROWS[2] + "x" * 140_000)}, 1, "shorten the text: a cell can have 100,000 characters", "line 4"),
    "a pointer of Git LFS": ({FIGURES: ("indicator,area", "version https://git-lfs.github.com/spec/v1\nindicator,area")}, 1, "Run `git lfs pull`", "header"),
    "a misspelt setting": ({SETTINGS: ("ward_minimum", "ward_minimun")}, 1, "Did you mean ward_minimum?", "missing"),
    "a name that Windows cannot store": ({INDICATORS: ("rates,rates", "aux,rates"), FIGURES: ("rates,", "aux,")}, 1, "Choose another name, such as aux-1.", "part of itself"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_mistake_is_told_once(case: str, tmp_path: Path) -> None:
    changes, count, told, untold = CASES[case]
    root = make_project(tmp_path / "tiny")
    for file, (old, new) in changes.items():
        text = (root / file).read_text()
        changed, times = re.subn(f"(?m)^{re.escape(old)}", new, text)
        assert times
        (root / file).write_text(changed)
    asked = ask(root, "check")
    assert asked.returncode == 1
    assert told in asked.stderr
    assert f"{count} problem{'s' if count > 1 else ''}:" in asked.stderr
    assert untold not in asked.stderr


def test_a_table_whose_rows_and_columns_changed_places_is_told_once(tmp_path: Path) -> None:
    root = make_project(tmp_path / "tiny")
    rows = [row.split(",") for row in (root / FIGURES).read_text().splitlines()]
    (root / FIGURES).write_text("\n".join(map(",".join, zip(*rows, strict=True))))
    told = ask(root, "check").stderr
    assert "1 problem:" in told
    assert "paste it with “Transpose”" in told


def test_a_misspelt_folder_of_a_package_is_told_once(tmp_path: Path) -> None:
    root = make_project(tmp_path / "tiny")
    (root / "data_packages/routes").rename(root / "data_packages/rutes")
    told = ask(root, "check").stderr
    assert "1 problem:\n\ndata_packages/rutes\n" in told
    assert "the folder of the package routes is missing" in told
