"""A suite as one page, `index.html` of `callflow test --html`: what ran, what did not pass first, and the way to each.

Self-contained like the page of a run, with a policy of the same kind. Names of files and scenarios are hostile: the
template escapes them, and links are the paths of our own making.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from attrs import frozen
from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from callflow.core.errors import StorageError
from callflow.report.coverage_text import LEGEND, flow_text, recorder_text
from callflow.report.wording import printable
from callflow.testing.outcome import WORST_FIRST, CaseResult, totals

if TYPE_CHECKING:
    from callflow.testing.showing import Suite

_RECORDER_WIDTH: Final = 110

INDEX: Final = "index.html"
"""The page of the suite, in the folder that the user names."""


@frozen
class _Line:
    """A case in the table: printable texts. `link` is the address of its page, "" without one."""

    outcome: str
    name: str
    label: str
    profile: str
    tags: str
    duration: str
    link: str
    messages: tuple[str, ...]
    repeat: str


def claim_suite(folder: Path) -> None:
    """Make sure, before anything runs, that the page can be written. Raises StorageError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / INDEX).open("ab").close()
    except OSError as error:
        raise _refused(folder, error) from None


def write_suite(suite: Suite, folder: Path, started: datetime) -> None:
    """Write the page of a suite that began at `started`; those of its cases lie there. Raises StorageError."""
    try:
        (folder / INDEX).write_text(suite_html(suite, started), "utf-8")
    except OSError as error:
        raise _refused(folder, error) from None


def suite_html(suite: Suite, started: datetime) -> str:
    """The page: totals, wall time, and a line for each case, the worst first and else in the suite's order."""
    names = ("suite.html", "page.css", "suite.css", "suite.js")
    texts = {name: (files(__package__) / name).read_text("utf-8") for name in names}
    environment = Environment(
        loader=FunctionLoader(texts.get),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = texts["page.css"] + texts["suite.css"]
    policy = (
        f"default-src 'none'; script-src '{_hash(texts['suite.js'])}'; style-src '{_hash(style)}'; img-src data:;"
        " base-uri 'none'; form-action 'none'"
    )
    counts = totals(suite.cases)
    return environment.get_template("suite.html").render(
        css=Markup(style),
        js=Markup(texts["suite.js"]),
        policy=policy,
        verdict=_verdict(suite),
        counts=[(outcome, f"{counts[outcome]:,}") for outcome in WORST_FIRST if outcome in counts],
        facts=_facts(suite, started),
        ended=_ended(suite),
        trees=_trees(suite),
        legend=LEGEND,
        lines=[_line(case) for case in sorted(suite.cases, key=lambda case: WORST_FIRST.index(case.outcome))],
    )


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode('ascii')}"


def _verdict(suite: Suite) -> str:
    """The worst outcome; what passed as far as it went, or drove too little, has not passed."""
    worst = next(reversed(totals(suite.cases)), "nothing ran")
    if worst == "passed" and (suite.ended or suite.status):
        return suite.ended or "failed"
    return worst


def _facts(suite: Suite, started: datetime) -> list[tuple[str, str]]:
    facts = [
        ("cases", f"{len(suite.cases):,}"),
        ("files", f"{suite.files:,}"),
        ("wall time", f"{suite.wall_ms / 1000:.1f} s"),
        ("processes", str(max(suite.workers, 1))),
        ("started", started.strftime("%Y-%m-%d %H:%M:%S UTC")),
    ]
    if suite.coverage is not None:
        wanted = f" ({suite.min_percent:g} % is wanted)" if suite.min_percent is not None else ""
        facts.append(("nodes that ran", f"{suite.coverage.percent:g} %{wanted}"))
    return facts


def _trees(suite: Suite) -> list[tuple[str, str]]:
    """Each callflow's heading and tree with its marks, the least driven first, then the recorder's moves."""
    if suite.coverage is None:
        return []
    flows = sorted(suite.coverage.flows, key=lambda flow: flow.percent)
    texts = [*map(flow_text, flows), recorder_text(suite.coverage, _RECORDER_WIDTH)]
    return [(heading, tree) for heading, _, tree in (text.partition("\n") for text in texts)]


def _ended(suite: Suite) -> str:
    if not suite.ended:
        return ""
    return f"{suite.not_run:,} of {suite.files:,} files not run: {suite.ended}"


def _line(case: CaseResult) -> _Line:
    return _Line(
        outcome=case.outcome,
        name=printable(case.name),
        label=printable(case.file if case.row is None else f"{case.file}[{case.row}]"),
        profile=printable(case.profile or case.chosen),
        tags=printable(", ".join(case.tags)),
        duration=f"{case.duration_ms:,.1f} ms",
        link=quote(case.page),
        messages=tuple(printable(each.message) for each in case.failures),
        repeat=printable(case.repeat),
    )


def _refused(folder: Path, error: OSError) -> StorageError:
    reason = error.strerror or "the system refused"
    return StorageError(f"{folder / INDEX}: cannot be written: {reason}; choose another folder with --html")
