"""The scenarios beside this file, each under every profile: the twenty rows of B§12, and field cases with their links.

`expect:` is what `docs` makes of a scenario, `expect.profiles` what another profile makes of it.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import miniaudio
import numpy as np
import pytest
from attrs import evolve

from callflow.core.profile import PROFILES
from callflow.media.encode import write_audio
from callflow.media.render import blocks
from callflow.report.hearing import soundtracks
from callflow.scenario import load_scenario
from callflow.scenario.expect import Expectations
from callflow.scenario.language import Scenario
from callflow.scenario.preparing import Choices
from callflow.scenario.verbs import Plays
from callflow.simulate import simulate

FOLDER = Path(__file__).parent / "scenarios"
ROWS_OF_B12 = range(1, 21)
LEAST_CASES = 30

EVERY = sorted(path for path in FOLDER.glob("*/*.yaml") if re.search(r"^scenario: ", path.read_text("utf-8"), re.M))
TABLE_OF_B12 = [path for path in EVERY if path.parent.name == "b12"]
CASES = [path for path in EVERY if path.parent.name == "cases"]

TITLE = re.compile(r"# (C[0-9]+): (https://\S+)\n")
TABLE_ROW = re.compile(r"\| (C[0-9]+) \| <(\S+)> \| \[(\S+)\]\(cases/(\S+)\) \| ([RWV, ]+): (.+) \| (.+) \|")


@cache
def scenarios_of(path: Path) -> tuple[Scenario, ...]:
    """The scenarios of a file, one for each row of its examples."""
    return load_scenario(path)


def failures(scenario: Scenario, profile: str) -> list[str]:
    """Why a run under the profile is not as the scenario expects; an action that raises is among it."""
    result = simulate(scenario, Choices(profile=profile, raises=True)).result()
    return [each.message for each in result.failures]


def named(path: Path) -> str:
    """`b12-01_callee_hangs_up`, the beginning of a test's name."""
    return f"{path.parent.name}-{path.stem}"


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("path", EVERY, ids=named)
def test_a_scenario_is_as_expected(path: Path, profile: str) -> None:
    """B§12 and C1 to C49: what the scenario expects under the profile is what happens."""
    found = {scenario.row: failures(scenario, profile) for scenario in scenarios_of(path)}
    assert found == {row: [] for row in found}


@pytest.mark.parametrize(
    ("path", "profile"),
    [
        pytest.param(path, profile, id=f"{named(path)}-{profile}")
        for path in EVERY
        for profile in PROFILES
        if re.search(rf"^    {profile}:", path.read_text("utf-8"), re.M)
    ],
)
def test_what_a_profile_does_differently_is_different(path: Path, profile: str) -> None:
    """Design §5: what is expected of `docs` is not what this profile does, or it would need no words of its own."""
    general = [evolve(each, expect=evolve(each.expect, profiles={})) for each in scenarios_of(path)]
    assert any(failures(scenario, profile) for scenario in general)


@pytest.mark.parametrize(
    ("path", "profile"),
    [
        pytest.param(path, profile, id=f"{named(path)}-{profile}")
        for path in EVERY
        for profile in PROFILES
        if re.search(r"^ +audio:", path.read_text("utf-8"), re.M)
    ],
)
def test_what_is_judged_is_in_the_file(path: Path, profile: str, tmp_path: Path) -> None:
    """Issue 3, Must show: the sound that `audio:` judges is that of the file, decoded by a decoder that is not ours."""
    for scenario in scenarios_of(path):
        run = simulate(scenario, Choices(profile=profile))
        recordings, tracks = run.result().recordings, soundtracks(run.rows, folder=path.parent)
        for index in {check.recording for check in scenario.expect.under(profile).audio}:
            track, format = tracks[run.prepared.calls[0].id, index], recordings[index].format
            file = write_audio(track, tmp_path / f"{scenario.row}_{index}.{format}", format).path
            decoded = miniaudio.decode_file(str(file), nchannels=track.channels, sample_rate=track.sample_rate)
            assert decoded.num_frames == track.frames == track.length_ms * track.sample_rate // 1000
            if format == "wav":
                samples = np.frombuffer(decoded.samples, np.int16).reshape(-1, track.channels)
                assert np.array_equal(samples, np.concatenate(list(blocks(track))))


@pytest.mark.parametrize("path", EVERY, ids=named)
def test_a_scenario_expects_something_of_every_profile(path: Path) -> None:
    """A scenario that expects nothing could not fail."""
    for scenario in scenarios_of(path):
        for profile in PROFILES:
            assert evolve(scenario.expect.under(profile), profiles={}) != Expectations()


def test_every_row_of_the_table_has_its_scenarios() -> None:
    """Issue 3, Must show: all twenty scenarios of B§12; a file's name begins with the row's number."""
    assert {int(path.stem.partition("_")[0]) for path in TABLE_OF_B12} == set(ROWS_OF_B12)
    for path in TABLE_OF_B12:
        number = int(path.stem.partition("_")[0])
        assert all(each.name.startswith(f"B§12 {number}: ") for each in scenarios_of(path))


def test_the_readme_s_table_and_the_cases_agree() -> None:
    """Issue 3, Must show: at least thirty field cases by name and link; the table lists each, with what it shows."""
    rows = TABLE_ROW.findall((FOLDER / "README.md").read_text("utf-8"))
    listed = {file: (case, link) for case, link, name, file, *_ in rows if name == file}
    titles = {path.name: TITLE.match(path.read_text("utf-8")) for path in CASES}
    assert listed == {name: title.groups() if title else None for name, title in titles.items()}
    assert len(rows) == len(listed)
    assert [row[3] for row in rows] == sorted(listed)
    assert len({case for case, _ in listed.values()}) >= LEAST_CASES


def test_the_readme_s_table_says_which_profiles_differ() -> None:
    """The last column has a word for each profile that the file has, and for no other."""
    rows = TABLE_ROW.findall((FOLDER / "README.md").read_text("utf-8"))
    told = {row[3]: sorted(set(re.findall(r"kazoo-[45]", row[6]))) for row in rows}
    assert told == {path.name: sorted(scenarios_of(path)[0].expect.profiles) for path in CASES}


@pytest.mark.parametrize("path", CASES, ids=named)
def test_a_case_is_named_as_its_file_says(path: Path) -> None:
    """The number before the file's name is the case's in its first line: C14a is one of several of C14."""
    title = TITLE.match(path.read_text("utf-8"))
    assert title is not None
    found = re.fullmatch(r"C0?([0-9]+)[a-z]?", path.stem.partition("_")[0])
    assert found is not None and title.group(1) == f"C{found.group(1)}"


def test_every_other_file_is_used() -> None:
    """Callflows, accounts and sounds that no scenario needs are left-overs."""
    used = {path.resolve() for path in EVERY}
    for path in EVERY:
        for scenario in scenarios_of(path):
            steps = [step.verb for call in scenario.calls for step in call.timeline]
            names = [scenario.callflow, scenario.account, *(verb.file for verb in steps if isinstance(verb, Plays))]
            used |= {(path.parent / name).resolve() for name in names if isinstance(name, str)}
    assert {path.resolve() for path in FOLDER.glob("*/*")} <= used
