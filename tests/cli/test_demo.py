"""`callflow demo`, the main job: what arrives at the receiver is the call that was placed (issue 2, "Must show")."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import miniaudio
import numpy as np
import pytest
from click.testing import CliRunner, Result
from numpy.typing import NDArray

from callflow.cli import verbs
from callflow.media.listen import dominant_voice, is_silent

BOB, ALICE = 0, 1
RATE_HZ = 16_000


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    """The main job, done once, and its folder."""
    out = tmp_path_factory.mktemp("demo")
    return CliRunner().invoke(verbs, ["demo", "--out", str(out)]), out


def arrived(out: Path) -> list[Path]:
    """The files in the receiver's folder, the longest call first."""
    return sorted((out / "received" / "acme" / "alice").iterdir(), key=lambda path: -path.stat().st_size)


def decoded(path: Path, channels: int, rate_hz: int) -> NDArray[np.int16]:
    """What a decoder that shares no code with our encoder makes of a file, one row a channel."""
    info = miniaudio.mp3_read_file_s16(str(path))
    assert (info.nchannels, info.sample_rate) == (channels, rate_hz)
    return np.array(info.samples, dtype=np.int16).reshape(-1, channels).T


def test_it_ends_well_and_shows_everything(demo: tuple[Result, Path]) -> None:
    """The main job shows tree, path, timeline, each recording with length, cause and end, its place, the diagnostic."""
    result, out = demo
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    for text in (
        "1 ● record_call  start  mp3  time_limit=360",
        "4 ●       └─ _: voicemail  alice-box",
        "0:04.000  A     Bob and alice are connected",
        "length    0:40.000, from 0:00.000 to 0:40.000",
        "hangup: the recorded leg ended; completion cause success-silence",
        "length    0:20.000, from 0:00.000 to 0:20.000",
        "stop: it was stopped; completion cause success-maxtime",
        "length    0:04.000, from 0:26.500 to 0:30.500",
        "`children` is itself the voicemail node",
        "[bare-children]",
    ):
        assert text in result.stdout
    for path in arrived(out):
        assert f"play recording 0: {path}" in result.stdout


def test_the_answered_call_is_exactly_forty_seconds_with_bob_left_and_alice_right(demo: tuple[Result, Path]) -> None:
    """Must show (a): the MP3 that arrived decodes to 40,000 ms, Bob left, Alice right, ringback before the answer."""
    sound = decoded(arrived(demo[1])[0], 2, RATE_HZ)
    assert sound.shape[1] == 40 * RATE_HZ
    left, right = sound

    def part(channel: NDArray[np.int16], from_s: int, to_s: int) -> NDArray[np.int16]:
        return channel[from_s * RATE_HZ : to_s * RATE_HZ]

    assert dominant_voice(part(left, 6, 16), RATE_HZ) == BOB
    assert is_silent(part(right, 6, 16))
    assert dominant_voice(part(right, 19, 32), RATE_HZ) == ALICE
    assert is_silent(part(left, 19, 32))
    assert is_silent(part(left, 0, 4))
    assert not is_silent(part(right, 0, 1))  # the ringback that Bob hears


def test_the_unanswered_call_holds_the_ringing(demo: tuple[Result, Path]) -> None:
    """Must show (b): the recording's length includes the ringing; Bob says nothing in it."""
    sound = decoded(arrived(demo[1])[1], 2, RATE_HZ)
    assert sound.shape[1] == 20 * RATE_HZ
    assert is_silent(sound[0])
    assert not is_silent(sound[1])


def test_the_voicemail_has_the_caller_only_and_is_in_the_account_database(demo: tuple[Result, Path]) -> None:
    """Must show (b): a voicemail with the caller's voice only, kept in the account's database of the month."""
    out = demo[1]
    file = out / "voicemail" / "recording-1-voicemail.mp3"
    (sound,) = decoded(file, 1, 8_000)
    assert len(sound) == 4 * 8_000
    assert dominant_voice(sound, 8_000) == BOB
    with closing(sqlite3.connect(out / "voicemail" / "account.db")) as database:
        ((name, size),) = database.execute("select database, bytes from recordings").fetchall()
    assert (name, size) == ("account/ac/me/-202611", file.stat().st_size)


def test_nothing_is_left_in_the_outbox(demo: tuple[Result, Path]) -> None:
    """What has arrived is cleared from the outbox."""
    assert [path for path in demo[1].rglob("outbox/*") if path.is_file()] == []
