"""The HTML report as a file: complete, self-contained, and deaf to what documents would have it do (docs/report.md)."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from callflow.core.errors import StorageError
from callflow.files import write_recordings
from callflow.report.html.page import report_html
from callflow.report.html.words import script_json
from callflow.report.results import RunResult
from callflow.simulate import Run

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>'\"&"
VOID = {"meta", "link", "br", "img"}


class Page(HTMLParser):
    """What stands in a page: its elements with their attributes, the text of some, and tags that do not pair."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.faults: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element opens."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """An element closes: the one that opened last."""
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element without content."""
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Text, kept by the element that it stands in."""
        if self.open:
            self.texts.setdefault(self.open[-1], []).append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every element of a name."""
        return [attrs for name, attrs in self.elements if name == tag]


def reported(run: Run, folder: Path, **options: Any) -> tuple[str, RunResult]:
    """The page of a run whose files lie in `out` beside it."""
    names = {call.id: call.script.name for call in run.prepared.calls if call.script.name}
    result = run.judge(write_recordings(run.rows, run.summary(), folder / "out", run.prepared.folder, names))
    return report_html(run, result, folder, **options), result


@pytest.fixture
def answered(staging: ModuleType, tmp_path: Path) -> tuple[str, RunResult]:
    """A recorded call of four seconds."""
    steps = ("at 1s: alice answers", "at 1s: caller speaks for 2s", "at 4s: caller hangs up")
    return reported(staging.played(tmp_path, *steps), tmp_path)


def test_it_is_one_file_that_asks_for_nothing(answered: tuple[str, RunResult]) -> None:
    """No address but those inside it; the policy allows its own script and style sheet by their hashes, and data."""
    page = Page(answered[0])
    addresses = [
        value for _, attrs in page.elements for name, value in attrs.items() if name in ("src", "href") and value
    ]
    assert {each.partition(":")[0] for each in addresses} == {"data"}
    assert not [attrs for _, attrs in page.elements if any(name.startswith("on") or name == "style" for name in attrs)]
    policy = page.all("meta")[1]["content"] or ""
    assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy
    [style], [_, script] = re.findall("<style>(.*?)</style>", answered[0], re.S), page.texts["script"]
    for text in (style, script):
        assert f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" in policy
    assert "url(" not in style and "@import" not in style


def test_it_is_well_formed(answered: tuple[str, RunResult]) -> None:
    """Every element closes where it should, ids are unique, and everything that has a name refers to one there is."""
    page = Page(answered[0])
    ids = [attrs["id"] for _, attrs in page.elements if attrs.get("id")]
    named = {attrs["aria-labelledby"] for _, attrs in page.elements if attrs.get("aria-labelledby")}
    assert (page.faults, page.open) == ([], [])
    assert len(ids) == len(set(ids)) and named <= set(ids)


def test_the_sound_inside_is_the_file(answered: tuple[str, RunResult]) -> None:
    """What plays in the page is the recording's file, byte for byte."""
    text, result = answered
    [audio] = Page(text).all("audio")
    head, _, sound = (audio["src"] or "").partition(",")
    file = result.recordings[0].file
    assert head == "data:audio/wav;base64" and file is not None
    assert b64decode(sound) == Path(file).read_bytes()


def test_sound_that_is_too_large_is_linked(staging: ModuleType, tmp_path: Path) -> None:
    """Above the bound the page names the file beside it, says so, and may load it from there only."""
    text, _ = reported(
        staging.played(tmp_path, "at 1s: alice answers", "at 3s: caller hangs up"), tmp_path, most_bytes=10
    )
    page = Page(text)
    assert page.all("audio")[0]["src"] == "out/recording-0-call.wav"
    assert "out/recording-0-call.wav" in [each.get("href") for each in page.all("a")]
    assert "Too large to be inside this page" in text
    assert "media-src data: file: 'self'" in (page.all("meta")[1]["content"] or "")


def test_a_file_that_is_gone_is_a_storage_error(staging: ModuleType, tmp_path: Path) -> None:
    """The recording's file cannot be read any more: an error that names it."""
    run = staging.played(tmp_path, "at 1s: alice answers", "at 3s: caller hangs up")
    _, result = reported(run, tmp_path)
    Path(result.recordings[0].file or "").unlink()
    with pytest.raises(StorageError, match=r"recording-0-call\.wav: cannot be read"):
        report_html(run, result, tmp_path)


