"""The verdict: a scenario's expectations against what happened. Each unmet one has its place and what came nearest.

Events are found in the trace, everything else in the result object; sound is rendered where an expectation asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from callflow.core.trace import Row
from callflow.report.results import Failure, RunResult
from callflow.scenario.audio_check import audio_failures
from callflow.scenario.event_check import event_failures
from callflow.scenario.expect import Expectations
from callflow.scenario.language import Scenario
from callflow.scenario.result_check import result_failures
from callflow.scenario.scope import Scope


def verdict(
    scenario: Scenario,
    rows: Sequence[Row],
    result: RunResult,
    *,
    never_happened: Sequence[Failure] = (),
    call_ids: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> tuple[Failure, ...]:
    """Everything that is not as the scenario expects under the run's profile, the steps that never happened first.

    `result` is that of `rows`, the document's diagnostics included. `call_ids` gives the id of each of several calls by
    its name in the scenario; without it the calls count in the order in which they arrived. `folder` holds the sound
    files, by default the scenario's own. Raises MediaError when an audio check needs a file that cannot be read.
    """
    if call_ids is None:
        arrived = (call.call_id for call in result.calls)
        call_ids = dict(zip((call.name for call in scenario.calls), arrived, strict=False))
    place = Path(scenario.file).parent if folder is None else folder
    whole = Scope(rows=rows, result=result, call_ids=call_ids)
    failures = [*never_happened, *_unmet(scenario.expect.under(result.profile), whole, scenario.file, place)]
    for call in scenario.calls:
        expect = call.expect.under(result.profile)
        if expect != Expectations():
            one = Scope(rows=rows, result=result, call_ids=call_ids, call_id=call_ids.get(call.name, ""))
            failures += _unmet(expect, one, scenario.file, place)
    return tuple(failures)


def _unmet(expect: Expectations, scope: Scope, file: str, folder: Path) -> Iterator[Failure]:
    yield from result_failures(expect, scope, file)
    yield from event_failures(expect, scope)
    yield from audio_failures(expect.audio, scope, folder)
