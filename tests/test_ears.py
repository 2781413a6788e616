"""What the ears answer to one request, and what they forget (B§4; design §12, Engine)."""

from __future__ import annotations

from typing import Any

import pytest

from callflow.core.errors import MediaError
from callflow.core.events import SilenceAnswered
from callflow.core.trace import AUDIO, CALL, LEG, RECORDER, REQUEST, Row
from callflow.ears import Ears

ASKED = {
    "recording": 0, "from_ms": 1_000, "until_ms": 5_000, "silent_since_ms": 1_000, "has_speech": False,
    "test": "tap", "threshold": 200, "initial_ms": 0, "final_ms": 0,
}  # fmt: skip


class Talk:
    """Rows written by hand: a call whose recording begins at 1 s, and the ears that are told of them."""

    def __init__(self) -> None:
        self.ears = Ears()
        self.seq = 0
        self.begin()

    def begin(self) -> None:
        """Let the call come and be recorded."""
        self.row(0, LEG, "CHANNEL_CREATE", party="caller", device="")
        self.row(0, RECORDER, "ARMED", recording=0, to="ARMED", kind="call", channels=2, sample_rate=8_000)
        self.row(1_000, RECORDER, "RECORD_START", recording=0, to="RECORDING")

    def row(self, at_ms: int, kind: str, name: str, /, **detail: Any) -> SilenceAnswered | None:
        """Tell the ears one row."""
        self.seq += 1
        return self.ears.take(Row(self.seq, at_ms, "c1", "A", kind, name, detail, -1, ""))

    def speak(self, at_ms: int, for_ms: int) -> None:
        """The caller speaks."""
        self.row(at_ms, AUDIO, "speaks", sound={"voice": "caller"}, for_ms=for_ms)

    def ask(self, at_ms: int, **changed: Any) -> SilenceAnswered:
        """Ask, and expect an answer."""
        answer = self.row(at_ms, REQUEST, "silence", **{**ASKED, **changed})
        assert answer is not None
        return answer


def test_the_answer_tells_now_from_later() -> None:
    """Design §12, Engine: the state is that after the last whole frame of the asking; speech and end lie behind it."""
    talk = Talk()
    talk.speak(2_000, 1_010)
    assert talk.ask(2_007) == SilenceAnswered(2_000, 1_000, False, 5_000, speech_ms=2_020)
    assert talk.ask(2_020) == SilenceAnswered(2_020, -1, True, 5_000)
    assert talk.ask(3_050) == SilenceAnswered(3_040, 3_040, True, 5_000)
    assert talk.ask(2_007, final_ms=500) == SilenceAnswered(2_000, 1_000, False, 5_000, 2_020, fires_ms=3_540)
    assert talk.ask(2_007, final_ms=500, until_ms=3_539) == SilenceAnswered(2_000, 1_000, False, 3_539, 2_020)


def test_what_fired_before_the_asking_is_told_as_it_was() -> None:
    """B§4.3: an answer that comes late says when; the core then ends the recording at once."""
    talk = Talk()
    assert talk.ask(4_000, initial_ms=700).fires_ms == 1_700


def test_it_goes_on_from_the_state_that_it_is_told() -> None:
    """Design §12: the ask carries {silent since, speech, timer}; what was before `from_ms` is not heard again."""
    talk = Talk()
    talk.speak(1_000, 500)
    since = {"from_ms": 2_000, "silent_since_ms": 1_520, "has_speech": True, "final_ms": 1_000}
    assert talk.ask(2_000, **since) == SilenceAnswered(2_000, 1_520, True, 5_000, fires_ms=2_520)
    assert talk.ask(2_000, **{**since, "silent_since_ms": -1}).fires_ms == 2_020 + 1_000


def test_a_recording_that_is_not_there_is_quiet() -> None:
    """A request about nothing has an answer too: no frame came, and none will."""
    talk = Talk()
    assert talk.ask(2_000, recording=7, initial_ms=5) == SilenceAnswered(1_000, 1_000, False, 5_000)


def test_other_requests_are_not_for_the_ears() -> None:
    """Each request has its own name; deliveries are answered by somebody else."""
    assert Talk().row(2_000, REQUEST, "deliver", delivery=0) is None


def test_a_sound_that_nobody_can_make_is_said_when_it_is_listened_to() -> None:
    """Design §9: a damaged trace is a MediaError, and none before anybody listens."""
    talk = Talk()
    talk.row(2_000, AUDIO, "speaks", sound={"buzz": 1}, for_ms=100)
    with pytest.raises(MediaError, match="buzz"):
        talk.ask(2_000)


def test_a_call_that_is_over_is_forgotten() -> None:
    """Design §2, law 8: whether somebody listened in it or not; a later call of the same id begins anew."""
    for asks in (False, True):
        talk = Talk()
        talk.speak(2_000, 9_000)
        if asks:
            talk.ask(2_000)
        talk.row(3_000, CALL, "ended")
        talk.begin()
        assert talk.ask(2_000) == SilenceAnswered(2_000, 1_000, False, 5_000)
        talk.row(3_000, CALL, "ended")
        assert not talk.ears._rows and not talk.ears._listening and not talk.ears._hearing._calls
