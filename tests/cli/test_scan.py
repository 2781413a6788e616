"""`callflow scan`: its object, its words, its picture, and what it says to what is no sound (issue 3, item 10)."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result
from numpy.typing import NDArray

from callflow.cli import verbs

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "silence" / "two_sentences.flac"
RATE = 8_000


def scan(*arguments: object) -> Result:
    """Run the verb in this process; nothing that it raises but SystemExit passes unseen."""
    result = CliRunner().invoke(verbs, ["scan", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def talk(*parts: tuple[int, int]) -> NDArray[np.int16]:
    """Mono samples at 8 kHz of constant size: (ms, |sample|) one after another."""
    return np.concatenate([np.full(ms * 8, level, dtype=np.int16) for ms, level in parts])


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    """Silence for 1 s, speech for 2 s, silence for 1.5 s, speech for 0.5 s."""
    path = tmp_path / "talk.wav"
    soundfile.write(path, talk((1_000, 0), (2_000, 1_000), (1_500, 10), (500, 900)), RATE, subtype="PCM_16")
    return path


def test_json_is_the_promised_object_and_nothing_else(audio: Path) -> None:
    """Design §7: one object; its names and their order are a promise; ended_ms is the end of the frame that fires."""
    result = scan(audio, "--final", "1000", "--json")
    assert result.exit_code == 0
    assert list(json.loads(result.stdout).items()) == [
        ("ended_ms", 4_020),
        ("completion_cause", "success-silence"),
        ("speech_started_ms", 1_000),
        ("silent", [[0, 1_000], [3_000, 4_500]]),
    ]


def test_json_is_null_when_nothing_fires(audio: Path) -> None:
    """Design §7: null when nothing does; the seed's initial timeout of 0 is no timer."""
    found = json.loads(scan(audio, "--final", "0", "--json").stdout)
    assert (found["ended_ms"], found["completion_cause"]) == (None, None)


def test_defaults_are_the_seed_s(audio: Path) -> None:
    """The seed: silence_threshold 200, silence_initial_timeout 0, silence_final_timeout 5."""
    written = scan(audio, "--threshold", 200, "--initial", 0, "--final", 5, "--json").stdout
    assert scan(audio, "--json").stdout == written
    assert json.loads(written)["ended_ms"] == 3_040


def test_initial_timeout_has_its_cause(audio: Path) -> None:
    """No speech within the initial timeout: no-input-timeout, at that time."""
    found = json.loads(scan(audio, "--initial", "640", "--json").stdout)
    assert (found["ended_ms"], found["completion_cause"]) == (640, "no-input-timeout")


def test_threshold_decides_what_is_silent(audio: Path) -> None:
    """B§4.1: below the threshold is silent, equal is not."""
    assert json.loads(scan(audio, "--threshold", 900, "--json").stdout)["silent"] == [[0, 1_000], [3_000, 4_500]]
    assert json.loads(scan(audio, "--threshold", 901, "--json").stdout)["silent"] == [[0, 1_000], [3_000, 5_000]]


def test_rate_resamples_first(tmp_path: Path) -> None:
    """B§4.5 (7): the same voice, silent at 8 kHz, is loud at 16 kHz; the text says that it was resampled."""
    tone = np.rint(240 * np.sin(2 * np.pi * 400 * np.arange(RATE) / RATE)).astype(np.int16)
    soundfile.write(tmp_path / "a.wav", tone, RATE)
    assert json.loads(scan(tmp_path / "a.wav", "--json").stdout)["speech_started_ms"] is None
    assert json.loads(scan(tmp_path / "a.wav", "--json", "--rate", "16000").stdout)["speech_started_ms"] == 0
    assert "mono at 16000 Hz, resampled from 8000 Hz, 50 frames" in scan(tmp_path / "a.wav", "--rate", "16000").stdout


