"""The recordings of a run as audio files that the user can open."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from attrs import evolve

from callflow.core.errors import StorageError
from callflow.core.trace import Row
from callflow.media.encode import write_audio
from callflow.report.hearing import soundtracks
from callflow.report.results import CallResult, RecordingResult, RunResult
from callflow.scenario.language import Scenario

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def default_folder(scenario: Scenario) -> Path:
    """Where a scenario's files land when the user does not say: `out/<the scenario file's name>`, a row's number behind."""
    stem = _UNSAFE.sub("-", Path(scenario.file).stem).strip(".-") or "scenario"
    return Path("out") / (f"{stem}-{scenario.row}" if scenario.row else stem)


def write_recordings(rows: Iterable[Row], result: RunResult, folder: Path, sounds: Path) -> RunResult:
    """Write every finished recording into `folder` and return the result with `file` and `bytes` filled in.

    Files are named by us, `recording-0-call.mp3`, never by a document. `sounds` is where the scenario's sound files
    lie. Raises MediaError for audio that cannot be made (design §12, Sound), StorageError when the folder cannot be written.
    """
    tracks = soundtracks(rows, folder=sounds)
    calls = []
    for number, call in enumerate(result.calls):
        recordings = []
        for index, recording in enumerate(call.recordings):
            if recording.state == "finished":
                path = folder / _name(result, number, index, recording)
                try:
                    folder.mkdir(parents=True, exist_ok=True)
                    written = write_audio(tracks[call.call_id, index], path, recording.format)
                except OSError as error:
                    raise StorageError(f"{path}: cannot be written: {error.strerror}; choose another folder with --out") from None
                recording = evolve(recording, file=str(path), bytes=written.bytes)
            recordings.append(recording)
        calls.append(_with(call, recordings))
    return evolve(result, calls=tuple(calls))


def _name(result: RunResult, number: int, index: int, recording: RecordingResult) -> str:
    call = f"call-{number}-" if len(result.calls) > 1 else ""
    return f"{call}recording-{index}-{recording.kind}.{_UNSAFE.sub('-', recording.format)}"


def _with(call: CallResult, recordings: list[RecordingResult]) -> CallResult:
    return evolve(call, recordings=tuple(recordings))
