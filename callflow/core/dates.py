"""Calendar arithmetic on integers: the core may not ask the platform what day it is."""

from __future__ import annotations

from typing import Final

GREGORIAN_OFFSET_S: Final = 62_167_219_200
"""Gregorian seconds minus Unix seconds (B§6.5)."""

DAY_S: Final = 86_400
_ERA_DAYS: Final = 146_097  # days in 400 Gregorian years


def year_month(unix_day: int) -> str:
    """The month of a day counted from 1970-01-01, as `YYYYMM`; years start in March here: leap days come last."""
    era, day_of_era = divmod(unix_day + 719_468, _ERA_DAYS)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month = (5 * day_of_year + 2) // 153 + 3
    year = era * 400 + year_of_era
    return f"{year + 1:04d}{month - 12:02d}" if month > 12 else f"{year:04d}{month:02d}"
