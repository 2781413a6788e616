"""`callflow draw`: callflows as trees and flowcharts, machines as tables and diagrams (issue 2, item 10; law 3)."""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from callflow.cli import verbs
from callflow.cli.draw import MACHINES
from callflow.core.delivery import DELIVERY
from callflow.core.digits import DIGIT_TABLE
from callflow.core.leg import LEG_TABLE
from callflow.core.recorder import RECORDER_TABLE
from callflow.core.table import Table
from callflow.report.machine import machine_text

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
VOICEMAIL = EXAMPLES / "record_per_user" / "voicemail.yaml"
SAMPLE = {
    "module": "record_call",
    "data": {"action": "start", "format": "mp3", "url": "http://h/{ACCOUNT_ID}", "time_limit": 360},
    "children": {
        "_": {
            "module": "user",
            "data": {"id": "al"},
            "children": {
                "_": {
                    "module": "record_call",
                    "data": {"action": "stop"},
                    "children": {"module": "voicemail", "data": {"id": "b"}, "children": {}},
                }
            },
        }
    },
}
"""The structure of the seed's "Sample Recording Per User", its missing `_` included."""


def draw(*arguments: str | Path) -> Result:
    """Run `callflow draw`; nothing that it raises but SystemExit passes unseen."""
    result = CliRunner().invoke(verbs, ["draw", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def svg_texts(svg: str) -> list[str | None]:
    """Every text of a picture that parses."""
    return [each.text for each in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def written(folder: Path, document: object) -> Path:
    """A callflow file."""
    path = folder / "flow.json"
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize("table", [RECORDER_TABLE, DELIVERY, LEG_TABLE, DIGIT_TABLE], ids=lambda table: str(table.name))
def test_machines_are_drawn_from_their_tables(table: Table[Any, Any]) -> None:
    """Law 3: the printed table and the diagram come from the object that runs; in a narrow terminal it is a list."""
    assert CliRunner().invoke(verbs, ["draw", table.name], env={"COLUMNS": "999"}).stdout == table.as_text() + "\n"
    assert (
        CliRunner().invoke(verbs, ["draw", table.name], env={"COLUMNS": "80"}).stdout == machine_text(table, 80) + "\n"
    )
    assert draw(table.name, "--format", "mermaid").stdout == table.as_mermaid() + "\n"


def test_a_callflow_is_a_tree(tmp_path: Path) -> None:
    """One line a node; names filled in; the sample's malformed `children` is marked where it stands (design §5)."""
    result = draw(written(tmp_path, SAMPLE), "--with", "ACCOUNT_ID=acme")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "record_call  start  mp3  time_limit=360  http://h/acme",
        "└─ _: user  al",
        "   └─ _: record_call  stop",
        "      └─ _: voicemail  b  ! bare-children",
    ]


@pytest.mark.parametrize("option", [["--strict"], ["--profile", "kazoo-5"]])
def test_taken_literally_the_sample_ends_early(tmp_path: Path, option: list[str]) -> None:
    """Under --strict and in the kazoo profiles the malformed `children` leads nowhere, and the picture shows it."""
    lines = draw(written(tmp_path, SAMPLE), *option).stdout.splitlines()
    assert len(lines) == 3
    assert lines[2].startswith("   └─ _: record_call  stop") and "! bare-children" in lines[2]


def test_a_callflow_is_a_flowchart(tmp_path: Path) -> None:
    """A box a node, an arrow a branch."""
    flow = {"module": "user", "data": {"id": "al"}, "children": {"_": {"module": "hangup"}, "NO_ANSWER": {}}}
    assert draw(written(tmp_path, flow), "--format", "mermaid").stdout.splitlines() == [
        "flowchart TD",
        '    n0["user<br/>al"]',
        '    n0 -->|"_"| n1["hangup"]',
        '    n0 -->|"NO_ANSWER"| n2(["the flow ends here"])',
    ]


def test_unsimulated_modules_are_drawn(tmp_path: Path) -> None:
    """A picture is no run: a module that is not simulated yet is marked, not refused."""
    result = draw(written(tmp_path, {"module": "conference", "data": {"id": "m"}}))
    assert result.exit_code == 0
    assert result.stdout == "conference (not simulated)  m  ! skipped-unsimulated\n"


def test_a_faulty_callflow_is_refused(tmp_path: Path) -> None:
    """Wrong input: every fault is one line with file, line and path; status 2, nothing drawn."""
    path = written(tmp_path, {"module": "record_call", "data": {"time_limit": 4, "formt": "mp3"}})
    result = draw(path)
    assert (result.exit_code, result.stdout) == (2, "")
    first, second = result.stderr.splitlines()
    assert {first, second} == {
        f"error: {path}:1: flow.data.time_limit: 4 is out of bounds; write 5 to 10800",
        f"error: {path}:1: flow.data.formt: unknown setting \"formt\" of record_call; did you mean 'format'?",
    }


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    """No such file: what is wrong, and the file that may be meant."""
    written(tmp_path, {})
    result = draw(tmp_path / "flwo.json")
    assert result.exit_code == 2
    assert result.stderr == f'error: {tmp_path}/flwo.json: there is no such file; did you mean "flow.json"?\n'


def test_a_misspelt_machine_is_told_the_right_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A word near a machine's name, and no file of that name."""
    monkeypatch.chdir(tmp_path)
    result = draw("recoder")
    assert result.exit_code == 2
    assert result.stderr.endswith("is neither a callflow file nor a machine; did you mean 'recorder'?\n")


@pytest.mark.parametrize("what", ["recorder", "delivery", "leg", "metaflow"])
def test_machines_are_pictures(what: str) -> None:
    """Every state, event and move of the table stands in the picture (law 3)."""
    texts = svg_texts(draw(what, "--format", "svg").stdout)
    table = MACHINES[what]
    states = set(table.states.__members__)
    assert states | set(table.events.__members__) <= set(texts)
    assert sum(each in states for each in texts) >= len(states)


def test_a_run_has_a_ladder_and_a_way_in_every_form() -> None:
    """Ladder and tree of a scenario: as text, as mermaid, and as SVG that parses."""
    told = draw("ladder", VOICEMAIL).stdout
    assert told.splitlines()[0].split() == ["Bob", "(A)", "switch", "alice", "(B)", "storage"]
    assert draw("ladder", VOICEMAIL, "--format", "mermaid").stdout.startswith("sequenceDiagram\n")
    assert "calls 2001" in svg_texts(draw("ladder", VOICEMAIL, "--format", "svg").stdout)
    assert draw("tree", VOICEMAIL).stdout.splitlines()[3].startswith("4 ●       └─ _: voicemail")
    assert '["4 ● voicemail<br/>alice-box"]' in draw("tree", VOICEMAIL, "--format", "mermaid").stdout
    texts = svg_texts(draw("tree", VOICEMAIL, "--format", "svg").stdout)
    assert {"record_call", "user", "voicemail", "1", "2", "3", "4"} <= set(texts)


def test_each_flow_of_a_run_is_drawn() -> None:
    """A transfer takes a second flow: both are there, under their names, in one picture."""
    transfer = EXAMPLES / "transfer" / "card_number_and_colleague.yaml"
    assert draw("tree", transfer).stdout.splitlines()[::2] == ["flow Alice:", "flow Carol:"]
    assert {"flow Alice", "flow Carol"} <= set(svg_texts(draw("tree", transfer, "--format", "svg").stdout))
    assert draw("tree", transfer, "--format", "mermaid").stdout.count("flowchart TD") == 2


def test_pictures_go_to_files(tmp_path: Path) -> None:
    """`--out` writes any form; a PNG needs it, is drawn by resvg, and is twice as large as the SVG says."""
    resvg = pytest.importorskip("resvg_py")
    assert draw("leg", "--format", "svg", "--out", tmp_path / "leg.svg").stdout == ""
    svg = (tmp_path / "leg.svg").read_text()
    assert draw("leg", "--format", "png", "--out", tmp_path / "leg.png").exit_code == 0
    drawn = (tmp_path / "leg.png").read_bytes()
    size = [float(ElementTree.fromstring(svg).get(each, "0")) for each in ("width", "height")]
    assert drawn.startswith(b"\x89PNG") and resvg is not None
    assert list(struct.unpack(">II", drawn[16:24])) == pytest.approx([2 * each for each in size], abs=2)
    assert draw("leg", "--format", "png").exit_code == 2
    assert draw("leg", "--out", tmp_path / "no" / "such").exit_code == 2


def test_a_png_without_its_library_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is named, and the form that needs none."""
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    done = draw("leg", "--format", "png", "--out", tmp_path / "leg.png")
    assert done.exit_code == 2
    assert "callflow-simulator[png]" in done.output and "--format svg" in done.output


@pytest.mark.parametrize("arguments", [("ladder",), ("tree",), ("recorder", "x.yaml")])
def test_what_needs_a_scenario_says_so(arguments: tuple[str, ...]) -> None:
    """Ladders and ways are of a run; tables are not."""
    done = draw(*arguments)
    assert done.exit_code == 2 and "scenario" in done.output.lower()


def test_hostile_documents_stay_on_their_lines(tmp_path: Path) -> None:
    """Neither control characters nor credentials of a document are drawn."""
    data = {"url": "http://bob:secret@h/\x1b[2J", "action": "start"}
    path = written(tmp_path, {"module": "record_call", "data": data, "children": {"\x1b[1A\n": {"module": "x\r\x07"}}})
    for form in ("text", "mermaid", "svg"):
        output = draw(path, "--format", form).output
        assert "secret" not in output
        assert all(line.isprintable() for line in output.splitlines())
