"""Preparing a scenario: its start, ids, people and sounds; everything wrong is known before anything runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from freezegun import freeze_time

from callflow.core.errors import DocumentError, FlowError, MediaError, ScenarioError
from callflow.media import sources
from callflow.media.sources import Spoken
from callflow.scenario.language import load_scenario
from callflow.scenario.preparing import Choices, Prepared, prepare
from callflow.uploading import has_failed

START = datetime(2026, 12, 24, 8, 0, tzinfo=UTC)


@pytest.fixture
def prepared(staging: ModuleType, tmp_path: Path) -> Any:
    """Write a scenario and prepare it."""

    def make(*lines: str, choices: Choices | None = None, **parts: Any) -> Prepared:
        return prepare(staging.scenario(tmp_path, *lines, **parts), choices or Choices())

    return make


def refused(make: Any, *lines: str, choices: Choices | None = None, **parts: Any) -> str:
    """The error of a scenario that must be refused: one line."""
    with pytest.raises(DocumentError) as caught:
        make(*lines, choices=choices, **parts)
    message = str(caught.value)
    assert message.isprintable()
    return message


def test_the_start_is_chosen_said_or_now(prepared: Any) -> None:
    """Design §6, §12: the command line's start, else the scenario's, else the real now, once; cut to the second."""
    with freeze_time("2027-03-01 12:00:00.987654"):
        choices = Choices()
    assert prepared(choices=choices).start == datetime(2026, 11, 30, 10, tzinfo=UTC)
    assert prepared(choices=choices, start=None).start == datetime(2027, 3, 1, 12, tzinfo=UTC)
    berlin = START.replace(microsecond=999_999).astimezone(timezone(timedelta(hours=1)))
    chosen = prepared(choices=Choices(start=berlin), start=None)
    assert (chosen.start, chosen.setting.start_s) == (START, int(START.timestamp()))


def test_the_seed_and_profile_of_the_command_line_win(prepared: Any) -> None:
    """Design §7: `--seed` and `--profile` stand over the scenario's own; 0 is a seed."""
    own = prepared(seed=7, profile="kazoo-4").setting
    chosen = prepared(seed=7, profile="kazoo-4", choices=Choices(seed=0, profile="kazoo-5")).setting
    assert (own.seed, own.profile.name, chosen.seed, chosen.profile.name) == (7, "kazoo-4", 0, "kazoo-5")


def test_an_unknown_profile_is_a_document_error(prepared: Any) -> None:
    """Design §9: a command-line value that is wrong is a ScenarioError with what would be right."""
    assert refused(prepared, choices=Choices(profile="kazoo5")) == (
        'profile: unknown profile "kazoo5"; did you mean "kazoo-5"?'
    )


def test_call_ids_are_derived_from_scenario_row_call_and_seed(
    prepared: Any, staging: ModuleType, tmp_path: Path
) -> None:
    """Design §12, Results: 32 hex of a hash of (scenario, table row, call, seed), or `call_id:`."""
    ids = [prepared(scenario=name, seed=seed).calls[0].id for name in ("a", "b") for seed in (1, 2)]
    assert len({*ids}) == 4 and all(len(each) == 32 and int(each, 16) >= 0 for each in ids)
    assert prepared(scenario="a").calls[0].id == ids[0]
    assert prepared(call_id="abc@host").calls[0].id == "abc@host"
    staging.scenario(tmp_path, scenario="a {N}", examples=[{"N": 1}, {"N": 1}])
    rows = load_scenario(tmp_path / "call.json")
    assert len({prepare(each, Choices()).calls[0].id for each in rows}) == 2


def test_two_calls_may_not_share_an_id(prepared: Any, staging: ModuleType) -> None:
    """Design §12, Results: a call id names one call."""
    one = {"caller": {"number": "1", "dials": "2", "call_id": "x"}, "timeline": [staging.step("at 0s: caller calls")]}
    message = refused(prepared, caller=None, timeline=None, calls={"first": one, "second": one})
    assert message.endswith(': calls: two calls have the id "x"; give each its own call_id')


