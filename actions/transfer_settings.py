"""The keys of `transfer` (B§7.13): where the call is sent, and which of its legs."""

from __future__ import annotations

from attrs import frozen

from callflow.core.settings import setting


@frozen
class TransferSettings:
    """The keys of `transfer`."""

    target: str | None = setting(None, help="The number to transfer to; default: what the pattern captured.")
    leg: str | None = setting(
        None, help="Which leg is sent; default: self in a no_match flow, else bleg.", one_of=("self", "bleg")
    )
    transfer_type: str = setting("blind", help="At once, or after a consultation.", one_of=("attended", "blind"))
    captures: tuple[str, ...] = setting(("no_match",), help="Names of the captures that may be the target.")
