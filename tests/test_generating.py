"""Scenarios that are generated from callflows: complete, passing, minimal, and the same each time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from callflow.core.errors import DocumentError, ScenarioError, StorageError
from callflow.generated_files import MARK, base_of, texts, write_all
from callflow.generating import Driven, Search, coverage_of, own_of, unreached
from callflow.scenario import Scenario, load_scenario
from callflow.scenario.preparing import Choices, prepare
from callflow.simulate import simulate
from callflow.testing.finding import find_scenarios

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = (ROOT / "examples", ROOT / "tests" / "scenarios")

FLOW = {
    "module": "record_call",
    "data": {"action": "start", "time_limit": 30, "url": "http://my.server/"},
    "children": {
        "_": {
            "module": "user",
            "data": {"id": "alice"},
            "children": {
                "_": {"module": "voicemail", "data": {"id": "box"}, "children": {}},
                "USER_BUSY": {"module": "hangup", "data": {}, "children": {"_": {"module": "hangup", "data": {}}}},
            },
        }
    },
}


def documents() -> list[Scenario]:
    """One scenario for each different callflow, account, names and profile of our own files that can be prepared."""
    found: dict[str, Scenario] = {}
    for file in find_scenarios(FOLDERS).files:
        for scenario in load_scenario(file):
            folder = Path(scenario.file).parent
            callflow = scenario.callflow if scenario.is_number else str((folder / scenario.callflow).resolve())
            account = scenario.account
            named = str((folder / account).resolve()) if isinstance(account, str) else account
            key = json.dumps([callflow, named, dict(scenario.values), scenario.profile], default=str)
            found.setdefault(key, scenario)
    return list(found.values())


def generated(scenario: Scenario, tmp_path: Path, most: int = 150) -> tuple[Driven, ...]:
    """Generate from the documents of a scenario and write the files to `out`."""
    folder = Path(scenario.file).parent
    account = None
    if isinstance(scenario.account, str):
        account = folder / scenario.account
    elif scenario.account is not None:
        account = tmp_path / "account.json"
        account.write_text(json.dumps(scenario.account, default=str), encoding="utf-8")
    callflow = scenario.callflow if scenario.is_number else str(folder / scenario.callflow)
    kept = Search(base_of(callflow, account, scenario.profile, scenario.values, None), most).run()
    write_all(list(texts(kept, tmp_path / "out")), tmp_path / "out")
    return kept


def is_usable(scenario: Scenario) -> bool:
    """Whether the documents can be run without choices of the command line and called from outside."""
    try:
        prepare(scenario, Choices())
    except DocumentError:
        return False
    return all(call.caller.device is None for call in scenario.calls)


@pytest.mark.parametrize("scenario", [*filter(is_usable, documents())], ids=lambda each: Path(each.file).stem)
def test_what_is_generated_passes(scenario: Scenario, tmp_path: Path) -> None:
    """Issue, item 10: for every callflow of ours the generated files load, and expect what happens."""
    kept = generated(scenario, tmp_path)
    files = sorted((tmp_path / "out").glob("*.yaml"))
    assert len(files) == len(kept)
    for file in files:
        (again,) = load_scenario(file)
        assert simulate(again).result().failures == (), file.read_text(encoding="utf-8")


@pytest.fixture
def flow(tmp_path: Path) -> str:
    """A callflow that records, rings, and goes on to a mailbox."""
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(FLOW), encoding="utf-8")
    return str(path)


def test_every_way_that_a_recording_ends(flow: str) -> None:
    """Issue, item 10: hang-up by A and by B, the limit, the API, a faulty switch, storage that fails and recovers."""
    kept = Search(base_of(flow, None, None, {}, None), 1_000).run()
    drove = {each for driven in kept for each in driven.drove}
    endings = {(each.ended_by, each.state) for driven in kept for each in driven.result.recordings}
    assert {("hangup", "finished"), ("time_limit", "finished"), ("stop", "finished")} <= endings
    assert ("media_failure", "lost") in endings
    by = {call.hangup_by for driven in kept for call in driven.result.calls}
    assert {"caller", "alice"} <= by
    assert {"delivery to url failed, tried more than once", "delivery to url stored, tried more than once"} <= drove
    assert any(driven.variant.tags.count("voicemail") for driven in kept)


def test_all_that_can_be_reached_is_reached_and_the_rest_explained(flow: str) -> None:
    """Issue, item 10: coverage of 100 percent here; what follows a hangup cannot be reached, and is said to be so."""
    base = base_of(flow, None, None, {}, None)
    coverage = coverage_of(Search(base, 1_000).run(), base)
    assert coverage.percent == 100
    assert list(unreached(coverage)) == [
        ("flow: flow.children._.children.USER_BUSY.children._ (hangup)", "hangup never goes on to it")
    ]


def test_each_one_drives_something_of_its_own(flow: str) -> None:
    """Issue, item 10: none can be left out without losing something, and the plain hang-up is among them."""
    kept = Search(base_of(flow, None, None, {}, None), 1_000).run()
    for driven in kept:
        assert own_of(driven, kept), driven.variant.name
    names = [driven.variant.name for driven in kept]
    assert {"alice answers, caller hangs up", "alice answers, alice hangs up"} <= set(names)
    assert len(set(names)) == len(names)


def test_twice_the_same_files(flow: str, tmp_path: Path) -> None:
    """Issue, item 10: nothing is left to chance."""
    first, second = (list(texts(Search(base_of(flow, None, None, {}, None), 300).run(), tmp_path)) for _ in range(2))
    assert first == second
    assert len({name for name, _ in first}) == len(first)


def test_a_search_that_is_cut_says_so(flow: str) -> None:
    """Issue, item 10: bounded, and honest about it."""
    cut, whole = Search(base_of(flow, None, None, {}, None), 3), Search(base_of(flow, None, None, {}, None), 1_000)
    assert (len(cut.run()) <= 3, cut.is_whole, cut.runs) == (True, False, 3)
    assert whole.run()
    assert whole.is_whole


def test_only_generated_files_are_replaced(tmp_path: Path) -> None:
    """Nothing that somebody wrote is lost; what an earlier run generated and this one does not is removed."""
    write_all([("01-a.yaml", f"# {MARK} …\n"), ("02-b.yaml", f"# {MARK} …\n")], tmp_path)
    write_all([("01-a.yaml", f"# {MARK} anew\n")], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["01-a.yaml"]
    (tmp_path / "02-b.yaml").write_text("scenario: mine\n", encoding="utf-8")
    with pytest.raises(StorageError, match="not generated"):
        write_all([("02-b.yaml", f"# {MARK}\n")], tmp_path)
    assert (tmp_path / "02-b.yaml").read_text(encoding="utf-8") == "scenario: mine\n"


def test_digits_that_lead_somewhere_and_one_that_does_not(tmp_path: Path) -> None:
    """Issue, item 10: every digit of a menu is pressed, and a wrong one."""
    menu = {"id": "main", "retries": 1, "max_extension_length": 1, "timeout": 3000}
    (tmp_path / "account.json").write_text(json.dumps({"menus": [menu]}), encoding="utf-8")
    leaves = {key: {"module": "response", "data": {"code": 480 + int(key)}} for key in "12"}
    tree = {"module": "menu", "data": {"id": "main"}, "children": {**leaves, "timeout": {"module": "hangup"}}}
    (tmp_path / "flow.json").write_text(json.dumps(tree), encoding="utf-8")
    base = base_of(str(tmp_path / "flow.json"), tmp_path / "account.json", None, {}, None)
    kept = Search(base, 200).run()
    assert coverage_of(kept, base).percent == 100
    pressed = {line for driven in kept for each in driven.variant.reactions for _, line in each.lines}
    assert {"caller presses 1", "caller presses 2", "caller presses 9"} <= pressed


def test_a_user_who_cannot_be_named_in_a_step_breaks_nothing(tmp_path: Path) -> None:
    """Documents are hostile: a name that no step can have is left out, and the rest is generated."""
    flow = {"module": "user", "data": {"id": "storage"}, "children": {"_": {"module": "user", "data": {"id": "a b"}}}}
    (tmp_path / "flow.json").write_text(json.dumps(flow), encoding="utf-8")
    kept = Search(base_of(str(tmp_path / "flow.json"), None, None, {}, None), 100).run()
    assert kept


def test_a_number_needs_an_account() -> None:
    """A number is looked up in an account; without one it is wrong input."""
    with pytest.raises(ScenarioError, match="--account"):
        base_of("2001", None, None, {}, None)
