"""`callflow replay`: a call that production logged, placed again, and both sides on one time line."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from callflow.cli.faults import FAILED, PASSED
from callflow.cli.options import profile_option, skip_unsimulated_option, with_option
from callflow.core.errors import ScenarioError
from callflow.core.profile import DOCS, PROFILES
from callflow.core.shown import shown
from callflow.report.wording import clock, printable

if TYPE_CHECKING:
    from callflow.capture.calls import LoggedCall
    from callflow.capture.reading import Capture
    from callflow.capture.replaying import Replayed, Wishes

_TOLERANCE_MS: Final = 500
_SECOND_MS: Final = 1_000
_SCENARIOS: Final = (".yaml", ".yml")


def _read_who(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> Mapping[str, str]:
    told = dict[str, str]()
    for text in given:
        word, equals, party = text.rpartition("=")
        if not equals or not word or not party:
            raise click.BadParameter(f"{shown(text)} is not LEG=PARTY; write 2001=alice", context, parameter)
        told[word] = party
    return told


def _read_cut(context: click.Context, parameter: click.Parameter, given: str | None) -> tuple[int, int] | None:
    if given is None:
        return None
    from callflow.scenario.durations import parse_duration

    start, dots, end = given.partition("..")
    try:
        part = parse_duration(start or "0s"), parse_duration(end)
    except ScenarioError as fault:
        raise click.BadParameter(f"{fault}; write it like 0s..30s", context, parameter) from None
    if not dots or part[0] >= part[1]:
        raise click.BadParameter(f"{shown(given)} is no part of a call; write it like 0s..30s", context, parameter)
    return part


def _read_tolerance(context: click.Context, parameter: click.Parameter, given: str | None) -> int | None:
    if given is None:
        return None
    from callflow.scenario.durations import parse_duration

    try:
        return parse_duration(given)
    except ScenarioError as fault:
        raise click.BadParameter(str(fault), context, parameter) from None


@click.command()
@click.argument("capture", type=click.Path(path_type=Path))
@click.option("--callflow", "flow", metavar="FLOW", required=True, help="The callflow's file, or its number.")
@click.option("--account", type=click.Path(path_type=Path, dir_okay=False), help="The account's file.")
@profile_option
@with_option
@click.option(
    "--who",
    "told",
    metavar="LEG=PARTY",
    multiple=True,
    callback=_read_who,
    help="Who is on a leg that says so, by number, name or id: 2001=alice; may be repeated.",
)
@click.option("--call", "call_id", metavar="ID", help="Only this call of the capture.")
@click.option("--cut", metavar="FROM..TO", callback=_read_cut, help="Only this part of the call: 0s..30s.")
@click.option(
    "--tolerance",
    metavar="T",
    callback=_read_tolerance,
    help="How far apart two times may be [default: 500ms; a second more where the capture has no finer].",
)
@click.option("--anonymise", is_flag=True, help="Replace numbers, names and ids, the same by the same.")
@click.option(
    "--save", type=click.Path(path_type=Path, dir_okay=False), help="Write the call as a scenario, a new file."
)
@skip_unsimulated_option
@click.option("--json", "as_object", is_flag=True, help="Print one JSON object instead of text.")
def command(
    capture: Path,
    flow: str,
    account: Path | None,
    profile: str | None,
    values: Mapping[str, str],
    told: Mapping[str, str],
    call_id: str | None,
    cut: tuple[int, int] | None,
    tolerance: int | None,
    anonymise: bool,
    save: Path | None,
    skip_unsimulated: bool,
    as_object: bool,
) -> None:
    """Place the calls of CAPTURE again, and show what production did beside what the simulation says.

    CAPTURE is a file of Kazoo's call events, a JSON object a line, or the text of FreeSWITCH's event socket. Ends with
    status 0 when both sides are the same, 1 when they differ, 2 for wrong input.

    \b
    Example: callflow replay examples/replay/events.jsonl --callflow examples/record_on_answer/record_on_answer.json
    """
    from callflow.capture.anonymous import KEPT_DIGITS, Mask
    from callflow.capture.calls import calls_of
    from callflow.capture.reading import read_capture
    from callflow.capture.replaying import Wishes, chosen_calls

    is_number = not any(mark.isalpha() for mark in flow)
    if is_number and account is None:
        raise click.UsageError(f"--callflow {shown(flow)} is a number; add --account, whose callflows have it")
    if anonymise and is_number and len(flow) > KEPT_DIGITS:
        raise click.UsageError("--anonymise with a number for --callflow would show it; name the callflow's file")
    _check_save(save)
    log = read_capture(capture)
    calls = chosen_calls(calls_of(log.events), call_id)
    if save is not None and len(calls) > 1:
        raise click.UsageError(f"the capture has {len(calls)} calls, and a scenario has one; add --call ID")
    mask = Mask(secrets.token_bytes(16)) if anonymise else None
    wishes = Wishes(
        callflow=flow,
        account=account,
        file=save if save is not None else Path("replay.yaml"),
        profile=profile or DOCS.name,
        told=told,
        values={name: mask.value(value) for name, value in values.items()} if mask is not None else values,
        cut=cut,
        mask=mask,
        tolerance_ms=tolerance if tolerance is not None else _tolerance_ms(log),
        skip_unsimulated=skip_unsimulated,
    )
    if not as_object:
        _tell(log, len(calls))
    sys.exit(_play(calls, log, wishes, save, as_object))


def _tell(log: Capture, count: int) -> None:
    """Say what was read, and what of it is not looked at."""
    click.echo(f"{log.form}: {len(log.events):,} events of {count} {'call' if count == 1 else 'calls'}")
    if log.skipped:
        left_out = ", ".join(f"{name}×{times}" for name, times in sorted(log.skipped.items()))
        click.echo(printable(f"left out, as they say nothing of a call's course: {left_out}"))
    for warning in log.warnings:
        _warn(warning)


def _play(calls: Sequence[LoggedCall], log: Capture, wishes: Wishes, save: Path | None, as_object: bool) -> int:
    """Place every call again, show both sides, write the scenario; return the exit status."""
    from callflow.capture.replaying import replay
    from callflow.capture.writing import write_whole

    names = {event.name for event in log.events}
    played = []
    for call in calls:
        replayed = replay(call, log.form, names, wishes)
        played.append(replayed)
        if not as_object:
            _show(replayed, wishes)
        if save is not None:
            write_whole(save, replayed.text)
            click.echo(f"\nsaved: {printable(save)}", err=as_object)
    if as_object:
        click.echo(json.dumps(_as_json(log, played, wishes), indent=2, ensure_ascii=False))
    return FAILED if any(each.differences for each in played) else PASSED


def _as_json(log: Capture, played: Sequence[Replayed], wishes: Wishes) -> dict[str, Any]:
    """What `--json` prints; names and their order are a promise. Times are in ms of the call, null where none is."""
    return {
        "format": 1,
        "capture": log.form,
        "events": len(log.events),
        "left_out": dict(sorted(log.skipped.items())),
        "warnings": list(log.warnings),
        "calls": [
            {
                "call_id": each.call.id,
                "profile": wishes.profile,
                "differences": dict(each.by_profile),
                "best": list(each.best),
                "warnings": list(each.warnings),
                "events": [
                    {
                        "event": pair.name,
                        "leg": pair.leg,
                        "state": pair.state,
                        "production_ms": pair.logged_ms,
                        "simulation_ms": pair.played_ms,
                    }
                    for pair in each.pairs
                ],
            }
            for each in played
        ],
    }


def _tolerance_ms(log: Capture) -> int:
    return _TOLERANCE_MS + (_SECOND_MS if log.is_in_whole_seconds else 0)


def _check_save(save: Path | None) -> None:
    if save is None:
        return
    if save.suffix.lower() not in _SCENARIOS:
        raise click.UsageError(f"--save {save}: a scenario is a .yaml file")
    if not save.parent.is_dir():
        raise click.UsageError(f"--save {save}: there is no such folder; make it first")
    if save.exists():
        raise click.UsageError(f"--save {save}: there is such a file already; name a new one")


def _warn(text: str) -> None:
    click.echo(click.style(f"warning: {printable(text)}", fg="yellow"))


def _show(each: Replayed, wishes: Wishes) -> None:
    from callflow.capture.explaining import first_difference, pair_lines

    call, run = each.call, each.run
    title = f"{call.id}: {call.number or 'anonymous'} calls {call.dialled} [{wishes.profile}]"
    click.echo("\n" + click.style(printable(title), bold=True))
    for warning in each.warnings:
        _warn(warning)
    for line in pair_lines(each.pairs):
        click.echo(click.style(line, fg="red" if line.startswith("≠") else None))
    click.echo("")
    found = each.differences
    for failure in run.result().failures:
        if "never happened" in failure.message or "did not happen" in failure.message:
            _warn(f"a step of the log was not possible: {failure.message}")
    if not found:
        click.echo(click.style(f"The same, within {clock(wishes.tolerance_ms)}.", fg="green"))
    else:
        for line in first_difference(found[0], run.rows, run.prepared.setting.profile):
            click.echo(line)
    for line in _profiles(each, wishes):
        click.echo(line)


def _profiles(each: Replayed, wishes: Wishes) -> Iterator[str]:
    """Which profile fits best, and the switches that make it another one than the chosen one here."""
    told = ", ".join(f"{name} {count}" for name, count in each.by_profile.items())
    if wishes.profile in each.best:
        yield f"Differences: {told}."
        return
    fits = "fits" if len(each.best) == 1 else "fit"
    yield f"Differences: {told}; {' and '.join(each.best)} {fits} best."
    from callflow.cli.diff import compare
    from callflow.scenario.preparing import Choices

    run = each.run
    choices = Choices(values=wishes.values, skip_unsimulated=wishes.skip_unsimulated)
    compared = compare(run.prepared.scenario, choices, PROFILES[wishes.profile], PROFILES[each.best[0]])
    for reason in compared.reasons:
        if reason.switch is not None:
            switch = reason.switch
            yield f"  {each.best[0]} differs here in {switch.name}: {switch.help} ({switch.source})"
