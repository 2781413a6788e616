"""Scenario files as tests: an item for each row of `examples:`, and for each profile that was asked for (design §8)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from callflow.core.errors import DocumentError, MediaError, RunawayError
from callflow.report.wording import cut, printable
from callflow.testing.caller_line import shown_path

if TYPE_CHECKING:
    from datetime import datetime

    from callflow.scenario.language import Scenario
    from callflow.scenario.preparing import Choices

_LONGEST_NAME: Final = 120
_NO_MARKERS: Final = ("filterwarnings", "parametrize", "skipif", "usefixtures")
"""Markers of pytest that mean nothing without arguments, and a tag has none."""

_LINE: Final = re.compile(r":([0-9]+): scenario$")


class ScenarioFile(pytest.File):
    """One scenario file."""

    def collect(self) -> Iterator[pytest.Item]:
        """An item for each row and profile. Raises CollectError, with file and line, for a file that is wrong."""
        from attrs import evolve

        from callflow.scenario.language import load_scenario

        try:
            scenarios = load_scenario(Path(shown_path(self.path)))
        except DocumentError as error:
            fault = self.CollectError(_told(error))
        else:
            profiles: Sequence[str | None] = self.config.getoption("callflow_profile") or (None,)
            for scenario in scenarios:
                scenario = evolve(scenario, file=str(self.path))
                for profile in profiles:
                    row = scenario.row if len(scenarios) > 1 else None
                    name = _name(scenario.name, row, profile if len(profiles) > 1 else None)
                    yield ScenarioItem.from_parent(self, name=name, scenario=scenario, row=row, profile=profile)
            return
        raise fault


class ScenarioItem(pytest.Item):
    """One scenario under one profile; its tags are markers, and `-k` finds it by the words of its name."""

    def __init__(self, *, scenario: Scenario, row: int | None, profile: str | None, **rest: Any) -> None:
        super().__init__(**rest)
        self.scenario = scenario
        self.row = row
        self.profile = profile
        self.extra_keyword_matches.update(scenario.name.split(), scenario.tags)
        for tag in scenario.tags:
            if not tag.startswith("_") and tag not in _NO_MARKERS:
                self.config.addinivalue_line("markers", f"{tag}: a tag of scenario files")
                self.add_marker(tag)

    def runtest(self) -> None:
        """Run it. Fails, without a traceback, with the expectations that were not met and the rows around the end."""
        from callflow.scenario.preparing import Choices
        from callflow.simulate import simulate

        choices = Choices(profile=self.profile, seed=self.config.getoption("callflow_seed"), raises=True)
        problem = ""
        try:
            run = simulate(self.scenario, choices)
            result = run.result()
        except (DocumentError, MediaError, RunawayError) as error:
            problem = _told(error)
        else:
            if not result.failures:
                return
            from callflow.testing.nearby import surroundings

            names = {call.id: call.script.name for call in run.prepared.calls if call.script.name}
            told = [each.message for each in result.failures]
            again = self._again(choices, run.prepared.start)
            problem = "\n".join([*told, "", surroundings(run.rows, result, names), "", again])
        pytest.fail(problem, pytrace=False)

    def reportinfo(self) -> tuple[Path, int, str]:
        """The file and the line of the scenario's name."""
        found = _LINE.search(self.scenario.where.get("scenario", ""))
        return self.path, int(found.group(1)) - 1 if found else 0, self.name

    def _again(self, choices: Choices, start: datetime) -> str:
        """The command that runs it again, at the same time where the scenario has none of its own."""
        from callflow.testing.repeating import repeat_command

        moment = "" if self.scenario.start is not None else start.strftime("%Y-%m-%dT%H:%M:%SZ")
        file = shown_path(self.path)
        return f"again: {repeat_command(file, choices, row=self.row, chosen=self.profile or '', start=moment)}"


def _name(scenario: str, row: int | None, profile: str | None) -> str:
    """`name[row-profile]`, as much of it as there is; `::` would part it where tests are named."""
    inside = "-".join(str(each) for each in (row, profile) if each is not None)
    start = cut(printable(scenario.replace("::", ":")), _LONGEST_NAME)
    return f"{start}[{inside}]" if inside else start


def _told(error: Exception) -> str:
    """The error and its notes, a line each."""
    return "\n".join(map(printable, (error, *getattr(error, "__notes__", ()))))
