"""What people are told to write instead of a wrong cell is accepted."""

import re
from typing import Any

import pytest
from portal.core import field_types

NUMBER = {"name": "value", "type": "number"}
FLAG = {"name": "sensitive", "type": "boolean"}
DAY = {"name": "period_start", "type": "date"}
ID = {
    "name": "id",
    "type": "string",
    "form": "slug",
    "constraints": {"pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"},
}
STATUS = {
    "name": "status",
    "type": "string",
    "constraints": {"enum": ["", "p", "r", "e", "b", "c", "x", "z", "low"]},
}


@pytest.mark.parametrize(
    ("cell", "field", "advice"),
    [
        (" 12 ", NUMBER, "Write 12."),
        (" 1,234 ", NUMBER, "space: 1234."),
        (" tRue", FLAG, "Write true or false."),
        ("com¹", ID, "such as com1-1."),
        ("conin$", ID, "such as conin-1."),
        ("[c]", STATUS, "Write c."),
        ("(P)", STATUS, "Write p."),
        ("provisional", STATUS, "Write p."),
        ("not available", STATUS, "Write x."),
        ("43647", DAY, "Write 2019-07-01, if"),
        (" 43647.0", DAY, "Write 2019-07-01, if"),
        ("99999", DAY, "such as 2016-07-31."),
    ],
)
def test_the_advice_is_accepted(cell: str, field: dict[str, Any], advice: str) -> None:
    fault = field_types.cell_fault(cell, field)
    assert fault is not None
    assert advice in fault.fix
    words = re.findall(r"(?:Write|such as|space:) ([^ ,]+?)(?:[,.]? |[,.]?$)", fault.fix)
    assert [w for w in words if field_types.cell_fault(w, field) is None]