@pytest.mark.parametrize(
    ("lines", "expect", "where"),
    [
        (["at 1s: alise answers"], None, "timeline[1]"),
        (["when alise rings: alice answers"], None, "timeline[1]"),
        ([], {"never": [{"event": "alise answers"}]}, "expect.never[0]"),
        ([], {"never": [{"event": "RECORD_START", "leg": "alise"}]}, "expect.never[0]"),
        ([], {"exactly": {"alise rings": 1}}, 'expect.exactly["alise rings"]'),
        ([], {"recordings": [{"leg": "alise"}]}, "expect.recordings[0]"),
        ([], {"audio": [{"left": "voice alise"}]}, "expect.audio[0]"),
    ],
)
def test_an_unknown_party_is_refused(prepared: Any, tmp_path: Path, lines: list[str], expect: Any, where: str) -> None:
    """Issue 2, Bad input: an unknown party, in a step or in an expectation (where `never` would hold for nothing)."""
    message = refused(prepared, *lines, expect=expect)
    assert message.startswith(f"{tmp_path}/call.json:")
    assert f": {where}: " in message
    assert message.endswith('unknown party "alise"; did you mean "alice"?')


def test_legs_are_no_parties(prepared: Any) -> None:
    """Design §6: an expectation's `leg` may be A, B or a leg's own name."""
    expect = {
        "never": [{"event": "RECORD_START", "leg": leg} for leg in ("A", "B", "B2", "alice", "alice-phone", "caller")]
    }
    assert prepared(expect=expect).calls


def test_the_hint_names_at_most_a_few_of_many(prepared: Any) -> None:
    """Design §9: an error is one line, also with an account of a thousand users."""
    users = [{"id": f"user-number-{index}"} for index in range(1_000)]
    message = refused(prepared, "at 1s: zzz answers", account={"users": users})
    assert len(message) < 400 and message.endswith("…")


def test_a_caller_on_net_has_a_device_of_the_account(prepared: Any) -> None:
    """Design §12: `caller: {device: bob-phone}`; an unknown one is refused with the nearest."""
    caller = {"device": "alice-fone", "dials": "2001"}
    message = refused(prepared, caller=caller)
    assert message.endswith(': caller.device: unknown device "alice-fone"; did you mean "alice-phone"?')
    known = prepared(caller={"device": "alice-phone", "dials": "2001"}).calls[0].caller
    assert (known.number, known.device_id) == ("alice-phone", "alice-phone")


def test_an_unknown_device_of_one_of_several_calls_names_the_call(prepared: Any, staging: ModuleType) -> None:
    """Design §9: the error has the JSON path."""
    one = {"caller": {"device": "nobody", "dials": "2"}, "timeline": [staging.step("at 0s: caller calls")]}
    assert ": calls.first.caller.device: unknown device" in refused(
        prepared, caller=None, timeline=None, calls={"first": one}
    )


@pytest.mark.parametrize(
    ("content", "problem"), [(None, "hello.wav"), (b"no audio at all", "hello.wav")], ids=["missing", "not audio"]
)
def test_sound_files_are_looked_at_before_anything_runs(
    prepared: Any, tmp_path: Path, content: bytes | None, problem: str
) -> None:
    """Issue 2, Bad input: a missing file is an error at the step's place, not in the middle of a run."""
    if content is not None:
        (tmp_path / "hello.wav").write_bytes(content)
    message = refused(prepared, "at 1s: alice answers", "at 2s: alice plays hello.wav")
    assert message.startswith(f"{tmp_path}/call.json:17: timeline[2]: ") and problem in message


def test_sounds_to_compare_with_are_looked_at_before_anything_runs(prepared: Any, tmp_path: Path) -> None:
    """A missing file of an expectation is an error at its place, whatever the profile for which it stands."""
    check = {"audio": [{"left": "similar to hello.wav"}]}
    message = refused(prepared, "at 1s: alice answers", expect={"profiles": {"kazoo-4": check}})
    assert message.startswith(f"{tmp_path}/call.json:") and "expect.profiles.kazoo-4.audio[0]" in message
    assert "hello.wav" in message


