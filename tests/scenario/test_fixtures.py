"""`use:`: parts of a scenario from other files."""

from __future__ import annotations

from pathlib import Path

import pytest

from callflow.core.errors import ScenarioError
from callflow.scenario import Caller, Plays, load_scenario

SMALL = """\
scenario: small
callflow: f.json
caller: {number: "1", dials: "2001"}
timeline:
  - at 0s: caller calls
"""


def write(folder: Path, files: dict[str, str]) -> None:
    """Write files into a folder, sub-folders included."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def test_use_takes_parts_from_other_files(tmp_path: Path) -> None:
    """What the file says wins, mappings are merged, a later fixture wins, and paths keep their meaning."""
    write(tmp_path, {
        "s.yaml": "scenario: x\nuse: [common/people.yaml, more.yaml]\nwith: {B: own}\n"
                  "timeline:\n  - at 0s: caller calls\n",
        "common/people.yaml": "use: flow.yaml\nwith: {A: people, B: people, C: people}\n"
                              "caller: {number: '1', dials: '2001', name: Bob}\n",
        "common/flow.yaml": "callflow: flows/f.json\naccount: acme.yaml\nwith: {A: flow, D: flow}\n",
        "more.yaml": "with: {C: more}\ncaller: {name: Bill}\n",
    })  # fmt: skip
    [scenario] = load_scenario(tmp_path / "s.yaml")
    assert scenario.values == {"A": "people", "B": "own", "C": "more", "D": "flow"}
    assert scenario.calls[0].caller == Caller("1", "Bill", "2001")
    assert (scenario.callflow, scenario.account) == ("common/flows/f.json", "common/acme.yaml")
    assert scenario.use == ("common/people.yaml", "more.yaml")


def test_sounds_of_a_fixture_keep_their_folder(tmp_path: Path) -> None:
    """A timeline in a fixture names its files from there."""
    write(tmp_path, {
        "a/s.yaml": "scenario: x\ncallflow: f.json\nuse: ../b/t.yaml\n",
        "b/t.yaml": "caller: {number: '1', dials: '2'}\n"
                    "timeline:\n  - at 0s: caller calls\n  - at 1s: caller plays hi.wav\n",
    })  # fmt: skip
    [scenario] = load_scenario(tmp_path / "a/s.yaml")
    assert scenario.calls[0].timeline[1].verb == Plays("../b/hi.wav")
    step = scenario.calls[0].timeline[1]
    assert (step.line, step.file) == (4, "../b/t.yaml")
    assert step.shown == {"line": 4, "text": "at 1s: caller plays hi.wav", "file": "../b/t.yaml"}


def test_a_step_of_the_scenario_itself_names_no_file(tmp_path: Path) -> None:
    """The trace of a scenario without fixtures does not depend on where it lies."""
    write(tmp_path, {"s.yaml": SMALL})
    [scenario] = load_scenario(tmp_path / "s.yaml")
    assert scenario.calls[0].timeline[0].shown == {"line": 5, "text": "at 0s: caller calls"}


def test_a_compared_sound_of_a_fixture_keeps_its_folder(tmp_path: Path) -> None:
    """`similar to FILE` in a fixture names its file from there, under every profile."""
    check = "audio: [{left: similar to hi.wav}]"
    write(tmp_path, {
        "a/s.yaml": SMALL + "use: ../b/t.yaml\n",
        "b/t.yaml": f"expect: {{{check}, profiles: {{kazoo-4: {{{check}}}}}}}\n",
    })  # fmt: skip
    [scenario] = load_scenario(tmp_path / "a/s.yaml")
    assert [str(each.sound) for each in scenario.expect.every_audio] == ["similar to ../b/hi.wav"] * 2


@pytest.mark.parametrize(
    ("use", "other", "message"),
    [
        ("o.yaml", "use: s.yaml\n", r"o.yaml:1: use: the files use each other in a circle"),
        ("s.yaml", "", "in a circle"),
        ("no.yaml", "", "no.yaml: there is no such file"),
        ("/etc/passwd", "", "s.yaml:6: use: .*not a path from here"),
        ("o.yaml", "sede: 1\n", 'o.yaml:1: sede: unknown key "sede"; did you mean "seed"'),
        ("o.yaml", "[]", "o.yaml:1: a list where a mapping is wanted"),
        ("o.yaml", "seed: x\n", "o.yaml:1: seed: .*whole number"),
        ("{a: 1}", "", "where a list is wanted"),
    ],
)
def test_wrong_use(tmp_path: Path, use: str, other: str, message: str) -> None:
    """Circles, missing files, and mistakes of a fixture at the fixture's own line."""
    write(tmp_path, {"s.yaml": SMALL + f"use: {use}\n", "o.yaml": other})
    with pytest.raises(ScenarioError, match=message):
        load_scenario(tmp_path / "s.yaml")
