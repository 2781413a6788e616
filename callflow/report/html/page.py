"""The report of a run as one HTML file that needs nothing else: no network, no library (docs/report.md).

What documents and scenarios say is hostile: the template escapes it, data for the script is JSON in which nothing can
end the script, and a content security policy names the only script and the only style sheet by their hashes.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen
from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from callflow.media.track import Track
from callflow.report.hearing import soundtracks
from callflow.report.html.axis import Axis, axis_of
from callflow.report.html.chart import Chart, chart_of
from callflow.report.html.chart_svg import labels_svg, lanes_svg, zooms_of
from callflow.report.html.listening import MOST_BYTES, recordings_shown
from callflow.report.html.words import Words, script_json
from callflow.report.ladder import ladders
from callflow.report.ladder_svg import ladder_svg
from callflow.report.taken import flows_taken
from callflow.report.timeline import Timeline
from callflow.report.tree import tree_text
from callflow.report.tree_svg import tree_svg
from callflow.report.wording import clock, printable

if TYPE_CHECKING:
    from callflow.core.trace import Row
    from callflow.report.results import RunResult
    from callflow.simulate import Run

MOST_ROWS: Final = 5_000
"""Rows of a trace that a report shows; the first ones of a longer trace."""


@frozen
class _Picture:
    """A picture on the page: its name, the SVG, the same as text, and the SVG as an address to save it from."""

    title: str
    svg: Markup
    text: str
    address: str
    file: str


def report_html(run: Run, result: RunResult, folder: Path, most_bytes: int = MOST_BYTES) -> str:
    """The page for a run that was played to its end.

    `result` is its result with the files of its recordings, `folder` where the page will lie: files of together more
    than `most_bytes` are not put into the page but linked from there. Raises MediaError for sound that cannot be made.
    """
    rows: Sequence[Row] = run.rows[:MOST_ROWS]
    names = {call.id: call.script.name for call in run.prepared.calls if call.script.name}
    words, tracks = Words(rows), soundtracks(rows, folder=run.prepared.folder)

    def track_of(call_id: str, index: int) -> Track | None:
        return tracks.get((call_id, index))

    axis, chart = axis_of(rows), chart_of(rows, words.people, names, words.sentence, track_of)
    recordings = recordings_shown(result, names, words, folder, most_bytes)
    data = {
        "rows": words.as_data(),
        "axis": [[each.from_ms, each.to_ms, each.from_x, each.to_x] for each in axis.segments],
        "sounds": chart.stretches,
        "zooms": zooms_of(axis),
        "first": next((each.reasons.ended_seq for each in recordings if each.reasons.ended_seq is not None), None),
    }
    return _rendered(
        title=printable(result.scenario),
        result=result,
        facts=_facts(run),
        labels=Markup(labels_svg(chart)),
        lanes=Markup(lanes_svg(chart, axis)),
        legend=_legend(chart, axis),
        recordings=recordings,
        trees=_trees(run, result),
        ladders=_ladders(rows, names, printable(result.scenario)),
        lines=_lines(rows, run, names),
        left_out=max(len(run.rows) - MOST_ROWS, 0),
        data=Markup(script_json(data)),
    )


def _rendered(**parts: Any) -> str:
    """The template, filled. The style sheet and the script stand in the page as they are, known by their hashes."""
    texts = {name: (files(__package__) / name).read_text("utf-8") for name in ("page.html", "page.css", "page.js")}
    environment = Environment(
        loader=FunctionLoader(texts.get),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["clock"] = clock
    environment.filters["printable"] = printable
    has_links = any(each.link and not each.source.startswith("data:") for each in parts["recordings"])
    policy = (
        f"default-src 'none'; script-src '{_hash(texts['page.js'])}'; style-src '{_hash(texts['page.css'])}';"
        f" media-src data:{' file: ' + chr(39) + 'self' + chr(39) if has_links else ''}; img-src data:;"
        " base-uri 'none'; form-action 'none'"
    )
    page = environment.get_template("page.html")
    return page.render(css=Markup(texts["page.css"]), js=Markup(texts["page.js"]), policy=policy, **parts)


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode('ascii')}"


def _facts(run: Run) -> Sequence[tuple[str, str]]:
    prepared = run.prepared
    return (
        ("profile", prepared.setting.profile.name),
        ("start", prepared.start.strftime("%Y-%m-%d %H:%M:%S UTC")),
        ("seed", str(prepared.setting.seed)),
        ("scenario file", printable(Path(prepared.scenario.file).name)),
    )


def _legend(chart: Chart, axis: Axis) -> str:
    """What a reader has to know about this chart's axis."""
    if not axis.breaks:
        return ""
    return "Where nothing happens for long, the axis is broken: +time says how much is left out."


def _picture(title: str, svg: str, text: str, file: str) -> _Picture:
    address = "data:image/svg+xml;base64," + b64encode(svg.encode()).decode("ascii")
    return _Picture(title, Markup(svg), text, address, file)


def _trees(run: Run, result: RunResult) -> list[_Picture]:
    """Every flow that a call took, with its way."""
    flows = tuple(run.prepared.setting.flows.values())
    paths = {call.call_id: call.path for call in result.calls}
    pictures: list[_Picture] = []
    for call in run.prepared.calls:
        for tree in flows_taken(call.flow, flows, paths.get(call.id, ())):
            label = printable(tree.flow.label)
            title = f"{label}, call {printable(call.script.name)}" if call.script.name else label
            path = tree.path
            name = f"callflow-{len(pictures)}.svg"
            pictures.append(_picture(title, tree_svg(tree.flow, title, path), tree_text(tree.flow, path), name))
    return pictures


def _ladders(rows: Sequence[Row], names: Mapping[str, str], scenario: str) -> list[_Picture]:
    from callflow.report.ladder_text import ladder_text

    return [
        _picture(
            f"call {each.title}" if each.title else "the call",
            ladder_svg(each, scenario),
            ladder_text(each, 110),
            f"ladder-{place}.svg",
        )
        for place, each in enumerate(ladders(rows, names))
    ]


def _lines(rows: Sequence[Row], run: Run, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """The rows that a reader wants to read, as `callflow run` prints them."""
    phones: dict[str | None, int] = {}
    for device in run.prepared.setting.account.devices.values():
        phones[device.owner_id] = phones.get(device.owner_id, 0) + 1
    timeline = Timeline(names, [owner for owner, count in phones.items() if owner and count > 1])
    told = ((row, timeline.take(row)) for row in rows)
    return [
        {"seq": row.seq, "at": clock(line.at_ms), "call": line.call, "leg": line.leg, "what": line.what}
        | {"why": line.why, "style": line.style}
        for row, line in told
        if line is not None
    ]
