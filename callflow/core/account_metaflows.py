"""The metaflows of an account's devices, each merged from account, device and user (B§10).

Kazoo merges the three documents key by key, objects inside objects, and the later one wins: account, then device, then
the user who owns the device. An empty value never wins. Where an account binds 9 to a `record_call` with a `url`, and a
user binds 9 to a `record_call` that stops, the stop has that url as well. Digits come from devices: a user without one
binds nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from attrs import define, field, frozen

from callflow.core.diagnostic import Diagnostic
from callflow.core.errors import FlowError
from callflow.core.metaflows import Bindings, read_metaflows
from callflow.core.shown import child_path

Placed = tuple[str, Mapping[Any, Any]]
"""A document and its JSON path, "" for the account itself."""

_EMPTY: Final[tuple[Any, ...]] = (None, "", {}, [])
_MERGED_DEPTH = 200
_KINDS = ("numbers", "patterns")


@frozen
class AccountMetaflows:
    """The bindings of each device by its id, those that bind nothing left out; all faults, all diagnostics."""

    by_device: Mapping[str, Bindings] = field(factory=dict)
    faults: tuple[FlowError, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def read_account_metaflows(
    account: Mapping[Any, Any],
    users: Iterable[Placed],
    devices: Iterable[Placed],
    *,
    strict: bool,
    skip_unsimulated: bool = False,
) -> AccountMetaflows:
    """Read and merge what the documents have under `metaflows`; never raises for what they hold.

    Every document is checked by itself, at its own path; one that is faulty takes part in no merge.
    """
    reader = _Reader(strict, skip_unsimulated)
    top = reader.layer(("", account))
    owners = {_id(user): layer for where, user in users if (layer := reader.layer((where, user)))}
    merged: dict[str, Bindings] = {}
    for where, device in devices:
        layers = [top, reader.layer((where, device)), owners.get(str(device.get("owner_id")))]
        stated = [layer for layer in layers if layer is not None]
        if stated and not reader.faults:
            bindings = reader.merge(stated)
            if bindings is not None and (bindings.numbers or bindings.patterns):
                merged[_id(device)] = bindings
    return AccountMetaflows(merged, tuple(reader.faults), tuple(reader.diagnostics))


@define
class _Reader:
    strict: bool
    skip_unsimulated: bool
    faults: list[FlowError] = field(factory=list)
    diagnostics: list[Diagnostic] = field(factory=list)
    known: dict[tuple[str, ...], Bindings | None] = field(factory=dict)

    def layer(self, placed: Placed) -> Placed | None:
        """The `metaflows` object of a document, checked, with its path; None where there is none."""
        where, document = placed
        raw = document.get("metaflows")
        if raw is None:
            return None
        path = child_path(where, "metaflows")
        reading = self._read(raw, path, None)
        self.faults += reading.faults
        self.diagnostics += reading.diagnostics
        return (path, raw) if reading.settings is not None else None

    def merge(self, layers: list[Placed]) -> Bindings | None:
        """The bindings of layers, later ones over earlier ones; devices of one user share them."""
        paths = tuple(path for path, _ in layers)
        if paths not in self.known:
            whole: Mapping[Any, Any] = {}
            for _, raw in layers:
                whole = _merged(whole, raw)
            # Each layer was right by itself. A fault now is that of values which only together are wrong.
            reading = self._read(whole, paths[-1], dict(_places(layers)))
            self.faults += reading.faults
            self.known[paths] = reading.settings
        return self.known[paths]

    def _read(self, raw: object, where: str, places: Mapping[tuple[str, str], str] | None) -> Any:
        return read_metaflows(
            raw,
            where,
            strict=self.strict,
            skip_unsimulated=self.skip_unsimulated,
            places=places,
        )


def _places(layers: Iterable[Placed]) -> Iterator[tuple[tuple[str, str], str]]:
    """Where each number and pattern stands: in the last layer that has it."""
    for path, raw in layers:
        for kind in _KINDS:
            for key in raw.get(kind) or {}:
                yield (kind, key), child_path(path, kind)


def _merged(below: Mapping[Any, Any], above: Mapping[Any, Any], depth: int = _MERGED_DEPTH) -> dict[Any, Any]:
    """Two objects as one: objects inside are merged too, any other value of `above` wins unless it is empty."""
    whole = dict(below)
    for key, value in above.items():
        if value in _EMPTY:
            continue
        under = whole.get(key)
        if depth and isinstance(under, Mapping) and isinstance(value, Mapping):
            value = _merged(under, value, depth - 1)
        whole[key] = value
    return whole


def _id(document: Mapping[Any, Any]) -> str:
    return str(document.get("id", document.get("_id")))
