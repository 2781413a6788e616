"""Real words, where an engine is installed; without one, a clear word of what to install."""

from __future__ import annotations

import ctypes.util
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from callflow.core.errors import MediaError
from callflow.media import espeak
from callflow.media.listen import is_silent
from callflow.media.render import blocks
from callflow.media.sources import Spoken, samples, spoken_length_ms
from callflow.media.track import Span, Track

HAS_ENGINE = (
    importlib.util.find_spec("espeakng_loader") is not None or ctypes.util.find_library("espeak-ng") is not None
)
needs_engine = pytest.mark.skipif(not HAS_ENGINE, reason="the extra tts is not installed")


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without eSpeak NG, whatever this one has."""
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: None)
    espeak._engine.cache_clear()
    yield
    espeak._engine.cache_clear()


@pytest.mark.usefixtures("no_engine")
def test_without_an_engine_the_extra_is_named() -> None:
    """Spoken text without an engine is an error that says what to install, when it is read and when it is measured."""
    wanted = r"spoken text: eSpeak NG is not installed; it comes with the extra tts: pip install .+\[tts\]"
    with pytest.raises(MediaError, match=wanted):
        samples(Spoken("nobody has said this before"), 0, 10, 8_000)
    with pytest.raises(MediaError, match=wanted):
        spoken_length_ms(Spoken("nobody has said this before"))


@pytest.mark.usefixtures("no_engine")
def test_a_broken_engine_is_a_media_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that is no library is an error, not a crash."""
    (tmp_path / "lib.so").write_bytes(b"no library")
    loader = SimpleNamespace(
        get_library_path=lambda: tmp_path / "lib.so", get_data_path=lambda: tmp_path, __spec__=SimpleNamespace()
    )
    monkeypatch.setitem(sys.modules, "espeakng_loader", loader)
    with pytest.raises(MediaError, match="eSpeak NG cannot be loaded; it comes with the extra tts"):
        spoken_length_ms(Spoken("nobody has said this before"))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Spoken(""),
        lambda: Spoken("  \n"),
        lambda: Spoken("a" * 2_001),
        lambda: Spoken("a", language="../../etc"),
        lambda: Spoken("a", language="EN"),
        lambda: Spoken("a", number=-1),
    ],
)
def test_what_cannot_be_spoken_is_refused(make: object) -> None:
    """No words, too many words and what is no language are errors in the form of design §9, engine or not."""
    assert callable(make)
    with pytest.raises(MediaError, match=r"^Spoken.+: .+; .+$"):
        make()


class TestWithEngine:
    """What holds where an engine is installed."""

    pytestmark = needs_engine

    def test_words_sound_as_long_as_they_last(self) -> None:
        """Spoken text is heard from its start to its length, and is silence after it, at any rate."""
        source = Spoken("Good morning, this is Bob.")
        length_ms = spoken_length_ms(source)
        assert 800 < length_ms < 4_000
        for rate in (8_000, 16_000, 44_100):
            made = samples(source, 0, (length_ms + 1_000) * rate // 1000, rate)
            assert not is_silent(made[: rate // 2])
            assert not made[-(-length_ms * rate // 1000) + 1 :].any()

    def test_any_cut_gives_the_same_samples(self) -> None:
        """Where a stretch is cut changes no sample (design §12)."""
        source = Spoken("one two three")
        parts = [samples(source, at, 700, 8_000) for at in range(0, 7_000, 700)]
        assert np.array_equal(np.concatenate(parts), samples(source, 0, 7_000, 8_000))

    def test_parties_and_words_differ(self) -> None:
        """Another party, other words or another language sound different; the same, the same."""
        first = samples(Spoken("ninety-nine"), 0, 8_000, 8_000)
        again = samples(Spoken("ninety-nine", 0, "en"), 0, 8_000, 8_000)
        assert np.array_equal(first, again)
        for other in (Spoken("ninety-nine", 1), Spoken("seventy"), Spoken("ninety-nine", 0, "de")):
            assert not np.array_equal(first, samples(other, 0, 8_000, 8_000))

    def test_hostile_text_is_only_text(self) -> None:
        """Markup, control characters and half characters are words or nothing; the process lives on."""
        for text in ("<speak><audio src='/etc/passwd'/></speak>", "a\0b\x1b[2J", "[[h@'loU]] %s %n", "\ud800 ok"):
            assert spoken_length_ms(Spoken(text)) > 0

    def test_unknown_language_is_named(self) -> None:
        """A language without a voice is an error that names it."""
        with pytest.raises(MediaError, match="language 'qqq': eSpeak NG has no voice for it; one like en"):
            spoken_length_ms(Spoken("a", language="qqq"))

    def test_spoken_text_is_rendered(self) -> None:
        """A span of spoken text is heard on its side of the track."""
        track = Track(1_000, 2, 8_000, (Span(Spoken("hello hello"), "right", 0, 1_000, codec_rate=16_000),))
        made = np.concatenate(list(blocks(track)))
        assert not made[:, 0].any() and not is_silent(made[:, 1])
