"""What is to be done with every scenario of a suite: plain data that each process is given once."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from attrs import frozen

from callflow.scenario.preparing import Choices
from callflow.testing.selecting import Selection


@frozen
class Orders:
    """What is chosen, what is compared and written, and what is wanted back.

    `choices.profile` is not looked at: each of `profiles` is chosen in turn, None leaves it to the scenario. `out` is
    the folder of audio files, `html` that of a page for each case, `tells` asks for the timeline of what does not pass,
    `covers` for what each run has driven, `lists` for names alone.
    """

    choices: Choices
    profiles: tuple[str | None, ...] = (None,)
    selection: Selection = Selection()
    golden: Literal["no", "compare", "update"] = "no"
    out: Path | None = None
    html: Path | None = None
    tells: bool = False
    covers: bool = False
    lists: bool = False