def test_what_cannot_be_spoken_is_known_before_anything_runs(prepared: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Issue 3, item 12: TTS where an engine is installed, else a clear error at the step's place."""

    def speechless(source: Spoken) -> int:
        raise MediaError(f"spoken text: no engine for {source.text}")

    monkeypatch.setattr(sources, "spoken_length_ms", speechless)
    message = refused(prepared, "at 1s: alice answers", 'at 2s: alice says "guten Morgen" in de')
    assert message.endswith(":17: timeline[2]: spoken text: no engine for guten Morgen")
    assert prepared("at 1s: alice answers", 'at 2s: alice says "guten Morgen"').sound_ms == {}
    monkeypatch.setattr(sources, "spoken_length_ms", lambda source: 700 if source.language == "de" else 600)
    lines = [f'at 2s: alice says "ja" in {language}' for language in ("de", "en", "de")]
    assert prepared("at 1s: alice answers", *lines).sound_ms == {'says "ja" in de': 700, 'says "ja" in en': 600}


def test_everybody_who_may_act_is_known(prepared: Any) -> None:
    """Issue 3, item 11: `outside` is the party off-net; the API and the switch are nobody's names."""
    lines = ("when outside rings: outside answers", "at 9s: switch has no media", "at 9s: api stops recording")
    assert prepared(*lines, expect={"never": ["outside hangs up"]}).calls[0].caller.codec == ""
    caller = {"number": "1", "dials": "2001", "codec": "OPUS"}
    assert prepared(caller=caller).calls[0].caller.codec == "OPUS"


@pytest.mark.parametrize(
    ("line", "refuses"), [("when delivery fails: caller hangs up", True), ("at 1s: caller hangs up", False)]
)
def test_waiting_for_a_delivery_is_refused_with_uploads(prepared: Any, line: str, refuses: bool) -> None:
    """Design §12, Deliveries: `--upload` refuses `when delivery …`; without it the step may wait."""
    assert prepared(line).setting.delivers is True
    if refuses:
        message = refused(prepared, line, choices=Choices(uploads=True))
        assert 'timeline[1]: "when delivery fails" cannot happen: with --upload' in message
    else:
        assert prepared(line, choices=Choices(uploads=True)).setting.delivers is False


@pytest.mark.parametrize(
    ("lines", "parts", "where"),
    [
        (["at 1s: storage fails with 503"], {}, "timeline[1]"),
        ([], {"storage": {"answers": [503]}}, "storage"),
        ([], {}, None),
    ],
)
def test_ignored_storage_is_remarked(prepared: Any, lines: list[str], parts: Any, where: str | None) -> None:
    """Design §12, Deliveries: with `--upload`, `storage:` faults are ignored with a visible line."""
    found = prepared(*lines, choices=Choices(uploads=True), **parts).diagnostics
    places = [each.where.rpartition(": ")[2] for each in found if each.code == "storage-ignored"]
    assert places == ([where] if where else [])
    assert not [each for each in prepared(*lines, **parts).diagnostics if each.code == "storage-ignored"]


def test_placeholders_are_filled_from_scenario_and_command_line(prepared: Any, staging: ModuleType) -> None:
    """Design §6: `with` fills {PLACEHOLDERS}, `--with` wins; an unfilled one is a warning and taken literally (§12)."""
    flow = staging.ring("{USER_ID}", staging.ring("{OTHER}"))
    made = prepared(flow=flow, **{"with": {"USER_ID": "bob"}}, choices=Choices(values={"USER_ID": "eve"}))
    assert list(made.setting.account.users) == ["eve", "{OTHER}"]
    (remark,) = [each for each in made.diagnostics if each.code == "unfilled-placeholder"]
    assert remark.where.endswith("flow.children._.data") and "flow.json:" in remark.where


def test_a_flow_inside_a_node_is_loaded_with_its_people(prepared: Any, staging: ModuleType, tmp_path: Path) -> None:
    """Design §6: who an inline flow names exists too; its placeholders are filled once, and remarked once."""
    flow = {"module": "callflow", "data": {"flow": staging.ring("{USER_ID}", staging.ring("{OTHER}"))}}
    made = prepared("at 1s: eve answers", flow=flow, **{"with": {"USER_ID": "eve", "OTHER": "{USER_ID}"}})
    assert list(made.setting.flows) == ["flow.data.flow"]
    assert list(made.setting.account.users) == ["eve", "{USER_ID}"]


def test_a_fault_inside_an_inline_flow_has_its_line(prepared: Any, staging: ModuleType, tmp_path: Path) -> None:
    """Design §9: file, line and JSON path, also in a flow that a `callflow` node holds."""
    flow = {"flow": {"module": "callflow", "data": {"flow": {"module": "user", "data": {"idd": "alice"}}}}}
    with pytest.raises(FlowError) as caught:
        prepared(flow=flow)
    assert str(caught.value).startswith(f"{tmp_path}/flow.json:8: flow.data.flow.data.idd: ")


def test_unreadable_parts_are_scenario_errors(prepared: Any) -> None:
    """Issue 2, Bad input: an account that is not there is one line with what would be right."""
    message = refused(prepared, account="acme.json")
    assert "acme.json: there is no such file" in message
    with pytest.raises(ScenarioError):
        prepared(account="acme.json")


def test_nothing_was_to_be_delivered_is_no_failure(staging: ModuleType, tmp_path: Path) -> None:
    """Design §7: exit 4 is for deliveries that did not arrive; a run without any has none."""
    assert not has_failed(staging.played(tmp_path, flow=staging.RING_ONLY).result())
