"""What a scenario's steps do: one frozen class per verb. `str(verb)` writes the words that the grammar reads.

People, the storage, the API and the switch each have verbs of their own; `callflow.scenario.verb_grammar` reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import frozen

from callflow.core.events import SWITCH_FAULTS, ControlAction, SwitchFault
from callflow.scenario.answers import Answer
from callflow.scenario.durations import format_duration


@frozen
class Calls:
    """`calls`: the caller dials. Its number and what it dials stand under `caller:`."""

    def __str__(self) -> str:
        return "calls"


@frozen
class Answers:
    """`answers`: the party's first ringing device picks up (design §12)."""

    def __str__(self) -> str:
        return "answers"


@frozen
class Rejects:
    """`rejects`: the ringing device declines the call."""

    def __str__(self) -> str:
        return "rejects"


@frozen
class IsBusy:
    """`is busy`: the device answers the call with busy."""

    def __str__(self) -> str:
        return "is busy"


@frozen
class DoesNotAnswer:
    """`does not answer`: a declaration about the end of the ringing; it never shortens it (design §12)."""

    def __str__(self) -> str:
        return "does not answer"


@frozen
class Speaks:
    """`speaks for T`: speech without gaps (design §12, Sound)."""

    length_ms: int

    def __str__(self) -> str:
        return f"speaks for {format_duration(self.length_ms)}"


@frozen
class Says:
    """`says "text"`: as long as the words would take, in the party's voice, which speaks no language.

    `says "text" in en` is real speech, made by the engine of the extra `tts`; its length is that of the speech.
    """

    text: str
    language: str = ""

    def __str__(self) -> str:
        escaped = self.text.replace("\\", "\\\\").replace('"', '\\"')
        return f'says "{escaped}"{f" in {self.language}" if self.language else ""}'


@frozen
class Plays:
    """`plays FILE`: a sound file, a path relative to the document that names it."""

    file: str

    def __str__(self) -> str:
        return f"plays {self.file}"


@frozen
class SendsTone:
    """`sends tone HZ for T`: one frequency."""

    hz: int
    length_ms: int

    def __str__(self) -> str:
        return f"sends tone {self.hz} for {format_duration(self.length_ms)}"


@frozen
class SendsNoise:
    """`sends noise LEVEL for T`: white noise whose mean absolute sample is LEVEL, the measure of `level above N`."""

    level: int
    length_ms: int

    def __str__(self) -> str:
        return f"sends noise {self.level} for {format_duration(self.length_ms)}"


@frozen
class IsSilent:
    """`is silent`: whatever the party was saying ends."""

    def __str__(self) -> str:
        return "is silent"


@frozen
class Presses:
    """`presses DIGITS`: 0-9 * # A-D, one after the other each 100 ms with a gap of 100 ms (design §12, Sound)."""

    digits: str

    def __str__(self) -> str:
        return f"presses {self.digits}"


@frozen
class Holds:
    """`holds`: the party puts the other on hold."""

    def __str__(self) -> str:
        return "holds"


@frozen
class Resumes:
    """`resumes`: the party takes the other back from hold."""

    def __str__(self) -> str:
        return "resumes"


@frozen
class Transfers:
    """`transfers to NUMBER` (blind) or `transfers with consultation to NUMBER` (attended)."""

    number: str
    with_consultation: bool = False

    def __str__(self) -> str:
        return f"transfers {'with consultation ' if self.with_consultation else ''}to {self.number}"


@frozen
class HangsUp:
    """`hangs up`: the party leaves the call."""

    def __str__(self) -> str:
        return "hangs up"


@frozen
class StorageFails:
    """`storage fails with WORDS [for KIND]`: from now on every target of the kind, `url` by default, replies this."""

    answer: Answer
    kind: str = "url"

    def __str__(self) -> str:
        return f"fails with {self.answer}{'' if self.kind == 'url' else f' for {self.kind}'}"


@frozen
class StorageWorks:
    """`storage works again`: from now on every target takes what it gets."""

    def __str__(self) -> str:
        return "works again"


CONTROLS: Final[Mapping[ControlAction, str]] = {
    "start": "starts recording",
    "stop": "stops recording",
    "mask": "masks recording",
    "unmask": "unmasks recording",
    "pause": "pauses recording",
    "resume": "resumes recording",
    "toggle": "toggles recording",
}
"""What the API does to recordings, in the words of a scenario (B§10)."""


@frozen
class ControlsRecording:
    """`api masks recording` …: what a request to the API does to recordings of the call's controlled leg (B§10)."""

    action: ControlAction

    def __str__(self) -> str:
        return CONTROLS[self.action]


@frozen
class BreaksSwitch:
    """`switch cannot open files` …: from now on the switch has this fault, for every call."""

    fault: SwitchFault

    def __str__(self) -> str:
        return SWITCH_FAULTS[self.fault]


Verb = (
    Calls | Answers | Rejects | IsBusy | DoesNotAnswer | Speaks | Says | Plays | SendsTone | SendsNoise | IsSilent
    | Presses | Holds | Resumes | Transfers | HangsUp | StorageFails | StorageWorks | ControlsRecording
    | BreaksSwitch
)  # fmt: skip
"""Everything that a step can do."""
