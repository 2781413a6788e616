"""The fold on calls of the engine: what the main job's recordings contain, by their tracks and by ear."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from callflow.core.events import Answers, FallsSilent, HangsUp, Presses, Speaks
from callflow.core.trace import Row
from callflow.media.listen import dominant_voice, heard, is_silent, voices
from callflow.media.render import blocks
from callflow.media.sources import Digit, Ringback, Voice
from callflow.media.track import Span, Track
from callflow.report.hearing import Hearing, party_numbers, soundtracks

Rows = list[Row]


def samples_of(track: Track, from_ms: int, to_ms: int) -> NDArray[np.int16]:
    """Rendered samples of a stretch, shape (n, channels)."""
    whole = np.concatenate(list(blocks(track)))
    return whole[from_ms * track.sample_rate // 1000 : to_ms * track.sample_rate // 1000]


def test_an_answered_call_has_the_caller_left_and_ringback_then_the_callee_right(answered: Rows) -> None:
    """Design §12, Sound: left is what the recorded leg says, right what it hears; the ringing is in the recording."""
    assert soundtracks(answered) == {
        ("c1", 0): Track(
            40_000,
            2,
            16_000,
            (
                Span(Ringback(), "right", 0, 4_000, 0, 8_000),
                Span(Voice(0), "left", 5_000, 15_000, 0, 8_000),
                Span(Voice(1), "right", 16_000, 26_000, 0, 8_000),
            ),
        )
    }


def test_an_unanswered_call_has_ringback_and_then_a_message_of_the_caller_alone(not_answered: Rows) -> None:
    """The main job (b): the call's recording is all ringback; the voicemail is mono and holds the caller only."""
    assert soundtracks(not_answered) == {
        ("c1", 0): Track(20_000, 2, 16_000, (Span(Ringback(), "right", 0, 20_000, 0, 8_000),)),
        ("c1", 1): Track(4_000, 1, 8_000, (Span(Voice(0), "left", 0, 4_000),)),
    }


def test_what_is_rendered_sounds_like_bob_left_and_alice_right(answered: Rows) -> None:
    """The ear agrees with the fold: Bob left, ringback and then alice right, silence between."""
    track = soundtracks(answered)["c1", 0]
    numbers = party_numbers(answered)["c1"]
    assert heard(samples_of(track, 0, 2_000)[:, 1], 16_000).kind == "ringback"
    assert not samples_of(track, 4_000, 5_000).any()
    speech = samples_of(track, 5_000, 15_000)
    assert dominant_voice(speech[:, 0], 16_000) == numbers["caller"] == 0
    assert is_silent(speech[:, 1])
    answer = samples_of(track, 16_000, 26_000)
    assert [voice.number for voice in voices(answer[:, 1], 16_000)] == [numbers["alice"]] == [1]
    assert is_silent(answer[:, 0])


def test_what_is_rendered_of_a_message_is_the_callers_voice_alone(not_answered: Rows) -> None:
    """The main job (b), by ear."""
    tracks = soundtracks(not_answered)
    message = samples_of(tracks["c1", 1], 0, 4_000)
    assert message.shape == (32_000, 1)
    assert [voice.number for voice in voices(message[:, 0], 8_000)] == [0]
    assert heard(samples_of(tracks["c1", 0], 18_000, 20_000)[:, 1], 16_000).kind == "ringback"


def test_digits_and_a_cut_are_heard_on_the_callers_side(call_placed: Callable[..., Rows]) -> None:
    """Design §12, Sound: a digit is 100 ms of its tones on the presser's side, and cuts what was being said."""
    rows = call_placed(
        (1_000, "B", Answers()),
        (2_000, "A", Speaks({"voice": "caller"}, 5_000)),
        (3_000, "A", Presses("5")),
        (4_000, "B", Speaks({"voice": "alice"}, 5_000)),
        (4_500, "B", FallsSilent()),
        (6_000, "A", HangsUp()),
    )
    assert soundtracks(rows)["c1", 0].spans == (
        Span(Ringback(), "right", 0, 1_000, 0, 8_000),
        Span(Voice(0), "left", 2_000, 3_000, 0, 8_000),
        Span(Digit("5"), "left", 3_000, 3_100, 0, 8_000),
        Span(Voice(1), "right", 4_000, 4_500, 0, 8_000),
    )


def test_a_recording_that_never_started_has_no_track(call_placed: Callable[..., Rows]) -> None:
    """Nothing was recorded, so there is nothing to render."""
    flow = {"module": "record_call", "data": {"action": "start", "record_on_answer": True}}
    assert soundtracks(call_placed(flow=flow)) == {}


def test_a_track_is_there_as_soon_as_its_file_is_closed(answered: Rows) -> None:
    """The fold is fed row by row: whoever renders need not wait for the end of the run."""
    hearing = Hearing()
    closing = [row.name for row in answered if hearing.take(row) is not None]
    assert closing == ["RECORD_STOP"]


def test_calls_do_not_hear_one_another(answered: Rows, not_answered: Rows) -> None:
    """Rows of several calls may lie between one another."""
    second = [row._replace(call_id="c2") for row in not_answered]
    mixed = sorted([*answered, *second], key=lambda row: (row.at_ms, row.seq))
    alone = {**soundtracks(answered), **soundtracks(second)}
    assert soundtracks(mixed) == alone
