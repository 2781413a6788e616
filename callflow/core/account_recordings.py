"""An account's `call_recording` as a whole: what its documents come to together, and what is wrong with them (B§9)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import define, field

from callflow.core.account_documents import DeviceDocument, UserDocument
from callflow.core.call_recording import (
    DIRECTIONS,
    NETWORKS,
    AccountRecordingDocument,
    LegacyRecording,
    Network,
    RecordingCells,
    RecordingDirections,
    RecordingNetworks,
    RecordingParameters,
    fold,
    merge_layers,
)
from callflow.core.call_recording_remarks import account_remarks, layer_remarks
from callflow.core.diagnostic import Diagnostic
from callflow.core.errors import FlowError
from callflow.core.node_remarks import url_remarks
from callflow.core.recording_plan import MOMENTS, AccountRecordings, RecordedSides, plan_recordings

_CALLS: tuple[tuple[Network, Network], ...] = (("onnet", "onnet"), ("onnet", "offnet"), ("offnet", "onnet"))
_NAMED = 3


@define
class RecordingReview:
    """Looks at the layers of an account once its documents have been read, and collects what is to be said."""

    account: AccountRecordingDocument | None
    record_call: bool | LegacyRecording | None = None
    faults: list[FlowError] = field(factory=list)
    diagnostics: list[Diagnostic] = field(factory=list)

    def review(
        self, users: Iterable[tuple[str, UserDocument]], devices: Iterable[tuple[str, DeviceDocument]]
    ) -> AccountRecordings | None:
        """Check every layer, each at its JSON path, and return what the account records by itself, None for nothing."""
        if self.record_call:
            message = "record_call of an account has no effect: only users and devices have it"
            hint = "write call_recording.endpoint"
            self.diagnostics.append(Diagnostic("record-call-not-read", "warning", "record_call", message, hint))
        own, endpoint = (self.account.account, self.account.endpoint) if self.account is not None else (None, None)
        if own is not None:
            self._check_urls(own, "call_recording.account")
            self.diagnostics += account_remarks(own, "call_recording.account")
        base = self._layer(endpoint, "call_recording.endpoint", None)
        owners: dict[str, RecordingCells | None] = {}
        for where, user in users:
            self._layer(user.call_recording, f"{where}.call_recording", base)
            owners[user.id] = merge_layers(base, user.recording)
        phones: dict[str, RecordingCells] = {}
        for where, device in devices:
            lower = owners.get(device.owner_id or "", base)
            self._layer(device.call_recording, f"{where}.call_recording", lower)
            cells = merge_layers(lower, device.recording)
            if cells is not None and cells.is_any_enabled:
                phones[device.id] = cells
        recordings = AccountRecordings(fold(own) if own is not None else None, phones)
        self.diagnostics += _two_recordings(recordings)
        return None if recordings.is_idle else recordings

    def _layer(
        self, layer: RecordingDirections | None, where: str, lower: RecordingCells | None
    ) -> RecordingCells | None:
        """Check one document's layer, which lies over `lower`, and fold it."""
        if layer is None:
            return None
        self._check_urls(layer, where)
        self.diagnostics += layer_remarks(layer, where, lower)
        return fold(layer)

    def _check_urls(self, layer: RecordingDirections, where: str) -> None:
        for path, cell in _written_cells(layer, where):
            if cell.url:
                faults, diagnostics = url_remarks(cell.url, f"{path}.url")
                self.faults += faults
                self.diagnostics += diagnostics


def _written_cells(layer: RecordingDirections, where: str) -> Iterator[tuple[str, RecordingParameters]]:
    """Yield each cell as it stands in the document, with its JSON path."""
    for direction in ("any", *DIRECTIONS):
        networks: RecordingNetworks | None = getattr(layer, direction)
        for network in ("any", *NETWORKS):
            cell: RecordingParameters | None = getattr(networks, network) if networks is not None else None
            if cell is not None:
                yield f"{where}.{direction}.{network}", cell


def _two_recordings(recordings: AccountRecordings) -> Iterator[Diagnostic]:
    """Say it once when calls of some phones are recorded by the account and by the phone: two files each (C15)."""
    twice = [phone for phone, cells in recordings.phones.items() if _meets(recordings.account, cells)]
    if twice:
        others = f" and {len(twice) - _NAMED} more" if len(twice) > _NAMED else ""
        phones = ", ".join(twice[:_NAMED])
        message = f"calls of {phones}{others} are recorded by the account and by the phone: two files"
        hint = "leave one of them out; each recording's origin says which it is"
        yield Diagnostic("two-recordings", "info", "call_recording.account", message, hint)


def _meets(account: RecordingCells | None, phone: RecordingCells) -> bool:
    """Whether there is a call that both record."""
    for source, destination in _CALLS:
        levels = {
            planned.level
            for moment in MOMENTS
            for planned in plan_recordings(
                moment,
                RecordedSides(account, phone, phone),
                source=source,
                destination=destination,
                outbound_at="route win",
            )
        }
        if len(levels) > 1:
            return True
    return False
