"""The page of `callflow test --html` in a real browser: it filters, leads to its cases, and everybody can use it."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from callflow.cli import verbs

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of three cases: two of the main job as expected, and a file that is broken."""
    folder = tmp_path_factory.mktemp("suite")
    broken = folder / "broken.scenario.yaml"
    broken.write_text("scenario: <b>\n  callflow: [\n", encoding="utf-8")
    paths = [str(EXAMPLES / "record_per_user"), str(broken)]
    done = CliRunner().invoke(verbs, ["test", *paths, "--coverage", "--html", str(folder / "pages")])
    assert done.exit_code == 2, done.output
    return folder / "pages" / "index.html"


def test_it_filters_and_leads_to_a_case(suite: Path, window: Any) -> None:
    """Words in the box leave the cases that have all of them; the keyboard goes on to the page; nobody is asked."""
    opened = window(suite)
    page = opened.page
    assert page.locator("#cases tr").first.inner_text().startswith("broken")
    page.keyboard.press("Tab")
    page.keyboard.type("PASSED voicemail.yaml")
    assert page.locator("#cases tr:visible").count() == 1
    assert page.locator("#shown").inner_text() == "1 of 3"
    assert [url for url in opened.asked if not url.startswith("data:")] == [suite.as_uri()]
    page.locator("#cases tr:visible a").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/report.html")
    assert page.locator("#lanes").is_visible()
    assert opened.complaints == []


@pytest.mark.parametrize(("scheme", "width"), [*product(("light", "dark"), (1280, 390))])
def test_everybody_can_use_it(scheme: str, width: int, suite: Path, window: Any) -> None:
    """Axe finds nothing to object to, in light and dark, wide and narrow; the page does not scroll sideways."""
    page = window(suite, scheme=scheme, width=width).page
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    violations = axe.Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in violations] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"suite-{scheme}-{width}.png", full_page=True)


def test_it_prints(suite: Path, window: Any) -> None:
    """On paper: the table, and no box to type in."""
    page = window(suite).page
    page.emulate_media(media="print")
    assert not page.locator(".tools").is_visible() and page.locator("table").is_visible()
