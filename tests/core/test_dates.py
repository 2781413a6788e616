"""Calendar arithmetic: the months of ids and databases (B§6.5; C22)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.dates import DAY_S, GREGORIAN_OFFSET_S, year_month
from callflow.core.effects import Answer, Sleep, StartRecording
from callflow.core.exchange import Exchange, Setting

EPOCH = date(1970, 1, 1)


@given(st.dates(min_value=date(1583, 1, 1)))
def test_month_of_any_day(day: date) -> None:
    """B§6.5: the month of a day, as the standard library's calendar has it."""
    assert year_month((day - EPOCH).days) == f"{day.year:04d}{day.month:02d}"


@pytest.mark.parametrize(
    ("day", "month"),
    [
        ("1970-01-01", "197001"),
        ("1969-12-31", "196912"),
        ("2000-02-29", "200002"),
        ("2100-02-28", "210002"),
        ("2100-03-01", "210003"),
        ("2026-11-30", "202611"),
        ("2026-12-01", "202612"),
        ("2027-01-01", "202701"),
    ],
)
def test_month_at_the_edges(day: str, month: str) -> None:
    """B§6.5: leap days, centuries and the ends of months and years."""
    assert year_month((date.fromisoformat(day) - EPOCH).days) == month


def test_gregorian_seconds() -> None:
    """B§6.5: Gregorian seconds count from the year 0, 719,528 days before the Unix epoch."""
    assert GREGORIAN_OFFSET_S == 719_528 * DAY_S


@pytest.mark.parametrize(
    ("utc_offset_s", "id_month", "database_month"),
    [(0, "202611", "202612"), (3600, "202612", "202612"), (-3600, "202611", "202611")],
)
def test_id_has_the_month_of_the_start_and_the_database_that_of_the_stop(
    build: Any, utc_offset_s: int, id_month: str, database_month: str
) -> None:
    """B§6.5 and C22: a recording across the end of a month has both months, by local time."""
    start_s = int(datetime(2026, 11, 30, 23, 59, 50, tzinfo=UTC).timestamp())
    script = build.doing(Answer(), StartRecording(build.options()), Sleep(20_000))
    stage = build.perform(script, start_s=start_s, utc_offset_s=utc_offset_s)
    local = timezone(timedelta(seconds=utc_offset_s))
    assert f"{datetime.fromtimestamp(start_s, local):%Y%m}" == id_month
    assert stage.recordings()[0]["id"].startswith(f"{id_month}-")
    assert stage.find("DELIVERY", "REQUESTED")[0].detail["month"] == database_month


@given(
    start_s=st.integers(0, 13_569_465_599),  # 1970 to 2400
    utc_offset_s=st.integers(-12 * 4, 14 * 4).map(lambda quarters: quarters * 900),
    later_ms=st.lists(st.integers(0, 40 * DAY_S * 1000), min_size=1, max_size=8),
)
def test_month_of_any_moment_in_any_zone(build: Any, start_s: int, utc_offset_s: int, later_ms: list[int]) -> None:
    """B§6.5, C22, C49: the local month of a virtual moment, whatever was asked before, is that of the library."""
    exchange = Exchange(Setting(build.household(), start_s=start_s, utc_offset_s=utc_offset_s))
    for at_ms in later_ms:
        local = datetime(1970, 1, 1) + timedelta(seconds=start_s + utc_offset_s, milliseconds=at_ms)
        assert exchange.month(at_ms) == f"{local:%Y%m}"
