"""`callflow explain`: why a recording started and ended when it did, as a chain of causes (design §7, law 5)."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click
from attrs import frozen

from callflow.cli.one_scenario import load_one, row_option, scenario_argument
from callflow.cli.options import (
    profile_option,
    seed_option,
    skip_unsimulated_option,
    start_option,
    strict_option,
    with_option,
)
from callflow.core.profile import describe
from callflow.core.trace import Row
from callflow.report.because import Explanation, explain, rules_of
from callflow.report.happenings import audio_format
from callflow.report.past import seconds, sentences, without_asking
from callflow.report.people import People
from callflow.report.plain_row import row_json
from callflow.report.remarks import remark_of
from callflow.report.results import CallResult, RecordingResult, RunResult, as_json
from callflow.report.wording import printable
from callflow.scenario.preparing import Choices
from callflow.simulate import Run, simulate

_FORMAT: Final = 1
_WAITED_FOR: Final = {"on answer": "the answer", "on bridge": "the bridge"}


@click.command()
@scenario_argument
@click.argument("number", metavar="RECORDING", type=click.IntRange(0), default=0)
@with_option
@start_option
@seed_option
@profile_option
@strict_option
@skip_unsimulated_option
@row_option
@click.option("--json", "as_object", is_flag=True, help="Print one JSON object, with the rows, instead of text.")
def command(path: Path, number: int, row: int | None, as_object: bool, **chosen: Any) -> None:
    """Run SCENARIO and tell why RECORDING started and ended when it did, from the scenario's step on.

    RECORDING counts from 0 over the recordings of all calls, call by call, as `callflow run` lists them; without it,
    the first is explained. Each sentence is followed by the rule that decided it, if any, in brackets.

    \b
    Example: callflow explain examples/record_per_user/voicemail.yaml 0
    """
    told = find(simulate(load_one(path, row), Choices(**chosen)), number)
    if as_object:
        click.echo(json.dumps(_object(told), indent=2, ensure_ascii=False))
    else:
        width = max(60, min(110, shutil.get_terminal_size((100, 24)).columns))
        for line in _lines(told):
            click.echo("\n".join(_wrapped(line, width)))


@frozen
class Told:
    """One recording of a run with its explanation: which call's, and its place in that call."""

    run: Run
    result: RunResult
    call: CallResult
    index: int
    recording: RecordingResult
    explanation: Explanation

    @property
    def call_name(self) -> str:
        """The call's name in the scenario, "" for the only call."""
        return next(each.script.name for each in self.run.prepared.calls if each.id == self.call.call_id)


def find(run: Run, number: int) -> Told:
    """The recording of that number, over all calls. Raises UsageError when the run has none of that number."""
    result = run.summary()
    every = [(call, index, each) for call in result.calls for index, each in enumerate(call.recordings)]
    if number >= len(every):
        there = f"the run has {len(every)}, from 0 to {len(every) - 1}" if every else "nothing was recorded in the run"
        raise click.UsageError(f"there is no recording {number}; {there}")
    call, index, recording = every[number]
    return Told(run, result, call, index, recording, explain(run.rows, call.call_id, index))


