"""The SIP status with which a call that reached nobody is refused by default (B§2.5). Tones are not played."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from callflow.core.causes import HangupCause

_BY_STATUS: Final = {
    403: "OUTGOING_CALL_BARRED INCOMING_CALL_BARRED BEARERCAPABILITY_NOTAUTH BEARERCAPABILITY_NOTAVAIL",
    404: "UNALLOCATED_NUMBER NO_ROUTE_DESTINATION NO_ROUTE_TRANSIT_NET",
    408: "NO_USER_RESPONSE",
    410: "NUMBER_CHANGED REDIRECTION_TO_NEW_DESTINATION",
    480: "NO_ANSWER SUBSCRIBER_ABSENT NORMAL_UNSPECIFIED",
    483: "EXCHANGE_ROUTING_ERROR",
    484: "INVALID_NUMBER_FORMAT",
    486: "USER_BUSY",
    487: "ORIGINATOR_CANCEL",
    488: "BEARERCAPABILITY_NOTIMPL INCOMPATIBLE_DESTINATION",
    501: "FACILITY_NOT_IMPLEMENTED SERVICE_NOT_IMPLEMENTED",
    502: "DESTINATION_OUT_OF_ORDER",
    503: "NORMAL_CIRCUIT_CONGESTION NETWORK_OUT_OF_ORDER NORMAL_TEMPORARY_FAILURE SWITCH_CONGESTION"
    " REQUESTED_CHAN_UNAVAIL",
    504: "RECOVERY_ON_TIMER_EXPIRE",
    510: "FACILITY_REJECTED",
    603: "CALL_REJECTED",
}

_STATUSES: Final[Mapping[HangupCause, int]] = {
    HangupCause[name]: status for status, names in _BY_STATUS.items() for name in names.split()
}


def default_status(cause: HangupCause) -> int | None:
    """The status for a cause before the answer; None for a cause that has no response, such as NORMAL_CLEARING."""
    return _STATUSES.get(cause)
