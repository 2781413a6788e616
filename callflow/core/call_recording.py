"""`call_recording` of accounts, users and devices: its document shapes, and their folding into cells (B§9.1, B§9.2).

A layer is one document's `call_recording`. Folded, it has a cell for each direction and network; the layers over each
other, account's `endpoint` < owner < device, are what an endpoint's calls are recorded by. Which recordings a call then
gets is `callflow.core.recording_plan`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Literal, get_args

from attrs import fields, frozen

from callflow.core.recording_limits import fits_the_file
from callflow.core.settings import setting

Direction = Literal["inbound", "outbound"]
"""As the account's switch sees it: inbound is into the account or to the endpoint, outbound from it (B§9.3)."""

Network = Literal["onnet", "offnet"]
"""Where the other side is: a phone of the account, or the world outside (B§9.2)."""

DIRECTIONS: Final[tuple[Direction, ...]] = get_args(Direction)
NETWORKS: Final[tuple[Network, ...]] = get_args(Network)


@frozen
class RecordingParameters:
    """One cell as its author writes it; None is what a cell leaves to the layers and the `any` below it (B§9.1)."""

    enabled: bool | None = setting(None, help="Whether such calls are recorded.")
    format: str | None = setting(None, help="File format; default: the system's extension, mp3.", one_of=("mp3", "wav"))
    record_min_sec: int | None = setting(None, help="Seconds; a shorter recording is deleted.")
    record_on_answer: bool | None = setting(None, help="Start when the call is answered.")
    record_on_bridge: bool | None = setting(None, help="Start when the call is bridged.")
    record_sample_rate: int | None = setting(
        None, help="Sample rate in Hz that the format has; default 16000.", check=fits_the_file
    )
    should_announce_when_recording: bool | None = setting(None, help="Tell the caller of it when the call is bridged.")
    should_record_feature_calls: bool | None = setting(None, help="Record calls to feature codes too; default true.")
    time_limit: int | None = setting(None, help="Longest recording in seconds.", at_least=5, at_most=10800)
    url: str | None = setting(None, help="Base URL that the file is sent to.", shortest=6)

    def over(self, lower: RecordingParameters) -> RecordingParameters:
        """Return both as one, key by key; what is written here wins."""
        mine = {key: getattr(self, key) for key in _KEYS}
        return RecordingParameters(
            **{key: getattr(lower, key) if value is None else value for key, value in mine.items()}
        )


_KEYS: Final = tuple(each.name for each in fields(RecordingParameters))
_OFF: Final = RecordingParameters(enabled=False)
_NOTHING: Final = RecordingParameters()


@frozen
class RecordingNetworks:
    """One direction of a layer; `any` stands for both networks."""

    any: RecordingParameters | None = setting(None, help="Calls of either network.")
    onnet: RecordingParameters | None = setting(None, help="Calls between phones of the account.")
    offnet: RecordingParameters | None = setting(None, help="Calls from or to the world outside.")


@frozen
class RecordingDirections:
    """A layer: `call_recording` of a user or a device, and each half of an account's; `any` is both directions."""

    any: RecordingNetworks | None = setting(None, help="Calls of either direction.")
    inbound: RecordingNetworks | None = setting(None, help="Calls to the endpoint, or into the account.")
    outbound: RecordingNetworks | None = setting(None, help="Calls from the endpoint, or from the account.")


@frozen
class AccountRecordingDocument:
    """`call_recording` of an account: its own recordings, and the lowest layer of its users and devices (B§9.1)."""

    account: RecordingDirections | None = setting(None, help="The account's own recordings.")
    endpoint: RecordingDirections | None = setting(None, help="What users and devices start from.")


@frozen
class LegacyRecording(RecordingParameters):
    """`record_call` written as an object, of which the four cells are copies (B§9.1)."""

    record_call: bool = setting(False, help="Whether every call of the endpoint is recorded.")
    action: str | None = setting(None, help="As in the module record_call; nobody reads it here.")


