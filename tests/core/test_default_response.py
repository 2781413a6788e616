"""The default response for a cause (B§2.5)."""

from __future__ import annotations

import pytest

from callflow.core.causes import HangupCause
from callflow.core.default_response import default_status


@pytest.mark.parametrize(
    ("cause", "status"),
    [
        ("UNALLOCATED_NUMBER", 404),
        ("NO_ROUTE_TRANSIT_NET", 404),
        ("USER_BUSY", 486),
        ("NO_USER_RESPONSE", 408),
        ("NO_ANSWER", 480),
        ("CALL_REJECTED", 603),
        ("NUMBER_CHANGED", 410),
        ("EXCHANGE_ROUTING_ERROR", 483),
        ("DESTINATION_OUT_OF_ORDER", 502),
        ("INVALID_NUMBER_FORMAT", 484),
        ("FACILITY_REJECTED", 510),
        ("SWITCH_CONGESTION", 503),
        ("BEARERCAPABILITY_NOTAVAIL", 403),
        ("INCOMPATIBLE_DESTINATION", 488),
        ("SERVICE_NOT_IMPLEMENTED", 501),
        ("RECOVERY_ON_TIMER_EXPIRE", 504),
        ("ORIGINATOR_CANCEL", 487),
        ("NORMAL_CLEARING", None),
        ("LOSE_RACE", None),
        ("UNSPECIFIED", None),
    ],
)
def test_the_status_of_a_cause(cause: str, status: int | None) -> None:
    """B§2.5: one row of the table each, and none for what has no response."""
    assert default_status(HangupCause[cause]) == status


def test_most_causes_have_a_status() -> None:
    """B§2.5: of the causes that the switch knows here, those without are few and named."""
    without = {cause.name for cause in HangupCause if default_status(cause) is None}
    assert {"NORMAL_CLEARING", "LOSE_RACE", "UNSPECIFIED", "USER_NOT_REGISTERED"} <= without
    assert all(400 <= (default_status(cause) or 400) < 700 for cause in HangupCause)
