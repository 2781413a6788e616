"""What the command-line tests share: deliveries that are really made, without waiting between their tries."""

from __future__ import annotations

import pytest

from callflow import uploading


@pytest.fixture
def patient_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the waits between tries pass at once: a clock that moves only when it is waited on."""

    class FakeClock:
        def __init__(self) -> None:
            self.at_ms = 0

        def now_ms(self) -> int:
            return self.at_ms

        def wait_ms(self, duration_ms: int) -> None:
            self.at_ms += duration_ms

    monkeypatch.setattr(uploading, "RealClock", FakeClock)
