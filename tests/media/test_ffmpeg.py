"""Formats that only ffmpeg knows: what it is told, what it is not allowed, and what happens when it fails."""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from callflow.core.errors import MediaError
from callflow.media.clip import opened_clip, pcm_blocks
from callflow.media.ffmpeg import decoded_by_ffmpeg
from callflow.media.listen import dominant_voice
from callflow.media.segment import clip_length_ms, open_audio
from callflow.media.sources import AudioFile, Voice, samples

RATE = 8_000

FAKE_FFMPEG = """#!{python}
import json, sys
json.dump(sys.argv[1:], open({log!r}, "w"))
head, zeros, status = open({head!r}, "rb").read(), {zeros}, {status}
try:
    sys.stdout.buffer.write(head)
    for _ in range(zeros):
        sys.stdout.buffer.write(bytes(1 << 20))
except BrokenPipeError:
    sys.stderr.close()
sys.exit(status)
"""


@pytest.fixture
def speech(tmp_path: Path) -> bytes:
    """Two seconds of party 4 as mono WAV at 8 kHz, as ffmpeg writes it into a pipe."""
    soundfile.write(tmp_path / "speech.wav", samples(Voice(4), 0, 2 * RATE, RATE), RATE)
    data = bytearray((tmp_path / "speech.wav").read_bytes())
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"
    return bytes(data)


def install_ffmpeg(
    folder: Path, head: bytes, monkeypatch: pytest.MonkeyPatch, *, megabytes: int = 0, status: int = 0
) -> Path:
    """A program named ffmpeg, alone on the PATH: writes `head`, then zeros; logs its arguments to the file returned."""
    program = folder / "bin" / "ffmpeg"
    program.parent.mkdir()
    log, written = folder / "arguments.json", folder / "head.bin"
    written.write_bytes(head)
    program.write_text(
        FAKE_FFMPEG.format(python=sys.executable, log=str(log), head=str(written), zeros=megabytes, status=status)
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    return log


def test_formats_need_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without ffmpeg, an M4A file is an error that says what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    (tmp_path / "a.m4a").write_bytes(b"\0\0\0\x20ftypM4A " * 9)
    with pytest.raises(MediaError, match=r"only ffmpeg decodes \.m4a, and there is none; with ffmpeg installed"):
        open_audio(tmp_path / "a.m4a")


def test_one_container_and_a_full_path(tmp_path: Path, speech: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ffmpeg never guesses the container (a playlist would open other files), nor takes a name for an option."""
    log = install_ffmpeg(tmp_path, speech, monkeypatch)
    monkeypatch.chdir(tmp_path)
    Path("-i.m4a").write_bytes(b"#EXTM3U\nfile:///etc/passwd\n")
    assert len(open_audio("-i.m4a")) == 2_000
    assert np.array_equal(samples(AudioFile(Path("-i.m4a")), 0, 16_000, RATE), samples(Voice(4), 0, 16_000, RATE))
    arguments = log.read_text()
    assert f'"-protocol_whitelist", "file", "-f", "mp4", "-i", "{tmp_path}/-i.m4a"' in arguments


def test_failure_is_a_media_error(tmp_path: Path, speech: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ffmpeg cannot decode to the end is the file's fault: a MediaError, not a shorter clip."""
    install_ffmpeg(tmp_path, speech, monkeypatch, status=1)
    (tmp_path / "a.webm").write_bytes(b"no film")
    with pytest.raises(MediaError, match="ffmpeg cannot decode it as matroska"):
        open_audio(tmp_path / "a.webm")


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"RIFF",
        b"RIFX\0\0\0\0WAVE",
        b"RIFF\0\0\0\0WAVEdata\0\0\0\0",
        b"RIFF\0\0\0\0WAVEjunk\xff\xff\xff\xff",
        b"RIFF\0\0\0\0WAVE" + b"junk\0\0\0\0" * 99,
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + struct.pack("<HHIIHH", 1, 0, RATE, 0, 0, 16) + b"data\0\0\0\0",
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + struct.pack("<HHIIHH", 1, 1, 9, 18, 2, 16) + b"data\0\0\0\0ab",
    ],
)
def test_nonsense_from_ffmpeg_is_a_media_error(tmp_path: Path, head: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the program writes instead of a WAV file is a MediaError."""
    install_ffmpeg(tmp_path, head, monkeypatch)
    (tmp_path / "a.amr").write_bytes(b"#!AMR\n")
    with pytest.raises(MediaError, match=r"a\.amr: .+; .+"):
        clip_length_ms(tmp_path / "a.amr")


def test_hours_take_no_memory(tmp_path: Path, speech: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ffmpeg decodes is read in blocks: 64 MB of it, over an hour, stay under 8 MB."""
    install_ffmpeg(tmp_path, speech[:44], monkeypatch, megabytes=64)
    (tmp_path / "a.wma").write_bytes(b"long")
    tracemalloc.start()
    try:
        with opened_clip(tmp_path / "a.wma") as clip:
            assert sum(len(values) for values in pcm_blocks(clip)) == 64 << 19
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


def test_ffmpeg_ends_with_its_clip(tmp_path: Path, speech: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clip that is not read to its end leaves no process behind."""
    started: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen

    def popen(*arguments: object, **options: object) -> subprocess.Popen[bytes]:
        """Start the program, and remember it."""
        started.append(real(*arguments, **options))  # type: ignore[call-overload]
        return started[-1]

    install_ffmpeg(tmp_path, speech, monkeypatch, megabytes=10_000)
    (tmp_path / "a.mka").write_bytes(b"endless")
    monkeypatch.setattr("callflow.media.ffmpeg.subprocess.Popen", popen)
    with decoded_by_ffmpeg(tmp_path / "a.mka") as (rate, channels, blocks):
        assert (rate, channels, len(next(blocks)) > 0) == (RATE, 1, True)
    assert [process.returncode is None for process in started] == [False]


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="there is no ffmpeg")
@pytest.mark.parametrize("suffix", ["m4a", "mka"])
def test_real_ffmpeg_is_understood(tmp_path: Path, speech: bytes, suffix: str) -> None:
    """Where ffmpeg is installed, a file of its own making is heard; junk under its suffix is a MediaError."""
    path = tmp_path / f"a.{suffix}"
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(tmp_path / "speech.wav"), "-c:a", "aac", str(path)]
    subprocess.run(command, check=True, timeout=60)
    assert 2_000 <= clip_length_ms(path) < 2_300
    assert dominant_voice(samples(AudioFile(path), 4_000, 8_000, RATE), RATE) == 4
    path.write_bytes(b"#EXTM3U\n/etc/passwd\n")
    with pytest.raises(MediaError, match="ffmpeg cannot decode"):
        clip_length_ms(path)
