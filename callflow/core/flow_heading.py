"""What a callflow document says beside its tree (B§1.1), read alike from a file and from an account's list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve, frozen

from callflow.core.errors import FlowError
from callflow.core.settings import Reading, read_settings, setting
from callflow.core.unsimulated import unsimulated_parts

_OTHER_KEYS = ("flow", "owner_id", "flags", "metaflow", "metadata", "ringback", "type", "version")


@frozen
class FlowHeading:
    """How a flow is found and called: its id and name, the numbers it answers, the patterns tried after those."""

    id: str = setting("", help="The document's id.")
    name: str = setting("", help="The flow's name, the default label of its recordings.")
    numbers: tuple[str, ...] = setting((), help="Numbers and extensions that this flow answers.")
    patterns: tuple[str, ...] = setting((), help="Regular expressions tried when no number matches.")
    featurecode: Mapping[str, Any] | None = setting(None, help="The feature code that the flow answers.")


def read_heading(document: Mapping[Any, Any], where: str, *, bounds_are_errors: bool) -> Reading[FlowHeading]:
    """Read a callflow document's heading; a misspelt key is a fault, a database's own fields pass unremarked."""
    reading = read_settings(
        FlowHeading,
        own_fields(document),
        where,
        bounds_are_errors=bounds_are_errors,
        of="a callflow",
        also_known=_OTHER_KEYS,
    )
    return without_unread(reading)


def what_it_may_be(document: Mapping[Any, Any]) -> str:
    """What would be right for an object that holds no flow, by what it looks like."""
    inside = document.get("data")
    if "timeline" in document or "calls" in document:
        return "this looks like a scenario: `callflow run` plays those"
    wrapped = isinstance(inside, Mapping) and "flow" in inside
    return "take what is under 'data'" if wrapped else 'write {"flow": {"module": …}}'


def refused_parts(document: Mapping[Any, Any], where: str) -> tuple[FlowError, ...]:
    """Return a fault for everything that the document switches on and nobody simulates yet."""
    return tuple(FlowError(path, problem, "leave it out") for path, problem in unsimulated_parts(document, where))


def own_fields(document: Mapping[Any, Any]) -> dict[Any, Any]:
    """Copy a document without a database's own fields (`_rev`, `pvt_…`, `ui_…`); `_id` stands in for `id`."""
    own = {key: value for key, value in document.items() if not str(key).startswith(("_", "pvt_", "ui_"))}
    if "_id" in document:
        own.setdefault("id", document["_id"])
    return own


def without_unread(reading: Reading[Any]) -> Reading[Any]:
    """Drop the remarks on known keys without effect: Kazoo's documents have dozens that no call recording needs."""
    return evolve(reading, diagnostics=tuple(each for each in reading.diagnostics if each.code != "unread-key"))