def _lines(told: Told) -> Iterator[str]:
    explanation = told.explanation
    profile = told.run.prepared.setting.profile
    yield click.style(printable(f"{told.result.scenario} [{profile.name}]"), bold=True)
    yield _heading(told)
    yield ""
    if explanation.started is not None:
        title = f"Why it started at {seconds(explanation.started.at_ms)}:"
    else:
        title = f"Why it was there at all, from {seconds(explanation.armed.at_ms)} on:"
    yield click.style(title, bold=True)
    waited_for = _WAITED_FOR.get((explanation.armed.detail or {})["starts"])
    if explanation.started is not None and waited_for is not None:
        since = seconds(explanation.armed.at_ms)
        yield f"  From {since} on it waited for {waited_for}{_rule(explanation.armed)}."
    yield from _told(told, explanation.to_start)
    if explanation.ended is not None:
        yield ""
        yield click.style(f"Why it {_end_words(explanation)} {seconds(explanation.ended.at_ms)}:", bold=True)
        yield from _told(told, explanation.to_end)
        if explanation.started is None and waited_for is not None:
            yield f"  It waited for {waited_for}{_rule(explanation.armed)}, and that did not come in time."
    if explanation.thrown is not None:
        yield ""
        yield click.style(f"Why it was thrown away at {seconds(explanation.thrown.at_ms)}:", bold=True)
        yield from _told(told, explanation.to_throw)
    if explanation.remarks:
        yield ""
        yield click.style("To be said as well:", bold=True)
        yield from _remarks(told)
    rules = {f"profile.{each.name}": each for each in describe(profile)}
    named = [rules[rule] for rule in (each.partition("=")[0] for each in rules_of(explanation)) if rule in rules]
    if named:
        yield ""
        yield click.style(f"What profile {profile.name} says:", bold=True)
        yield from (f"  {each.name} = {json.dumps(each.value)}: {each.help} ({each.source})" for each in named)


def _heading(told: Told) -> str:
    each = told.recording
    of_call = f" of call {told.call_name}" if told.call_name else ""
    parts = [each.kind, audio_format(each.format, each.channels, each.sample_rate), f"leg {each.leg}"]
    parts += [each.state.replace("_", " ")]
    if each.started_ms is not None:
        parts += [seconds(each.length_ms)]
    if each.ended_by is not None:
        parts += [f"ended by {each.ended_by}", f"completion cause {each.completion_cause or 'none'}"]
    return printable(f"recording {told.index}{of_call}: {', '.join(parts)}")


def _end_words(explanation: Explanation) -> str:
    assert explanation.ended is not None, "only a recording that ended has words for it"
    state = (explanation.ended.detail or {})["to"]
    return {
        "NEVER_STARTED": "never started: what happened at",
        "DISCARDED": "was discarded at",
        "LOST": "was lost at",
    }.get(state, "ended at")


def _people(told: Told) -> People:
    """Who is on the legs of the call, once it is over."""
    people = People()
    for row in told.run.rows:
        if row.call_id == told.call.call_id:
            people.take(row, row.detail or {})
    return people


def _told(told: Told, way: Sequence[Row]) -> Iterator[str]:
    way = without_asking(way)
    for row, sentence in zip(way, sentences(way, _people(told), told.call.dialled), strict=True):
        ordered = row.name == "TRIGGERED" and told.explanation.started is not None and not row.rule
        yield f"  {sentence}{_rule(told.explanation.armed if ordered else row)}"


def _remarks(told: Told) -> Iterator[str]:
    for row in told.explanation.remarks:
        remark = remark_of(row)
        if remark is not None:
            hint = f"; {remark.hint}" if remark.hint else ""
            yield printable(f"  At {seconds(row.at_ms)}: {remark.message}{hint}") + _rule(row)
        else:
            yield from _told(told, (row,))


def _rule(row: Row) -> str:
    return f" [{printable(row.rule)}]" if row.rule else ""


def _wrapped(line: str, width: int) -> list[str]:
    return textwrap.wrap(line, width, subsequent_indent="    ", break_on_hyphens=False) or [""]


def _object(told: Told) -> dict[str, Any]:
    explanation = told.explanation
    place = next(place for place, call in enumerate(told.result.calls) if call is told.call)
    return {
        "format": _FORMAT,
        "scenario": told.result.scenario,
        "profile": told.result.profile,
        "call_id": told.call.call_id,
        "recording": as_json(told.result)["calls"][place]["recordings"][told.index],
        "start": _way(told, explanation.to_start),
        "end": _way(told, explanation.to_end),
        "thrown_away": _way(told, explanation.to_throw),
        "remarks": [row_json(row) for row in explanation.remarks],
    }


def _way(told: Told, way: Sequence[Row]) -> list[dict[str, Any]]:
    people = _people(told)
    told_as = sentences(way, people, told.call.dialled)
    return [{"sentence": sentence, "row": row_json(row)} for row, sentence in zip(way, told_as, strict=True)]
