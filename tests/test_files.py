"""Audio files of a run: which recordings get one, under which names, and what is said when they cannot be written."""

from __future__ import annotations

import wave
from pathlib import Path
from types import ModuleType

import pytest
from attrs import evolve

from callflow.core.errors import MediaError, StorageError
from callflow.files import default_folder, write_recordings
from callflow.report.results import RunResult
from callflow.simulate import Run

TALK = ("at 1s: alice answers", "at 2s: caller speaks for 1s", "at 4s: caller hangs up")


def written(run: Run, folder: Path) -> RunResult:
    """The result with files."""
    return write_recordings(run.rows, run.summary(), folder, run.prepared.folder)


def names_in(folder: Path) -> list[str]:
    """Everything in a folder."""
    return sorted(each.name for each in folder.iterdir())


def test_a_finished_recording_has_a_file_of_its_length(staging: ModuleType, tmp_path: Path) -> None:
    """Design §7: `file` is a path that the user can open, `bytes` its size; WAV is exact to the sample."""
    (recording,) = written(staging.played(tmp_path, *TALK), tmp_path / "out").recordings
    assert recording.file == str(tmp_path / "out" / "recording-0-call.wav")
    assert Path(recording.file).stat().st_size == recording.bytes
    with wave.open(recording.file) as file:
        assert (file.getnframes(), file.getnchannels()) == (4 * file.getframerate(), 2)


@pytest.mark.parametrize("profile", ["docs", "kazoo-4"])
@pytest.mark.parametrize(("format", "size"), [("wav", 44), ("mp3", 0)])
def test_a_file_of_which_nothing_was_written(
    staging: ModuleType, tmp_path: Path, format: str, size: int, profile: str
) -> None:
    """B§3.8, C29: the first write fails: the finished recording has a file without sound, in every format."""
    flow = staging.record(staging.ring("alice"), format=format)
    run = staging.played(tmp_path, "at 0s: switch cannot write files", *TALK, flow=flow, profile=profile)
    (recording,) = written(run, tmp_path / "out").recordings
    assert (recording.state, recording.length_ms, recording.bytes) == ("finished", 0, size)
    assert names_in(tmp_path / "out") == [f"recording-0-call.{format}"]


@pytest.mark.parametrize("name", ["../../evil.wav", "/etc/evil.wav", "..", "a\x00b", "evil\n.wav", "-rf"])
def test_names_never_come_from_a_document(staging: ModuleType, tmp_path: Path, name: str) -> None:
    """Common law: no path leaves its folder, whatever `media_name` and `media_id` say."""
    flow = staging.record(staging.ring(), media_name=name, media_id=name)
    written(staging.played(tmp_path, *TALK, flow=flow), tmp_path / "deep" / "out")
    assert names_in(tmp_path / "deep" / "out") == ["recording-0-call.wav"]
    assert names_in(tmp_path) == ["call.json", "deep", "flow.json"]


def test_only_finished_recordings_get_files(staging: ModuleType, tmp_path: Path) -> None:
    """Design §12, Recordings: discarded and never_started recordings have none; the index counts them all the same."""
    short = staging.record(staging.record(staging.record(staging.ring()), record_on_bridge=True), record_min_sec=30)
    lines = ("at 1s: caller hangs up",)
    result = written(staging.played(tmp_path, *lines, flow=short), tmp_path / "out")
    assert [each.state for each in result.recordings] == ["discarded", "never_started", "finished"]
    assert [bool(each.file) for each in result.recordings] == [False, False, True]
    assert names_in(tmp_path / "out") == ["recording-2-call.wav"]


def test_a_run_without_recordings_makes_no_folder(staging: ModuleType, tmp_path: Path) -> None:
    """Design §7: files land under the folder; without any there is none."""
    written(staging.played(tmp_path, *TALK, flow=staging.RING_ONLY), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_several_calls_have_files_of_their_own(staging: ModuleType, tmp_path: Path) -> None:
    """Design §12: with several calls the file's name says which."""
    one = {"caller": {"number": "1", "dials": "2"}, "timeline": [*map(staging.step, ("at 0s: caller calls", *TALK))]}
    run = staging.played(tmp_path, caller=None, timeline=None, calls={"first": one, "second": one})
    result = written(run, tmp_path / "out")
    assert names_in(tmp_path / "out") == ["call-0-recording-0-call.wav", "call-1-recording-0-call.wav"]
    assert [Path(each.file or "").name for call in result.calls for each in call.recordings] == names_in(
        tmp_path / "out"
    )


@pytest.mark.parametrize("in_the_way", ["out", "out/recording-0-call.wav/x"])
def test_a_folder_that_cannot_be_written(staging: ModuleType, tmp_path: Path, in_the_way: str) -> None:
    """Design §9: StorageError in one line, with what would be right; nothing half-written stays."""
    blocking = tmp_path / in_the_way
    blocking.parent.mkdir(parents=True, exist_ok=True)
    blocking.write_text("in the way")
    run = staging.played(tmp_path, *TALK)
    with pytest.raises(StorageError) as caught:
        written(run, tmp_path / "out")
    message = str(caught.value)
    assert message.isprintable() and message.startswith(f"{tmp_path}/out/recording-0-call.wav: cannot be written: ")
    assert message.endswith("; choose another folder with --out")
    assert not [each for each in tmp_path.rglob("*.part")]


def test_audio_that_cannot_be_made_is_no_fault_of_the_folder(staging: ModuleType, tmp_path: Path) -> None:
    """Design §12, Documents: the kazoo profiles keep a format out of bounds; nobody can write it."""
    flow = staging.record(staging.ring(), format="ogg")
    run = staging.played(tmp_path, *TALK, flow=flow, profile="kazoo-5")
    with pytest.raises(MediaError, match="mp3"):
        written(run, tmp_path / "out")


@pytest.mark.parametrize(
    ("file", "row", "folder"),
    [
        ("calls/busy.scenario.yaml", 0, "out/busy.scenario"),
        ("calls/busy.yaml", 3, "out/busy-3"),
        ("a b/größe §1.yaml", 0, "out/gr-e-1"),
        ("§§.yaml", 0, "out/scenario"),
    ],
)
def test_the_default_folder_is_named_after_the_file(
    staging: ModuleType, tmp_path: Path, file: str, row: int, folder: str
) -> None:
    """Design §7: `out/<scenario>/` by default, of letters that every system takes, one for each row of examples."""
    scenario = evolve(staging.scenario(tmp_path), file=file, row=row)
    assert default_folder(scenario) == Path(folder)
