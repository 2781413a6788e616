"""What the tests of `callflow test` share: a folder of small scenarios, written as a tester would."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

FLOW = {
    "module": "record_call",
    "data": {"action": "start", "format": "wav", "url": "http://my.server/r"},
    "children": {"_": {"module": "user", "data": {"id": "alice"}}},
}

Writer = Callable[..., Path]


@pytest.fixture
def write_scenario(tmp_path: Path) -> Writer:
    """`write_scenario("a/call.yaml", length="9s", more="tags: [x]")` writes a file in `tmp_path`, and its callflow.

    Bob calls, Alice answers at 4 s, Bob hangs up at 9 s: the scenario passes when its length is 9 s. `more` is text at
    the top level; `start` may be left out with "".
    """

    def write(
        name: str, *, length: str = "9s", more: str = "", title: str = "", start: str = "2026-11-30T10:00:00Z"
    ) -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        (file.parent / "flow.json").write_text(json.dumps(FLOW), encoding="utf-8")
        file.write_text(
            f"scenario: {title or file.stem}\ncallflow: flow.json\n"
            + (f"start: {start}\n" if start else "")
            + 'caller: {number: "+14155550100", name: Bob, dials: "2001"}\n'
            "timeline:\n  - at 0s: caller calls\n  - at 4s: alice answers\n  - at 9s: caller hangs up\n"
            f"expect:\n  recordings:\n    - {{length: {length}}}\n{more}\n",
            encoding="utf-8",
        )
        return file

    return write