@frozen
class RecordingCells:
    """A layer folded, or several over each other: one cell for each direction and network."""

    inbound_onnet: RecordingParameters
    inbound_offnet: RecordingParameters
    outbound_onnet: RecordingParameters
    outbound_offnet: RecordingParameters

    def cell(self, direction: Direction, network: Network) -> RecordingParameters:
        """Return the cell of a direction and a network."""
        found: RecordingParameters = getattr(self, f"{direction}_{network}")
        return found

    @property
    def is_any_enabled(self) -> bool:
        """Whether any call could be recorded by it."""
        return any(self.cell(direction, network).enabled for direction in DIRECTIONS for network in NETWORKS)

    def over(self, lower: RecordingCells | None) -> RecordingCells:
        """Return both layers as one, cell by cell and key by key; this one's keys win (B§9.2)."""
        if lower is None:
            return self
        return _cells(lambda direction, network: self.cell(direction, network).over(lower.cell(direction, network)))


def fold(layer: RecordingDirections) -> RecordingCells:
    """Return the layer's cells: `any` is folded into directions first, then into networks; the specific key wins.

    A cell of which neither the layer's own key nor an `any` object says whether it is enabled is off, and says so to
    the layers below: a device that sets `inbound.offnet` alone switches the other three off (B§9.2, B§12 #20).
    """

    def cell(direction: Direction, network: Network) -> RecordingParameters:
        networks = _networks_of(layer, direction)
        own: RecordingParameters | None = getattr(networks, network)
        return (own or _NOTHING).over(networks.any if networks.any is not None else _OFF)

    return _cells(cell)


def unstated(layer: RecordingDirections) -> Iterator[tuple[Direction, Network]]:
    """Yield the cells that the layer switches off without saying so."""
    for direction in DIRECTIONS:
        networks = _networks_of(layer, direction)
        for network in NETWORKS:
            own: RecordingParameters | None = getattr(networks, network)
            if networks.any is None and (own is None or own.enabled is None):
                yield direction, network


def endpoint_layer(
    call_recording: RecordingDirections | None, record_call: bool | LegacyRecording | None
) -> RecordingCells | None:
    """Return the layer of a user or device, or None: the older `record_call` is read only without the newer key.

    `record_call: true`, or an object that says so inside, enables all four cells (B§9.1).
    """
    if call_recording is not None:
        return fold(call_recording)
    if isinstance(record_call, LegacyRecording):
        every = RecordingParameters(enabled=True).over(record_call)
        return _cells(lambda direction, network: every) if record_call.record_call else None
    return _cells(lambda direction, network: RecordingParameters(enabled=True)) if record_call else None


def merge_layers(*layers: RecordingCells | None) -> RecordingCells | None:
    """Return the layers over each other, the last one on top; None when there is none."""
    merged: RecordingCells | None = None
    for layer in layers:
        merged = layer.over(merged) if layer is not None else merged
    return merged


def _networks_of(layer: RecordingDirections, direction: Direction) -> RecordingNetworks:
    """One direction with the layer's `any` direction under it."""
    own: RecordingNetworks = getattr(layer, direction) or RecordingNetworks()
    under = layer.any or RecordingNetworks()
    return RecordingNetworks(
        any=_either(own.any, under.any),
        onnet=_either(own.onnet, under.onnet),
        offnet=_either(own.offnet, under.offnet),
    )


def _either(upper: RecordingParameters | None, lower: RecordingParameters | None) -> RecordingParameters | None:
    return upper.over(lower) if upper is not None and lower is not None else upper if upper is not None else lower


def _cells(cell: Callable[[Direction, Network], RecordingParameters]) -> RecordingCells:
    return RecordingCells(
        cell("inbound", "onnet"), cell("inbound", "offnet"), cell("outbound", "onnet"), cell("outbound", "offnet")
    )
