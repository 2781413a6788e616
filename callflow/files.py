"""The recordings of a run as audio files that the user can open."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from attrs import evolve

from callflow.core.errors import MediaError, StorageError
from callflow.core.trace import Row
from callflow.media.encode import Written, write_audio
from callflow.media.track import Track
from callflow.report.hearing import soundtracks
from callflow.report.results import RecordingResult, RunResult
from callflow.scenario.language import Scenario

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME = 40
_NO_NAMES: Mapping[str, str] = {}


def default_folder(scenario: Scenario) -> Path:
    """Where a scenario's files land when the user does not say: `out/<its file's name>`, a row's number behind."""
    stem = _UNSAFE.sub("-", Path(scenario.file).stem).strip(".-") or "scenario"
    return Path("out") / (f"{stem}-{scenario.row}" if scenario.row else stem)


def write_recordings(
    rows: Iterable[Row], result: RunResult, folder: Path, sounds: Path, names: Mapping[str, str] = _NO_NAMES
) -> RunResult:
    """Write every finished recording into `folder` and return the result with `file` and `bytes` filled in.

    Files are named by us, `recording-0-call.mp3`, never by a document; of several calls each has its name in
    front, `first-recording-0-call.mp3`, as `names` says by call id. `sounds` is where the scenario's sound files lie.
    Raises MediaError for audio that cannot be made (design §12, Sound), StorageError for a folder that cannot be
    written.
    """
    tracks = soundtracks(rows, folder=sounds)
    calls = []
    for call, start in zip(result.calls, _starts(result, names), strict=True):
        recordings = []
        for index, recording in enumerate(call.recordings):
            if recording.state == "finished":
                path = folder / f"{start}{_name(index, recording)}"
                written = _written(tracks[call.call_id, index], path, recording.format)
                recording = evolve(recording, file=str(path), bytes=written.bytes)
            recordings.append(recording)
        calls.append(evolve(call, recordings=tuple(recordings)))
    return evolve(result, calls=tuple(calls))


def _written(track: Track, path: Path, format: str) -> Written:
    """The file, written; what the system refuses is a fault of the folder, everything else one of the audio."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return write_audio(track, path, format)
    except OSError as error:
        refused = error
    except MediaError as error:
        if not isinstance(error.__cause__, OSError):
            raise
        refused = error.__cause__
    reason = refused.strerror or "the system refused"
    raise StorageError(f"{path}: cannot be written: {reason}; choose another folder with --out")


def _starts(result: RunResult, names: Mapping[str, str]) -> Sequence[str]:
    """How the files of each call begin: with its name, made harmless, or with its number where the names do not do."""
    if len(result.calls) == 1:
        return ("",)
    safe = [_UNSAFE.sub("-", names.get(call.call_id, "")).strip(".-")[:_LONGEST_NAME] for call in result.calls]
    if all(safe) and len({each.lower() for each in safe}) == len(safe):
        return [f"{each}-" for each in safe]
    return [f"call-{number}-" for number in range(len(safe))]


def _name(index: int, recording: RecordingResult) -> str:
    return f"recording-{index}-{recording.kind}.{_UNSAFE.sub('-', recording.format)}"
