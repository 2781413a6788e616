"""A real Chromium, Debian's, with its own profile; without it or without Playwright the tests are skipped, visibly."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field

ROOT = Path(__file__).resolve().parents[2]


@define(eq=False)
class Watched:
    """A page in a window, with everything that it asked for and complained of."""

    page: Any
    complaints: list[str] = field(factory=list)
    asked: list[str] = field(factory=list)

    def watch(self) -> None:
        """Note every console message, error and request from now on."""
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("requestfailed", lambda request: self._failed(request))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def _failed(self, request: Any) -> None:
        """Note a request that failed; a player breaks off by itself when it knows enough of a file."""
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"failed: {request.url[:80]}, {request.failure}")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser, started for each module: while it runs, this thread has an event loop, and others need their own."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("there is no chromium: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def window(chromium: Any) -> Iterator[Any]:
    """A function that opens a file in a window of its own: `window(path, scheme="dark", width=390)`."""
    contexts = []

    def opened(path: Path, *, scheme: str = "light", width: int = 1280, height: int = 900) -> Watched:
        context = chromium.new_context(color_scheme=scheme, viewport={"width": width, "height": height})
        contexts.append(context)
        watched = Watched(context.new_page())
        watched.watch()
        watched.page.goto(path.as_uri())
        return watched

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The reports of the main job's two scenarios, of a silence, of retries and of a transfer, by their names."""
    from click.testing import CliRunner

    from callflow.cli import verbs

    folder = tmp_path_factory.mktemp("reports")
    made = {}
    for scenario in (
        "record_per_user/answered",
        "record_per_user/voicemail",
        "silence/nobody_speaks_any_more",
        "storage_retries/retries",
        "transfer/card_number_and_colleague",
    ):
        page = folder / f"{Path(scenario).name}.html"
        result = CliRunner().invoke(verbs, ["report", str(ROOT / "examples" / f"{scenario}.yaml"), "--out", str(page)])
        assert result.exit_code == 0, result.output
        made[page.stem] = page
    return made