def test_text_says_where_and_why(audio: Path) -> None:
    """A heading, the curve with the end marked, the verdict, the runs."""
    lines = scan(audio, "--final", "1000").stdout.splitlines()
    assert lines[0] == f"{audio}: 0:05.000, mono at 8000 Hz, 250 frames of 20 ms"
    assert lines[1] == "▁" * 14 + "█" * 30 + "▁" * 21 + "█" * 7
    assert lines[2].index("^") == 4_020 * 72 // 5_000
    assert lines[3:] == [
        "the recording ends at 0:04.020 with success-silence: the final timer of 1000 ms started at 0:03.020, where "
        "the first silent frame ended",
        "speech starts at 0:01.000",
        "2 silent runs (score below 200), 0:02.500 in all",
        "          from            to        length",
        "      0:00.000      0:01.000      0:01.000",
        "      0:03.000      0:04.500      0:01.500",
    ]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--initial", "500"], "at 0:00.500 with no-input-timeout: no speech, and the initial timer of 500 ms started"),
        (["--final", "9000"], "silence does not end the recording\n"),
        (["--final", "0"], "silence does not end the recording: both timeouts are 0, which never ends it\n"),
        (["--threshold", "0"], "silence does not end the recording: a threshold of 0 turns the detection off\n"),
    ],
)
def test_verdicts(audio: Path, options: list[str], words: str) -> None:
    """Every outcome in a sentence, the traps of B§4.5 (2, 3) by name."""
    assert words in scan(audio, *options).stdout


def test_many_runs_are_cut_short(tmp_path: Path) -> None:
    """The text lists the first twenty runs and says how many there are; the object lists all."""
    soundfile.write(tmp_path / "a.wav", talk(*[(20, 0), (20, 500)] * 30), RATE)
    lines = scan(tmp_path / "a.wav").stdout.splitlines()
    assert "30 silent runs (score below 200), 0:00.600 in all" in lines
    assert lines[-1] == "10 more; --json lists them all"
    assert len(json.loads(scan(tmp_path / "a.wav", "--json").stdout)["silent"]) == 30


def test_a_file_shorter_than_a_frame_is_scanned(tmp_path: Path) -> None:
    """Less than 20 ms: no frame, no runs, no end, and no fault."""
    soundfile.write(tmp_path / "a.wav", np.ones(100, dtype=np.int16), RATE)
    result = scan(tmp_path / "a.wav", "--picture", tmp_path / "a.svg")
    assert result.exit_code == 0
    assert "0 silent runs" in result.stdout
    ElementTree.fromstring((tmp_path / "a.svg").read_text())


def test_the_picture_shows_threshold_and_end(audio: Path, tmp_path: Path) -> None:
    """SVG, well-formed, with the threshold line, the end, shaded silence and the file's name."""
    result = scan(audio, "--final", "1000", "--picture", tmp_path / "curve.svg", "--json")
    assert json.loads(result.stdout)["ended_ms"] == 4_020
    root = ElementTree.fromstring((tmp_path / "curve.svg").read_text())
    space = {"s": "http://www.w3.org/2000/svg"}
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert len(root.findall(".//s:path[@id='threshold']", space)) == 1
    assert len(root.findall(".//s:path[@id='end']", space)) == 1
    words = [each.text for each in root.findall(".//s:text", space)]
    assert {"talk.wav", "threshold 200", "0:04.020 success-silence", "0:05.000"} <= set(words)
    shades = root.findall(".//s:rect[@fill='#e8eef6']", space)
    lefts = [float(each.attrib["x"]) for each in shades]
    assert lefts == pytest.approx([64, 64 + 856 * 3_000 / 5_000], abs=4)


def test_hostile_names_stay_harmless(tmp_path: Path) -> None:
    """A file's name is text in the picture and one line on the terminal, whatever it holds."""
    path = tmp_path / "<b>&\x1b[2J\n.wav"
    soundfile.write(path, talk((100, 0)), RATE, format="WAV")
    result = scan(path, "--picture", tmp_path / "a.svg")
    assert all(line.isprintable() for line in result.stdout.splitlines())
    root = ElementTree.fromstring((tmp_path / "a.svg").read_text())
    assert root[0].text == "<b>&\\x1b[2J\\n.wav"


@pytest.mark.parametrize("name", ["curve.png", "curve", "talk.wav"])
def test_only_svg_is_drawn(audio: Path, tmp_path: Path, name: str) -> None:
    """Another suffix is refused before anything is read or written, the audio itself above all."""
    before = audio.read_bytes()
    result = scan(audio, "--picture", tmp_path / name)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "only SVG is drawn; name a file that ends in .svg" in result.stderr
    assert audio.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["talk.wav"]


def test_the_picture_never_replaces_the_audio(audio: Path) -> None:
    """Even where the sound file has a picture's name."""
    path = audio.rename(audio.with_suffix(".svg"))
    before = path.read_bytes()
    result = scan(path, "--picture", path)
    assert result.exit_code == 2 and "would overwrite the audio" in result.stderr
    assert path.read_bytes() == before


