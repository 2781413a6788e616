"""The pytest plugin (design §8): fixtures `callflow` and `callflow_clock`, scenario files as tests, telling failures.

pytest loads this in every project in which the package is installed, so it imports nothing of ours until it is needed.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from callflow.testing.calls import Calls
    from callflow.testing.virtual_now import VirtualNow

_PATTERNS = ["*.scenario.yaml", "*.scenario.yml", "*.scenario.json"]
_CALLS = pytest.StashKey["Calls"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, and the setting that says which files are scenarios."""
    group = parser.getgroup("callflow", "callflow: calls and their recordings")
    group.addoption(
        "--callflow-profile",
        action="append",
        default=[],
        metavar="PROFILE",
        help="profile that scenario files, and calls that name none, run under; repeat it to run them under each",
    )
    group.addoption("--callflow-seed", type=int, metavar="N", help="seed of everything random in scenarios and calls")
    parser.addini(
        "callflow_scenarios",
        "name patterns of the scenario files that are collected as tests; empty: none is",
        type="args",
        default=_PATTERNS,
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse profiles that do not exist. Raises UsageError."""
    chosen: list[str] = config.getoption("callflow_profile")
    if not chosen:
        return
    from callflow.core.profile import PROFILES
    from callflow.core.shown import shown
    from callflow.scenario.words import suggestion

    for name in chosen:
        if name not in PROFILES:
            raise pytest.UsageError(f"--callflow-profile: unknown profile {shown(name)}; {suggestion(name, PROFILES)}")
    config.option.callflow_profile = list(dict.fromkeys(chosen))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Several profiles: every test that places calls runs under each."""
    chosen: list[str] = metafunc.config.getoption("callflow_profile")
    if len(chosen) > 1 and "callflow" in metafunc.fixturenames:
        metafunc.parametrize("callflow", chosen, indirect=True)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect scenario files, by their names."""
    if not any(map(file_path.match, parent.config.getini("callflow_scenarios"))):
        return None
    from callflow.testing.collecting import ScenarioFile

    file: pytest.Collector = ScenarioFile.from_parent(parent, path=file_path)
    return file


@pytest.fixture(name="callflow")
def calls_of_test(request: pytest.FixtureRequest) -> Iterator[Calls]:
    """Place calls on callflows and drive them step by step: `callflow.call("flow.json")`; run scenario files."""
    from callflow.testing.calls import Calls

    chosen: list[str] = request.config.getoption("callflow_profile")
    calls = Calls(
        file=request.path,
        root=request.config.rootpath,
        name=request.node.name,
        profile=getattr(request, "param", None) or (chosen[0] if chosen else None),
        seed=request.config.getoption("callflow_seed"),
    )
    request.node.stash[_CALLS] = calls
    yield calls
    calls.runs.clear()


@pytest.fixture
def callflow_clock(callflow: Calls) -> Iterator[VirtualNow]:
    """Let `datetime.now()` and the like follow the virtual clock of the calls placed from now on. Needs freezegun."""
    from callflow.testing.virtual_now import virtual_now

    with virtual_now() as clock:
        callflow.clock = clock
        yield clock
        callflow.clock = None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show with a failure how each of the test's calls stands: its last rows, and why its recordings ended."""
    report = yield
    calls = item.stash.get(_CALLS, None)
    if report.failed and calls is not None and calls.runs:
        from callflow.testing.nearby import report_section

        report.sections.extend(map(report_section, calls.runs))
    return report
