"""What people see in a spreadsheet and what its cells hold: where these differ, whoever imports is asked."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import openpyxl
import pytest
import xlsxwriter
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule, ColorScaleRule, DataBarRule, IconSetRule
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.colors import Color
from portal.core import settings as config
from portal.data import packages
from portal.importers.spreadsheets import form_files, forms, ods
from project import TINY
from workbook_files import (  # fmt: skip
    KINDS,
    OBSERVATIONS,
    Raw,
    Styled,
    added,
    changed,
    new_row,
    observation,
    ods_cell,
    ods_of,
    planned,
    problems,
    rows_of,
    shared,
    written,
)

pytestmark = pytest.mark.usefixtures("read_once")

VALUE = OBSERVATIONS.index("value")
Sheet: TypeAlias = Any  # openpyxl has no types


def edited(path: Path, change: Callable[[Sheet], None], **told: object) -> Path:
    """A workbook with one new row of figures in row 2, changed by openpyxl."""
    written(path, {"S": observation(**told)})
    book = openpyxl.load_workbook(path)
    change(book["S"])
    book.save(path)
    return path


# --- numbers that their format hides or shows as something else


OTHERWISE = [
    Styled(3, '[<5]"<5";0', "<5"),
    Styled(3, '"[c]"', "[c]"),
    Styled(3, ";;;", ""),
    Styled(0, "0;-0;;@", ""),
    Styled(3, '[<5]"fewer than 5";General', "fewer than 5"),
    Styled(3, '"less than "0', "less than 3"),
    Styled(12, '0"*"', "12*"),
    Styled(12, '0" (p)"', "12 (p)"),
    Styled(12, '0" suppressed"', "12 suppressed"),
    Styled(12, '0" estimated"', "12 estimated"),
    Styled(12, '0" dozen"', "12 dozen"),
    Styled(12, '0" offences rounded"', "12 offences rounded"),
    Styled(1234, '"£"#,##0', "£1,234"),
    Styled(12, "[$€-2] 0", "€ 12"),
    Styled(45, '0"%"', "45%"),
    Styled(12345, "#,##0,", "12"),
    Styled(12345, '0.0,"k"', "12.3k"),
    Styled(0, '_-* "-"_-', "-"),
    Styled(50, "0000-0", "0005-0"),
]


@pytest.mark.parametrize("value", OTHERWISE, ids=lambda v: str(v.form))
def test_a_number_that_is_shown_as_something_else_is_a_question(
    project: Path, tmp_path: Path, kind: str, value: Styled
) -> None:
    path = written(tmp_path / f"q.{kind}", {"S": observation(value=value)})
    told = problems(project, path)
    assert f"q.{kind}, sheet S, cell F2\n  Found: The cell shows " in told
    assert "--assume " in told


def test_a_number_that_is_shown_as_continental_europe_writes_it_is_a_question(
    project: Path, tmp_path: Path
) -> None:
    path = written(tmp_path / "q.ods", {"S": observation(value=Styled(1228.5, "", "1.228,5"))})
    assert "The cell shows “1.228,5” and contains 1228.5." in problems(project, path)


@pytest.mark.parametrize(("answer", "value", "status"), [("stored", "30", ""), ("c", "", "c"), ("low", "", "low"), ("x", "", "x")])  # fmt: skip
def test_each_answer_about_a_shown_number_is_what_is_imported(
    project: Path, tmp_path: Path, kind: str, answer: str, value: str, status: str
) -> None:
    path = written(tmp_path / f"q.{kind}", {"S": observation(value=Styled(30, '[<50]"<50";0', "<50"))})
    for assumed in (f"shown={answer}", f"shown:<50={answer}"):
        row = new_row(planned(project, path, assumed=(assumed,)))
        assert (row["value"], row["status"]) == (value, status)


@pytest.mark.parametrize("value", [Styled(1234, "#,##0", "1,234"), Styled(50, "0.00", "50.00"), Styled(50, '0" offences"', "50 offences"), Styled(50, "[Red]0", "50"), Styled(50, "General", "50"), Styled(50, "000", "050"), Styled(50, '[>5]0;"<5"', "50")])  # fmt: skip
def test_a_number_that_is_shown_as_it_is_needs_no_question(
    project: Path, tmp_path: Path, kind: str, value: Styled
) -> None:
    row = new_row(planned(project, written(tmp_path / f"q.{kind}", {"S": observation(value=value)})))
    assert row["value"] == str(value.value)


def test_pounds_are_shown_with_their_sign_and_no_other_currency(
    tiny: Path, tmp_path: Path, kind: str
) -> None:
    table = tiny / "data_packages/figures/data/indicators.csv"
    table.write_text(table.read_text().replace("stolen.,count,offences,", "stolen.,pounds,pounds,"))
    for form, shown in (('"£"#,##0', "£50"), ('0" pounds"', "50 pounds")):
        path = written(tmp_path / f"q.{kind}", {"S": observation(value=Styled(50, form, shown))})
        assert new_row(planned(tiny, path))["value"] == "50"
    path = written(tmp_path / f"q.{kind}", {"S": observation(value=Styled(50, "[$€-2] 0", "€ 50"))})
    assert "The cell shows “€ 50” and contains 50." in problems(tiny, path)


def test_other_columns_are_asked_about_too(project: Path, tmp_path: Path, kind: str) -> None:
    told = problems(
        project,
        written(tmp_path / f"q.{kind}", {"S": observation(locator=Styled(7, '"Table "0', "Table 7"))}),
    )
    assert "cell I2\n  Found: The cell shows “Table 7” and contains 7." in told
    flags = [["id", "sensitive"], ["thefts", Styled(1, '"no"', "no")]]
    told = problems(project, written(tmp_path / f"i.{kind}", {"indicators": flags}))
    assert "The cell shows “no” and contains true." in told


def test_a_month_in_a_column_of_days_is_a_question(project: Path, tmp_path: Path, kind: str) -> None:
    """A person types Jun 2021 as the end of a period, and Excel makes the first of June of it."""
    end = Styled(date(2021, 6, 1), "mmm yyyy", "Jun 2021")
    path = written(tmp_path / f"q.{kind}", {"S": observation(period_end=end)})
    assert "The cell shows a month and contains its first day, 2021-06-01." in problems(project, path)
    assert new_row(planned(project, path, assumed=("months=last",)))["period_end"] == "2021-06-30"


# --- cells that nobody sees


def _white(sheet: Sheet) -> None:
    sheet["F2"].font = Font(color="FFFFFFFF")


def _theme(sheet: Sheet) -> None:
    sheet["F2"].font = Font(color=openpyxl.styles.colors.Color(theme=0))


def _same(sheet: Sheet) -> None:
    sheet["F2"].font = Font(color="FF00AA00")
    sheet["F2"].fill = PatternFill("solid", fgColor="FF00AA00")


def _conditional_white(sheet: Sheet) -> None:
    sheet.conditional_formatting.add(
        "F2:F9", CellIsRule(operator="lessThan", formula=["60"], font=Font(color="FFFFFFFF"))
    )


def _nearly_white(sheet: Sheet) -> None:
    sheet["F2"].font = Font(color="FFFEFDFC")


def _icons(sheet: Sheet) -> None:
    sheet.conditional_formatting.add("F2", IconSetRule("3Arrows", "num", [0, 10, 20], showValue=False))


def _bars(sheet: Sheet) -> None:
    sheet.conditional_formatting.add(
        "F2", DataBarRule("num", 0, "num", 100, color="FF00FF00", showValue=False)
    )


def coloured(font: Color | str | None, fill: Color | str | None = None) -> Callable[[Sheet], None]:
    """Give the figure a colour and one behind it; None is the automatic colour, or no fill."""

    def change(sheet: Sheet) -> None:
        sheet["F2"].font = Font(color=font)
        if fill is not None:
            sheet["F2"].fill = PatternFill("solid", fgColor=fill)

    return change


def conditional(font: str | None, fill: str | None, own_font: str | None = None, own_fill: str | None = None) -> Callable[[Sheet], None]:  # fmt: skip
    """Give the figure a conditional format, and colours of its own."""

    def change(sheet: Sheet) -> None:
        coloured(own_font, own_fill)(sheet)
        told = {"font": Font(color=font)} if font else {}
        if fill:
            told["fill"] = PatternFill(bgColor=fill)
        sheet.conditional_formatting.add("F2:F9", CellIsRule(operator="lessThan", formula=["60"], **told))

    return change


def _scaled(*colours: str) -> Callable[[Sheet], None]:
    rule = ColorScaleRule(start_type="min", start_color=colours[0], end_type="max", end_color=colours[1])
    return lambda sheet: sheet.conditional_formatting.add("F2:F9", rule)


HIDING: Mapping[str, Callable[[Sheet], None]] = {
    "hidden-cells white": _white,
    "hidden-cells theme": _theme,
    "hidden-cells same": _same,
    "hidden-cells conditional": _conditional_white,
    "hidden-cells nearly white": _nearly_white,
    "hidden-cells tiny": lambda s: setattr(s["F2"], "font", Font(size=1)),
    "hidden-cells icons": _icons,
    "hidden-cells bars": _bars,
    "hidden-cells white format": lambda s: setattr(s["F2"], "number_format", "[White]0"),
    "hidden-cells text": lambda s: setattr(s["I2"], "number_format", "0;0;0;"),
    "hidden-cells automatic on black": coloured(None, "FF000000"),
    "hidden-cells automatic on nearly black": coloured(None, Color(theme=1, tint=0.14999)),
    "hidden-cells automatic on dark blue": coloured(None, "FF002060"),
    "hidden-cells dark text on black": coloured(Color(theme=1), "FF000000"),
    "hidden-cells dark text on dark text": coloured(Color(theme=1), Color(theme=1)),
    "hidden-cells index 64 on black": coloured(Color(indexed=64), "FF000000"),
    "hidden-cells index 8 on black": coloured(Color(indexed=8), "FF000000"),
    "hidden-cells black on index 8": coloured("FF000000", Color(indexed=8)),
    "hidden-cells darker white": coloured(Color(theme=0, tint=-0.0499893185216834)),
    "hidden-cells the same grey": coloured("FFF2F2F2"),
    "hidden-cells colour of the theme": coloured(Color(theme=4), "FF4F81BD"),
    "hidden-cells conditional black fill": conditional(None, "FF000000"),
    "hidden-cells conditional fill like the text": conditional(None, "FFC00000", own_font="FFC00000"),
    "hidden-cells conditional text like the fill": conditional("FFFFCC00", None, own_fill="FFFFCC00"),
    "hidden-cells scale that ends in black": _scaled("FFFFFFFF", "FF000000"),
    "hidden-rows row": lambda s: setattr(s.row_dimensions[2], "hidden", True),
    "hidden-rows height": lambda s: setattr(s.row_dimensions[2], "height", 0.5),
    "hidden-columns column": lambda s: setattr(s.column_dimensions["F"], "hidden", True),
    "hidden-columns default": lambda s: setattr(s.sheet_format, "defaultColWidth", 0),
    "hidden-columns width": lambda s: setattr(s.column_dimensions["F"], "width", 0.1),
    "struck value": lambda s: setattr(s["F2"], "font", Font(strike=True)),
    "struck locator": lambda s: setattr(s["I2"], "font", Font(strike=True)),
}


@pytest.mark.parametrize("way", HIDING)
def test_what_nobody_sees_or_is_struck_through_is_a_question(project: Path, tmp_path: Path, way: str) -> None:
    path, key = edited(tmp_path / "q.xlsx", HIDING[way]), way.partition(" ")[0]
    told = problems(project, path)
    assert f"--assume {key}=read" in told
    assert f"--assume {key}=leave-out" in told
    assert new_row(planned(project, path, assumed=(f"{key}=read",)))["value"] == "50"
    if key != "hidden-columns":
        assert planned(project, path, assumed=(f"{key}=leave-out",)).files == {}


def test_white_text_on_a_dark_cell_and_black_text_are_seen(project: Path, tmp_path: Path) -> None:
    def dark(sheet: Sheet) -> None:
        sheet["F2"].font = Font(color="FFFFFFFF")
        sheet["F2"].fill = PatternFill("solid", fgColor="FF003366")
        sheet["A2"].font = Font(color="FF000000")

    assert new_row(planned(project, edited(tmp_path / "q.xlsx", dark)))["value"] == "50"


SEEN: Mapping[str, Callable[[Sheet], None]] = {
    "white on a blue of the theme": coloured(Color(theme=0), Color(theme=4)),
    "white on a dark shade": coloured(Color(theme=0), Color(theme=3, tint=-0.249977111117893)),
    "automatic on a band": coloured(None, Color(theme=0, tint=-0.249977111117893)),
    "dark text on a light shade": coloured(Color(theme=1), Color(theme=4, tint=0.79998168889431442)),
    "automatic on yellow": coloured(None, "FFFFFF00"),
    "automatic on red": coloured(None, "FFFF0000"),
    "red on yellow": coloured("FFFF0000", "FFFFFF00"),
    "green on light green": coloured("FF006100", "FFC6EFCE"),
    "grey": coloured(Color(theme=0, tint=-0.249977111117893)),
    "lighter black": coloured(Color(theme=1, tint=0.34998626667073579)),
    "conditional red": conditional("FF9C0006", "FFFFC7CE"),
    "conditional light fill": conditional(None, "FFFFEB9C"),
    "conditional white on dark": conditional("FFFFFFFF", "FF003366"),
    "conditional white on the dark fill of the cell": conditional("FFFFFFFF", None, "FFFF0000", "FF003366"),
    "scale of traffic lights": _scaled("FFF8696B", "FF63BE7B"),
}


@pytest.mark.parametrize("way", SEEN)
def test_colours_that_can_be_told_apart_need_no_question(project: Path, tmp_path: Path, way: str) -> None:
    assert new_row(planned(project, edited(tmp_path / "q.xlsx", SEEN[way])))["value"] == "50"


@pytest.mark.parametrize("theme", ["<a:theme", '<!DOCTYPE a [<!ENTITY b "c">]><a/>'])
def test_a_damaged_theme_keeps_no_workbook_from_being_read(project: Path, tmp_path: Path, theme: str) -> None:
    path = edited(tmp_path / "q.xlsx", coloured(Color(theme=1), "FF000000"))
    assert "--assume hidden-cells=read" in problems(
        project, changed(path, "xl/theme/theme1.xml", lambda _: theme)
    )


def styled_ods(
    path: Path,
    style: str,
    row: str = "<table:table-row>",
    column: str = "",
    others: str = "",
    after: str = "",
    paragraph: str = "",
) -> Path:
    """An .ods with one new row of figures, in which the figure has the style s."""
    head, cells = observation()
    told = [ods_cell(v) for v in cells]
    told[VALUE] = told[VALUE].replace("<table:table-cell", '<table:table-cell table:style-name="s"')
    told[VALUE] = told[VALUE].replace("<text:p>", f'<text:p text:style-name="{paragraph}">')
    rows = f"<table:table-row>{''.join(map(ods_cell, head))}</table:table-row>{row}{''.join(told)}</table:table-row>"
    styles = f'<style:style style:name="s" style:family="table-cell">{style}</style:style>{others}'
    path.write_bytes(
        ods_of(f'<table:table table:name="S">{column}{rows}{after}</table:table>', styles=styles)
    )
    return path


FO = 'xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0"'


def _applied(look: str, name: str = 'style:name="h"') -> str:
    """A style of .ods that cells get under a condition."""
    return f'<style:style {name} style:family="table-cell"><style:text-properties {FO} {look}/></style:style>'


def _calc(inside: str, area: str = "S.F2:S.F9") -> str:
    """A conditional format as LibreOffice writes it."""
    return (
        f'<calcext:conditional-formats><calcext:conditional-format calcext:target-range-address="{area}">{inside}'
        "</calcext:conditional-format></calcext:conditional-formats>"
    )


_BELOW_60 = '<calcext:condition calcext:apply-style-name="h" calcext:value="&lt;60" calcext:base-cell-address="S.F2"/>'
_MAP = '<style:map style:condition="value()&lt;60" style:apply-style-name="h"/>'
_DARK = f'<style:table-cell-properties {FO} fo:background-color="#003366"/>'


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("hidden-cells", {"style": f'<style:text-properties {FO} fo:color="#fefefe"/>'}),
        ("hidden-cells", {"style": _MAP, "others": _applied('fo:color="#ffffff"')}),
        ("hidden-cells", {"style": _MAP, "others": _applied('style:text-line-through-style="solid"')}),
        ("hidden-cells", {"style": _MAP, "others": _applied("", 'style:name="h" style:data-style-name="N9"')}),
        ("hidden-cells", {"style": "", "others": _applied('fo:color="#ffffff"'), "after": _calc(_BELOW_60)}),
        ("hidden-cells", {"style": "", "others": _applied('fo:color="#ffffff"'), "after": _calc(_BELOW_60, "S.A1 $'a b.C1'.$F$2")}),
        ("hidden-cells", {"style": "", "others": _applied('fo:color="#ffffff"', 'style:name="_5f_h" style:display-name="h"'), "after": _calc(_BELOW_60)}),
        ("hidden-cells", {"style": f'<style:text-properties {FO} fo:color="#00aa00"/>', "after": _calc('<calcext:color-scale><calcext:color-scale-entry calcext:color="#00aa00"/></calcext:color-scale>')}),
        ("hidden-cells", {"style": "", "after": _calc('<calcext:icon-set calcext:show-value="false"/>')}),
        ("struck", {"style": "", "others": '<style:style style:name="P1" style:family="paragraph"><style:text-properties style:text-line-through-style="solid"/></style:style>', "paragraph": "P1"}),
        ("struck", {"style": '<style:text-properties style:text-line-through-style="solid"/>'}),
        ("hidden-cells", {"style": f'<style:text-properties {FO} fo:color="#FFFFFF"/>'}),
        ("hidden-cells", {"style": f'<style:text-properties {FO} fo:color="#00aa00"/><style:table-cell-properties {FO} fo:background-color="#00aa00"/>'}),
        ("hidden-cells", {"style": f'<style:text-properties {FO} fo:font-size="1pt"/>'}),
        ("hidden-rows", {"style": "", "row": '<table:table-row table:visibility="filter">'}),
        ("hidden-columns", {"style": "", "column": '<table:table-column table:number-columns-repeated="5"/><table:table-column table:visibility="collapse"/>'}),
    ],
)  # fmt: skip
def test_the_same_is_asked_about_ods(
    project: Path, tmp_path: Path, key: str, told: Mapping[str, str]
) -> None:
    path = styled_ods(tmp_path / "q.ods", **told)
    assert f"--assume {key}=read" in problems(project, path)
    assert new_row(planned(project, path, assumed=(f"{key}=read",)))["value"] == "50"


@pytest.mark.parametrize(
    "told",
    [
        {"style": _MAP, "others": _applied('fo:color="#9c0006"')},
        {"style": _MAP + _DARK, "others": _applied('fo:color="#ffffff"')},
        {"style": "", "others": _applied('fo:color="#9c0006"'), "after": _calc(_BELOW_60)},
        {"style": "", "others": _applied('fo:color="#ffffff"'), "after": _calc(_BELOW_60, "S.G2:S.G9")},
        {"style": _DARK + f'<style:text-properties {FO} fo:color="#ffffff"/>'},
        {"style": "", "after": _calc('<calcext:icon-set calcext:icon-set-type="3Arrows"/>')},
    ],
)  # fmt: skip
def test_what_people_see_of_ods_needs_no_question(
    project: Path, tmp_path: Path, told: Mapping[str, str]
) -> None:
    assert new_row(planned(project, styled_ods(tmp_path / "q.ods", **told)))["value"] == "50"


@pytest.mark.parametrize(
    ("shown", "day", "shows"),
    [
        ("Jul-01", "2001-07-01", False), ("07/2001", "2001-07-01", False), ("01/2001", "2001-01-01", False), ("January 2001", "2001-01-01", False),
        ("01/07/2001", "2001-07-01", True), ("1/1/01", "2001-01-01", True), ("1 Jul 01", "2001-07-01", True), ("2001-07-01", "2001-07-01", True), ("30/06/2020", "2020-06-30", True),
    ],
)  # fmt: skip
def test_a_date_of_ods_shows_its_day_only_besides_its_month_and_year(
    shown: str, day: str, shows: bool
) -> None:
    content = f'<table:table table:name="S"><table:table-row><table:table-cell office:value-type="date" office:date-value="{day}"><text:p>{shown}</text:p></table:table-cell></table:table-row></table:table>'
    assert next(ods.sheets("t.ods", ods_of(content))).cells[1, 1].shows_day is shows


def test_a_list_in_a_comment_and_hours_of_ods_are_read_as_what_they_are() -> None:
    comment = "<office:annotation><text:list><text:list-item><text:p>do not publish</text:p></text:list-item></text:list></office:annotation>"
    cell = f'<table:table-cell office:value-type="time" office:time-value="PT45H">{comment}<text:p>45</text:p></table:table-cell>'
    content = f'<table:table table:name="S"><table:table-row>{cell}</table:table-row></table:table>'
    sheet = next(ods.sheets("t.ods", ods_of(content)))
    assert sheet.notes == {(1, 1): "do not publish"}
    assert sheet.cells[1, 1].text == "PT45H"


def test_part_of_a_text_that_is_struck_through_counts(project: Path, tmp_path: Path) -> None:
    path = written(tmp_path / "q.xlsx", {"S": observation(locator="Table 1 or 2")})
    rich = '<r><t xml:space="preserve">Table 1 </t></r><r><rPr><strike/></rPr><t>or 2</t></r>'
    shared(path, lambda s: s.replace("<t>Table 1 or 2</t>", rich))
    assert "“Table 1 or 2” is struck through" in problems(project, path)


_RUNS = {
    "super": ('<rPr><vertAlign val="superscript"/></rPr>', 'style:text-position="super 58%"'),
    "raised": ('<rPr><vertAlign val="superscript"/></rPr>', 'style:text-position="33% 58%"'),
    "sub": ('<rPr><vertAlign val="subscript"/></rPr>', 'style:text-position="sub 58%"'),
    "white": ('<rPr><color rgb="FFFFFFFF"/></rPr>', f'{FO} fo:color="#ffffff"'),
}


@pytest.mark.parametrize("look", _RUNS)
def test_part_of_a_number_that_is_raised_or_unseen_is_no_digit(
    project: Path, tmp_path: Path, kind: str, look: str
) -> None:
    """“50” with the mark of note 1 was read as 501."""
    path, (run, style) = tmp_path / f"q.{kind}", _RUNS[look]
    rich = Raw(
        f't="inlineStr"><is><r><t>50</t></r><r>{run}<t>1</t></r></is>',
        'office:value-type="string"><text:p>50<text:span text:style-name="r">1</text:span></text:p>',
    )
    written(path, {"S": observation(value=rich)})
    if kind == "ods":
        text = (
            f'<style:style style:name="r" style:family="text"><style:text-properties {style}/></style:style>'
        )
        changed(
            path,
            "content.xml",
            lambda s: s.replace("<office:automatic-styles>", f"<office:automatic-styles>{text}"),
        )
    found = {"white": "a part of its text cannot be seen", "sub": "“50₁”"}.get(
        look, "“50¹” is a number and a note"
    )
    assert found in problems(project, path)


def test_a_zero_on_a_sheet_that_shows_no_zeros_is_a_question(project: Path, tmp_path: Path) -> None:
    path = edited(
        tmp_path / "q.xlsx", lambda s: setattr(s.sheet_view, "showZeros", False), value=0, locator="T"
    )
    assert "the sheet shows no zeros" in problems(project, path)


def test_a_row_in_a_folded_group_of_ods_is_hidden(project: Path, tmp_path: Path) -> None:
    head, row = (f"<table:table-row>{''.join(map(ods_cell, r))}</table:table-row>" for r in observation())
    folded = f'<table:table-row-group table:display="false">{row}</table:table-row-group>'
    path = tmp_path / "q.ods"
    path.write_bytes(ods_of(f'<table:table table:name="S">{head}{folded}</table:table>'))
    assert "--assume hidden-rows=read" in problems(project, path)


# --- sheets, notes and rows that are no rows


def test_a_hidden_sheet_is_never_preferred(project: Path, tmp_path: Path) -> None:
    path = written(
        tmp_path / "q.xlsx", {"Sheet1": observation(value=50), "observations": observation(value=99)}
    )
    book = openpyxl.load_workbook(path)
    for state in ("hidden", "veryHidden"):
        book["observations"].sheet_state = state
        book.save(path)
        plan = planned(project, path)
        assert new_row(plan)["value"] == "50"
        assert "Sheet observations is hidden, and left out." in plan.report
        assert new_row(planned(project, path, sheet="observations"))["value"] == "99"


def test_a_table_only_on_a_hidden_sheet_is_read_when_it_is_named(project: Path, tmp_path: Path) -> None:
    path = written(tmp_path / "q.xlsx", {"Cover": [["Figures for the board"]], "Data": observation()})
    book = openpyxl.load_workbook(path)
    book["Data"].sheet_state = "hidden"
    book.save(path)
    assert '--sheet "Data"' in problems(project, path)
    plan = planned(project, path, sheet="Data")
    assert "Sheet Data is hidden. It is read because --sheet names it." in plan.report


def test_notes_on_cells_are_shown(project: Path, tmp_path: Path) -> None:
    def note(sheet: Sheet) -> None:
        sheet["F2"].comment = Comment("Provisional, ask Sam", "A. Officer")

    path = edited(tmp_path / "q.xlsx", note)
    assert "Sheet S, cell F2 has a note: “Provisional, ask Sam”." in planned(project, path).report
    noted = ods_cell(50).replace(
        "<text:p>", "<office:annotation><text:p>Provisional</text:p></office:annotation><text:p>", 1
    )
    head, row = observation()
    cells = "".join(noted if n == VALUE else ods_cell(v) for n, v in enumerate(row))
    body = f"<table:table-row>{''.join(map(ods_cell, head))}</table:table-row><table:table-row>{cells}</table:table-row>"
    ods = tmp_path / "q.ods"
    ods.write_bytes(ods_of(f'<table:table table:name="S">{body}</table:table>'))
    plan = planned(project, ods)
    assert "Sheet S, cell F2 has a note: “Provisional”." in plan.report
    assert new_row(plan)["value"] == "50"


THREAD = (
    '<ThreadedComments xmlns="http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments">'
    '<threadedComment ref="F2" id="{1}"><text>Is this right?</text></threadedComment>'
    '<threadedComment ref="F2" id="{2}" parentId="{1}"><text>No, it is 51.</text></threadedComment></ThreadedComments>'
)


def test_threads_of_comments_are_shown_instead_of_the_note_that_stands_for_them(
    project: Path, tmp_path: Path
) -> None:
    path = edited(
        tmp_path / "q.xlsx",
        lambda s: setattr(s["F2"], "comment", Comment("[Threaded comment] Your version of Excel …", "x")),
    )
    relation = '<Relationship Id="rId99" Type="http://schemas.microsoft.com/office/2017/10/relationships/threadedComment" Target="../threadedComments/threadedComment1.xml"/>'
    changed(
        path,
        "xl/worksheets/_rels/sheet1.xml.rels",
        lambda s: s.replace("</Relationships>", f"{relation}</Relationships>"),
    )
    added(path, {"xl/threadedComments/threadedComment1.xml": THREAD})
    told = [line for line in planned(project, path).report if "has a note" in line]
    assert told == ["Sheet S, cell F2 has a note: “Is this right? / No, it is 51.”."]


def test_the_notes_of_a_template_are_not_shown(project: Path, tmp_path: Path, kind: str) -> None:
    settings = config.load(project)
    found, _ = packages.read_all(project, settings.packages)
    paths = form_files.write(forms.form("figures", found, settings), tmp_path)
    plan = planned(project, next(p for p in paths if p.suffix == f".{kind}"))
    assert not any("has a note" in line for line in plan.report)


@pytest.mark.parametrize("ending", [*KINDS, "csv"])
def test_titles_above_are_left_out_and_notes_below_are_asked_about(
    project: Path, tmp_path: Path, ending: str
) -> None:
    head, row = observation()
    sheet = [
        ["Table 1: Thefts of bicycles"], ["This worksheet contains one table."], [], head, row, [],
        ["Source: the police"], ["[note 1] Revised in November."], ["", "", "End of the table"],
    ]  # fmt: skip
    path = written(tmp_path / f"q.{ending}", {"Bicycles": sheet})
    told = problems(project, path)
    assert told.count("Found:") == 1
    assert "The row holds only “Source: the police”. Is it a note and no row of the table?" in told
    assert "row 7" in told
    assert "and 2 more" in told
    plan = planned(project, path, assumed=("notes=leave-out",))
    assert len(rows_of(plan)) == 24
    name = "q" if ending == "csv" else "Bicycles"
    assert f"Sheet {name}: rows above the names of the columns are left out: 1, 2." in plan.report


@pytest.mark.parametrize(
    "heads",
    [["Aug-16", "Sep-16", "Oct-16"], ["2014/15", "2015/16"], [2015, 2016], [date(2016, 8, 1), date(2016, 9, 1)], ["Q1 2016", "Q2 2016"], ["August 2016", "September 2016"]],
    ids=str,
)  # fmt: skip
def test_what_a_sheet_with_periods_across_does_not_say_is_a_problem_at_its_place(
    project: Path, tmp_path: Path, kind: str, heads: list[object]
) -> None:
    sheet = [["Title"], ["Indicator", "Area", *heads], ["bikes", "E09999999", *range(20, 20 + len(heads))]]
    told = problems(project, written(tmp_path / f"q.{kind}", {"Sheet1": sheet}))
    # A quarter can be of two kinds of years, and the published years begin in July.
    where = ", cell C2" if str(heads[0]) in ("Q1 2016", "2014/15", "2015") else ", cell C3"
    assert f"q.{kind}, sheet Sheet1{where}" in told


def test_periods_across_that_cannot_be_read_are_one_problem_that_says_what_to_do(
    project: Path, tmp_path: Path, kind: str
) -> None:
    heads = ["201608", "201610"]
    sheet = [["Title"], ["Indicator", "Area", *heads], ["bikes", "E09999999", *range(20, 20 + len(heads))]]
    told = problems(project, written(tmp_path / f"q.{kind}", {"Sheet1": sheet}))
    assert told.count("Found:") == 1
    assert f"q.{kind}, sheet Sheet1, cell C2\n  Found: The periods are in columns (C to " in told
    assert "Write one row for each period" in told


# --- figures of another scale than their series


def series(indicator: str, *values: object) -> list[list[object]]:
    """A sheet with one figure for each year from 2020 on."""
    head: list[object] = list(OBSERVATIONS)
    rows = [
        [indicator, "E09999999", date(y, 7, 1), date(y + 1, 6, 30), None, v, None, "report", "T"]
        for y, v in enumerate(values, 2020)
    ]
    return [head, *rows]


@pytest.fixture
def percents(tiny: Path) -> Path:
    """The tiny portal, in which bikes is a percentage of about 80."""
    folder = tiny / "data_packages/figures/data"
    for name, old, new in (
        ("indicators.csv", "Bicycles stolen.,count", "Bicycles stolen.,percent"),
        ("observations.csv", ",,40,,", ",,78.2,,"), ("observations.csv", ",,44,,", ",,79.5,,"), ("observations.csv", ",,61,,", ",,83.4,,"),
    ):  # fmt: skip
        path = folder / name
        path.write_text(path.read_text().replace(old, new))
    return tiny


@pytest.mark.parametrize(("value", "way", "wanted"), [(0.811, "times-100", "81.1"), (0.8, "times-100", "80"), (8110, "over-100", "81.1"), (1, "times-100", "100")])  # fmt: skip
def test_a_share_among_percentages_is_a_question(
    percents: Path, tmp_path: Path, kind: str, value: float, way: str, wanted: str
) -> None:
    path = written(tmp_path / f"q.{kind}", {"S": series("bikes", value)})
    told = problems(percents, path)
    assert (
        f"{value} is far from the other figures of its series: 78.2 to 83.4. Which number is meant?" in told
    )
    assert f"--assume scale:bikes:{way}=as-written" in told
    assert new_row(planned(percents, path, assumed=(f"scale={way}",)))["value"] == wanted
    assert new_row(planned(percents, path, assumed=("scale=as-written",)))["value"] == str(value)


PUBLISHED = [
    r.split(",") for r in (TINY / "data_packages/figures/data/observations.csv").read_text().splitlines()[1:]
]


@pytest.mark.parametrize(
    ("indicator", "times", "way"),
    [("bikes", "1000", "over-1000"), ("bikes", "0.001", "times-1000"), ("advice", "0.01", "times-100"), ("rates", "0.01", "times-100")],
)  # fmt: skip
def test_a_revision_on_another_scale_is_a_question(
    tiny: Path, tmp_path: Path, indicator: str, times: str, way: str
) -> None:
    """Also if all figures of a series are revised at once."""
    known = [r for r in PUBLISHED if r[0] == indicator and r[5]]
    rows = [[*r[:5], float(Decimal(r[5]) * Decimal(times)), *r[6:]] for r in known]
    told = problems(tiny, written(tmp_path / "q.xlsx", {"S": [list(OBSERVATIONS), *rows]}))
    assert f"--assume scale:{indicator}:{way}=as-written" in told


def test_a_share_of_a_new_part_is_a_question(tiny: Path, tmp_path: Path) -> None:
    one = next(r for r in PUBLISHED if r[0] == "advice" and r[5])
    row = [*one[:4], "A third way", 0.811, *one[6:]]
    told = problems(tiny, written(tmp_path / "q.xlsx", {"S": [list(OBSERVATIONS), row]}))
    assert "--assume scale:advice:times-100=as-written" in told


@pytest.mark.parametrize(("text", "many"), [("45.000", "45000"), ("1.000", "1000")])
def test_a_point_before_three_zeros_is_a_question(tiny: Path, tmp_path: Path, text: str, many: str) -> None:
    path = written(tmp_path / "q.xlsx", {"S": series("bikes", text)})
    assert f"or {many} with a point between the thousands" in problems(tiny, path)


@pytest.mark.parametrize("words", ["before 1 July 2020", "until 1 July 2020", "Not 1 July 2020", "Monday 1 July 2020", "1 Julyish 2020"])  # fmt: skip
def test_a_date_with_words_that_do_not_belong_to_it_is_no_date(
    tiny: Path, tmp_path: Path, words: str
) -> None:
    rows = series("bikes", 50)
    rows[1][2] = words
    assert f"“{words}” is not a" in problems(tiny, written(tmp_path / "q.xlsx", {"S": rows}))


def test_the_weekday_of_a_date_is_read(tiny: Path, tmp_path: Path) -> None:
    rows = series("bikes", 50)
    rows[1][2] = "Wed, 1 July 2020"
    assert new_row(planned(tiny, written(tmp_path / "q.xlsx", {"S": rows})))["period_start"] == "2020-07-01"


def test_a_formula_that_is_worked_out_later_is_not_0(tiny: Path, tmp_path: Path) -> None:
    """XlsxWriter stores 0 as the result of every formula, and asks for the results when the file is opened."""
    with xlsxwriter.Workbook(tmp_path / "q.xlsx") as book:
        sheet = book.add_worksheet("S")
        for n, row in enumerate(series("bikes", "")):
            sheet.write_row(n, 0, [str(c) if c else "" for c in row])
        sheet.write_formula(1, 5, "=44+1")
    assert "formula" in problems(tiny, tmp_path / "q.xlsx")


@pytest.mark.parametrize("value", [81.1, 60, 99.9, 12.5])
def test_a_percentage_like_the_others_needs_no_question(percents: Path, tmp_path: Path, value: float) -> None:
    row = new_row(planned(percents, written(tmp_path / "q.xlsx", {"S": series("bikes", value)})))
    assert float(row["value"]) == value


def test_shares_that_are_all_new_are_a_question(tiny: Path, tmp_path: Path) -> None:
    path = tiny / "data_packages/figures/data/indicators.csv"
    path.write_text(path.read_text().replace("People murdered.,count", "People murdered.,percent"))
    observations = tiny / "data_packages/figures/data/observations.csv"
    observations.write_text("".join(x for x in observations.read_text().splitlines(keepends=True) if not x.startswith("murders,")))  # fmt: skip
    told = problems(tiny, written(tmp_path / "q.xlsx", {"S": series("murders", 0.78, 0.81, 0.8)}))
    assert "0.78 is a percentage below 1. Is it a share, such as 0.5 for 50%?" in told


@pytest.mark.parametrize(
    ("value", "words"),
    [(45.5, "45.5 is a count with decimals."), ("1.228", "1.228 is a count with decimals."), (0.044, "0.044 is far from the other figures of its series: 40 to 61."), (52000, "52000 is far from the other figures of its series: 40 to 61.")],
)  # fmt: skip
def test_counts_with_decimals_and_in_thousands_are_questions(
    project: Path, tmp_path: Path, kind: str, value: object, words: str
) -> None:
    path = written(tmp_path / f"q.{kind}", {"S": series("bikes", value)})
    assert words in problems(project, path)


def test_a_row_that_differs_from_the_others_of_its_sheet_is_a_question(
    percents: Path, tmp_path: Path
) -> None:
    observations = percents / "data_packages/figures/data/observations.csv"
    observations.write_text("".join(x for x in observations.read_text().splitlines(keepends=True) if not x.startswith("bikes,")))  # fmt: skip
    told = problems(percents, written(tmp_path / "q.xlsx", {"S": series("bikes", 78.2, 0.811, 80.1)}))
    assert "cell F3\n  Found: 0.811 is far from the other figures of its series: 78.2 to 80.1." in told