def test_a_picture_that_cannot_be_written_is_told(audio: Path, tmp_path: Path) -> None:
    """The system's own reason, status 2."""
    result = scan(audio, "--picture", tmp_path / "none" / "a.svg")
    assert result.exit_code == 2
    assert result.stderr == (
        f"error: {tmp_path}/none/a.svg: cannot be written: No such file or directory; choose another file\n"
    )


def test_an_mp3_named_wav_is_an_mp3(tmp_path: Path) -> None:
    """Must show: what a file is decides its content, not its name."""
    path = tmp_path / "a.wav"
    soundfile.write(path, talk((1_000, 0), (1_000, 3_000)).astype(np.float32) / 32_768, RATE, format="MP3")
    found = json.loads(scan(path, "--json").stdout)
    assert found["speech_started_ms"] == pytest.approx(1_000, abs=40)


def test_three_hours_are_a_file_like_any_other(tmp_path: Path) -> None:
    """Must show: 3 h of audio, sparse on the disk here; how much memory it takes is a test of the media room."""
    size = 3 * 3_600 * RATE * 2
    head = struct.pack(
        "<4sI8sIHHIIHH4sI", b"RIFF", size + 36, b"WAVEfmt ", 16, 1, 1, RATE, 2 * RATE, 2, 16, b"data", size
    )
    with (tmp_path / "a.wav").open("wb") as file:
        file.write(head)
        file.truncate(44 + size)
    found = json.loads(scan(tmp_path / "a.wav", "--initial", "10000000", "--json").stdout)
    assert found == {
        "ended_ms": 10_000_000,
        "completion_cause": "no-input-timeout",
        "speech_started_ms": None,
        "silent": [[0, 10_800_000]],
    }


def header(channels: int, rate: int) -> bytes:
    """A WAV file of 64 bytes of samples whose header says what it likes."""
    return struct.pack(
        "<4sI8sIHHIIHH4sI", b"RIFF", 100, b"WAVEfmt ", 16, 1, channels, rate, 0, 2, 16, b"data", 64
    ) + bytes(64)


BROKEN = {
    "empty.wav": b"",
    "page.wav": b"<html>404 Not Found</html>" * 20,
    "head.wav": b"RIFF\x24\0\0\0WAVE",
    "zero.wav": header(0, RATE),
    "rate.wav": header(1, 0),
    "noise.mp3": bytes(range(256)) * 10,
    "short.wav": header(1, RATE)[:80],
}


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_what_is_no_sound_is_one_line(tmp_path: Path, name: str) -> None:
    """Must show: truncated, empty, without channels, no audio: an error that names the file, and status 2."""
    (tmp_path / name).write_bytes(BROKEN[name])
    result = scan(tmp_path / name, "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"error: {tmp_path / name}: ") and "; " in line


@pytest.mark.parametrize("name", ["gone.wav", "."])
def test_what_is_no_file_is_one_line(tmp_path: Path, name: str) -> None:
    """A missing file and a folder: an error that says so, and status 2."""
    result = scan(tmp_path / name)
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (2, "", 1)


@pytest.mark.parametrize(
    "options",
    [["--threshold", "-1"], ["--initial", "-1"], ["--final", "x"], ["--rate", "1"], ["--threshold", "9" * 400]],
)
def test_numbers_out_of_bounds_are_refused(audio: Path, options: list[str]) -> None:
    """A setting that no switch has is the user's slip: status 2."""
    assert scan(audio, *options).exit_code == 2


def test_a_rate_without_whole_frames_is_refused(audio: Path) -> None:
    """Asked for by name, a rate that no frame of 20 ms fits is an error that says which would."""
    result = scan(audio, "--rate", "11025")
    assert result.exit_code == 2
    assert "at 11025 Hz: cannot be cut into frames of 20 ms; " in result.stderr


def test_the_example_tells_two_sentences_apart() -> None:
    """B§4.5 (1): the seed's final timeout of 5 ms ends the example between its sentences, one of 600 ms after them."""
    assert json.loads(scan(EXAMPLE, "--json").stdout)["ended_ms"] == 1_540
    assert json.loads(scan(EXAMPLE, "--final", "600", "--json").stdout)["ended_ms"] == 3_520
