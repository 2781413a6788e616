"""The ears of a run: they answer what silence listeners ask, from the sound itself (B§4; design §12, Engine).

```python
ears = Ears(folder)
for row in engine.run():
    answer = ears.take(row)
    if answer is not None:
        engine.answer_silence(answer, because=row.seq)
```
The core asks when a listener would fire, given what is on the legs; the fold from rows to sound, which also makes the
files, says what it hears, and the media room scores it. No file is written, and no frame is looked at in Python.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from attrs import define, evolve, field
from numpy.typing import NDArray

from callflow.core.codecs import codec_clock_hz
from callflow.core.events import SilenceAnswered
from callflow.core.trace import AUDIO, CALL, LEG, RECORDER, REQUEST, Row
from callflow.media.render import blocks
from callflow.media.runs import Detection, Fired, Listening, listen
from callflow.media.scores import FRAME_MS, frame_scores
from callflow.report.hearing import Hearing
from callflow.report.tap import Frames

_BLOCK_MS: Final = 4_000
_NOT_SILENT: Final = -1


@define(eq=False)
class Ears:
    """Fed with every row of a run; `folder` is where its sound files lie.

    A call in which nobody listens for silence costs nothing but the remembering of its rows, until it has ended.
    """

    folder: Path = Path()
    _hearing: Hearing = field(init=False)
    _rows: dict[str, list[Row]] = field(factory=dict, init=False)
    _listening: set[str] = field(factory=set, init=False)

    def __attrs_post_init__(self) -> None:
        """Hear nothing yet."""
        self._hearing = Hearing(self.folder)

    def take(self, row: Row) -> SilenceAnswered | None:
        """Read the next row; the answer when it asks about silence. Raises MediaError for sound that cannot be made."""
        kind, call_id = row.kind, row.call_id
        if kind == REQUEST:
            return self._answer(row) if row.name == "silence" else None
        if kind == CALL:
            self._rows.pop(call_id, None)
            self._listening.discard(call_id)
            self._hearing.take(row)
        elif kind in (LEG, AUDIO, RECORDER):
            if call_id in self._listening:
                self._hearing.take(row)
            else:
                self._rows.setdefault(call_id, []).append(row)
        return None

    def _answer(self, row: Row) -> SilenceAnswered:
        call_id = row.call_id
        if call_id not in self._listening:
            self._listening.add(call_id)
            for earlier in self._rows.pop(call_id, ()):
                self._hearing.take(earlier)
        asked: Mapping[str, Any] = row.detail or {}
        key, until_ms = (call_id, asked["recording"]), asked["until_ms"]
        ear = _ear_for(asked)
        ear.hear(self._hearing.frames(key, ear.heard_ms, row.at_ms))
        heard_ms, state = ear.heard_ms, ear.state
        if ear.fired is None:
            ear.hear(self._hearing.frames(key, heard_ms, until_ms))
        return SilenceAnswered(
            heard_ms=heard_ms,
            silent_since_ms=_NOT_SILENT if state.silent_since_ms is None else state.silent_since_ms,
            has_speech=state.has_speech,
            until_ms=until_ms,
            speech_ms=None if state.has_speech else ear.speech_ms,
            fires_ms=ear.fired.at_ms if ear.fired is not None else None,
        )


@define(eq=False)
class _Ear:
    """One listener, from what it has heard already on: `heard_ms` is where its next frame begins.

    `is_take` says that it hears the caller alone, at the codec's real rate (B§4.6).
    """

    detection: Detection
    is_take: bool
    heard_ms: int
    state: Listening
    speech_ms: int | None = None
    fired: Fired | None = None

    def hear(self, stretches: Iterator[Frames]) -> None:
        """Judge whole frames, one stretch after another, until it fires or there are no more."""
        for frames in stretches:
            self.heard_ms = frames.from_ms
            for silent in self._silences(frames):
                heard = listen(silent, self.detection, self.state, self.heard_ms)
                if self.speech_ms is None and not silent.all():
                    self.speech_ms = self.heard_ms + (int(np.argmin(silent)) + 1) * FRAME_MS
                if isinstance(heard, Fired):
                    self.fired = heard
                    return
                self.state = heard
                self.heard_ms += len(silent) * FRAME_MS

    def _silences(self, frames: Frames) -> Iterator[NDArray[np.bool_]]:
        """Which frames are silent, a block after the other (B§4.1)."""
        track, clock_hz = frames.track, codec_clock_hz(frames.codec)
        if self.is_take:
            said = tuple(span for span in track.spans if span.side == "left")
            track, clock_hz = evolve(track, channels=1, spans=said), track.sample_rate
        for block in blocks(track, _BLOCK_MS):
            yield frame_scores(block, track.sample_rate, clock_hz).silent(self.detection.threshold)


def _ear_for(asked: Mapping[str, Any]) -> _Ear:
    """The listener that a request row is about, in the state in which it asks."""
    is_take = asked["test"] == "take"
    detection = Detection(asked["threshold"], asked["initial_ms"], asked["final_ms"], counts_first_frame=is_take)
    since_ms = asked["silent_since_ms"]
    state = Listening(None if since_ms == _NOT_SILENT else since_ms, asked["has_speech"])
    return _Ear(detection, is_take, asked["from_ms"], state)