def test_every_row_leads_back_to_its_cause(answered: tuple[str, RunResult]) -> None:
    """Law 5: each row in the data names an earlier one, or none; every mark and row of the table is in the data."""
    page = Page(answered[0])
    data = json.loads(page.texts["script"][0])
    assert all(-1 <= before < seq for seq, (_, _, before, _, _) in enumerate(data["rows"]))
    shown = {int(attrs["data-row"] or 0) for _, attrs in page.elements if "data-row" in attrs}
    assert shown <= set(range(len(data["rows"]))) and len(shown) > 15
    ended = data["rows"][data["first"]][0]
    assert ended.startswith("At 4.000 s the switch closed the file of recording 0 and kept it; finished, 4.000 s")


def test_hostile_documents_stay_text(staging: ModuleType, tmp_path: Path) -> None:
    """Names, numbers, labels, branch keys and settings of strangers are no markup, no script, no line of a script."""
    flow = {
        "module": "record_call",
        "data": {"action": "start", "format": "wav", "url": "http://bob:hunter2@my.server/r", "label": EVIL},
        "children": {"_": {"module": "user", "data": {"id": "alice", "strategy": "single"}, "children": {EVIL: {}}}},
    }
    caller = {"number": "+14155550100", "name": EVIL, "dials": "2001"}
    steps = ("at 1s: alice answers", "at 2s: caller hangs up")
    run = staging.played(tmp_path, *steps, flow=flow, caller=caller, scenario=EVIL)
    text, _ = reported(run, tmp_path)
    page = Page(text)
    assert len(page.all("script")) == 2 and page.all("img") == []
    assert (page.faults, page.open) == ([], [])
    assert "hunter2" not in text
    assert EVIL[:20] in " ".join(page.texts["h1"])
    assert any(EVIL[:20] in row[0] for row in json.loads(page.texts["script"][0])["rows"])


def test_json_in_a_script_cannot_end_it() -> None:
    """`<`, `&` and the line separators of JavaScript are written as escapes, and read back as they were."""
    text = script_json([EVIL, "\u2028\u2029"])
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == [EVIL, "\u2028\u2029"]


def test_what_failed_stands_on_top(staging: ModuleType, tmp_path: Path) -> None:
    """An expectation that is not met is shown before the chart, with the outcome."""
    expect = {"recordings": [{"kind": "call", "length": "9s"}]}
    text, result = reported(
        staging.played(tmp_path, "at 1s: alice answers", "at 2s: caller hangs up", expect=expect), tmp_path
    )
    assert result.outcome == "failed"
    assert '<p class="outcome failed">failed</p>' in text
    assert text.index("Not as expected") < text.index("What happened")


def test_several_calls_have_lanes_and_ladders_of_their_own(staging: ModuleType, tmp_path: Path) -> None:
    """One axis for all calls; each has its name over its lanes, its own ladder and its own recordings."""
    caller = {"number": "+14155550100", "dials": "2001"}
    steps = [{"at 0s": "caller calls"}, {"at 1s": "alice answers"}, {"at 3s": "caller hangs up"}]
    late = [{"at 60s": "caller calls"}, {"after 1s": "alice answers"}, {"after 2s": "caller hangs up"}]
    calls = {"first": {"caller": caller, "timeline": steps}, "second": {"caller": caller, "timeline": late}}
    text, _ = reported(staging.played(tmp_path, calls=calls, caller=None, timeline=None), tmp_path)
    page = Page(text)
    assert [each["download"] for each in page.all("a")] == [
        "callflow-0.svg",
        "callflow-1.svg",
        "ladder-0.svg",
        "ladder-1.svg",
    ]
    assert len(page.all("audio")) == 2
    assert "recording 0 of call second" in text and "nothing happens for 0:57.000" in text


def test_a_run_without_recordings_has_a_report_too(staging: ModuleType, tmp_path: Path) -> None:
    """Nothing recorded, nothing delivered: the page says so."""
    run = staging.played(tmp_path, "at 1s: alice answers", "at 2s: caller hangs up", flow=staging.RING_ONLY)
    text, _ = reported(run, tmp_path)
    assert "Nothing was recorded." in text
    assert json.loads(Page(text).texts["script"][0])["first"] is None
