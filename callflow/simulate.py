"""The composition root: a scenario in, a trace and a result out.

```python
run = Run(prepare(load_scenario(Path("call.yaml"))[0], Choices()))
for row in run.play():          # live
    ...
result = run.result()           # the object of `run --json`
```
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from attrs import define, evolve, field

from callflow.core.engine import DAY_MS, MAX_ROWS, Engine
from callflow.core.trace import Row
from callflow.report.results import Outcome, RunResult
from callflow.report.summary import summarise
from callflow.scenario.language import Scenario
from callflow.scenario.preparing import Choices, Prepared, prepare
from callflow.scenario.stage import Stage
from callflow.scenario.verdict import verdict


@define(eq=False)
class Run:
    """One run of one prepared scenario; `rows` are those played so far, row 0 names format, start and seed.

    `max_ms` of virtual time and `max_rows` end a run that would never end, with RunawayError (design §12).
    """

    prepared: Prepared
    max_ms: int = DAY_MS
    max_rows: int = MAX_ROWS
    rows: list[Row] = field(factory=list)
    engine: Engine = field(init=False)
    _stage: Stage = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Make the engine and put the scenario on the stage."""
        header = {"scenario": self.prepared.scenario.name, "start": self.prepared.start.strftime("%Y-%m-%dT%H:%M:%SZ")}
        self.engine = Engine(self.prepared.setting, header=header, max_ms=self.max_ms, max_rows=self.max_rows)
        self._stage = Stage(self.prepared, self.engine)

    def play(self) -> Iterator[Row]:
        """Run to the end and yield every row as it happens."""
        for row in self._stage.play():
            self.rows.append(row)
            yield row

    def summary(self) -> RunResult:
        """What happened, without a verdict; call it when `play` is through."""
        diagnostics = (*self.prepared.diagnostics, *self._stage.remarks)
        return summarise(self.rows, scenario=self.prepared.scenario.name, diagnostics=diagnostics)

    def judge(self, summary: RunResult) -> RunResult:
        """The summary, perhaps completed by files and real deliveries, with the verdict on the expectations."""
        failures = verdict(
            self.prepared.scenario,
            self.rows,
            summary,
            never_happened=self._stage.failures,
            call_ids={call.script.name: call.id for call in self.prepared.calls},
            folder=self.prepared.folder,
        )
        outcome: Outcome = "failed" if failures and summary.outcome == "passed" else summary.outcome
        return evolve(summary, failures=failures, outcome=outcome)

    def result(self) -> RunResult:
        """What happened and the verdict on it, without any file."""
        return self.judge(self.summary())


def simulate(scenario: Scenario, choices: Choices | None = None) -> Run:
    """Run a scenario to its end. Raises FlowError and ScenarioError before anything happened."""
    run = Run(prepare(scenario, choices or Choices()))
    for _ in run.play():
        pass
    return run


@contextmanager
def tuned_gc() -> Iterator[None]:
    """Collect garbage less often while very many calls are alive: they are acyclic once over (bench/README.md).

    What somebody else has frozen stays frozen afterwards.
    """
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        if not frozen:
            gc.unfreeze()
