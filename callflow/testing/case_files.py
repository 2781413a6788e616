"""Where the files of a case lie, and its page for `callflow test --html`. File names come from strangers."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from callflow.core.errors import StorageError
from callflow.testing.outcome import CaseResult

if TYPE_CHECKING:
    from callflow.report.results import RunResult
    from callflow.simulate import Run

PAGES: Final = "cases"
"""The folder of the pages, beside the suite's index.html."""

_PAGE: Final = "report.html"
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_PART: Final = 80
_MOST_PARTS: Final = 12


def folder_name(case: CaseResult) -> Path:
    """A folder for a case's files, by the path of its own file, each part made harmless."""
    parts = [_UNSAFE.sub("-", part).strip(".-") for part in Path(case.file).parts]
    ends = [f"row-{case.row}"] if case.row is not None else []
    ends += [case.chosen] if case.chosen else []
    return Path(*[part for part in parts if part], *ends)


def page_path(case: CaseResult) -> PurePosixPath:
    """Where a case's page lies below the suite's folder: that of no other case, whatever the files are called.

    The harmless name alone does not tell `a b.yaml` from `a-b.yaml`. No harmless part has a `~`, so that no folder on
    the way to one page is that of another.
    """
    parts = [part[:_LONGEST_PART].rstrip(".-") for part in folder_name(case).parts[-_MOST_PARTS:]] or ["case"]
    told = "\0".join((case.file, "" if case.row is None else str(case.row), case.chosen))
    mark = sha256(told.encode("utf-8", "surrogateescape")).hexdigest()[:20]
    return PurePosixPath(PAGES, *parts[:-1], f"{parts[-1]}~{mark}", _PAGE)


def write_page(run: Run, result: RunResult, case: CaseResult, folder: Path) -> str:
    """Write the page of a judged run below `folder`, its recordings beside it, and return its path from there.

    Raises StorageError for what cannot be written, MediaError for sound that cannot be made.
    """
    from callflow.files import write_recordings
    from callflow.report.html.page import report_html

    path = page_path(case)
    page = folder / path
    names = {call.id: call.script.name for call in run.prepared.calls if call.script.name}
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
        shown = write_recordings(run.rows, result, page.parent, run.prepared.folder, names)
        page.write_text(report_html(run, shown, page.parent), "utf-8")
    except OSError as error:
        reason = error.strerror or "the system refused"
        raise StorageError(f"{page}: cannot be written: {reason}; choose another folder with --html") from None
    return str(path)
