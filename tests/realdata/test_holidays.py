"""The calendar against the State Council's notices for 2021 to 2023, day by day."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest

from evaltools.workdays import is_workday

NOTICES = Path(__file__).resolve().parents[3] / "shared" / "field" / "holidays_2021_2023.csv"

pytestmark = pytest.mark.skipif(not NOTICES.is_file(), reason="the notices are not on this machine")


def test_every_day_of_three_years_equals_the_notices():
    with NOTICES.open(encoding="utf-8", newline="") as lines:
        kinds = {date.fromisoformat(row["date"]): row["kind"] for row in csv.DictReader(lines)}
    assert set(kinds.values()) == {"holiday", "make-up workday"}
    days = [date(2021, 1, 1) + timedelta(days=step) for step in range(1095)]
    expected = [kinds.get(day, "workday" if day.weekday() < 5 else "weekend").endswith("workday") for day in days]
    assert is_workday(days).tolist() == expected
