"""The report in a real browser: it draws, explains, plays, saves, and asks nobody for anything (issue 5, Must show)."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from pytest_httpserver import HTTPServer

from callflow.cli import verbs

UNTIL = """() => new Promise((done, fail) => {{
  const start = performance.now();
  const look = () => {{
    if ({0}) done();
    else if (performance.now() - start > 20000) fail(new Error("never happened"));
    else requestAnimationFrame(look);
  }};
  look();
}})"""
"""Waits for something in the page; Playwright's own waiting needs `eval`, which the page's policy forbids."""

MAIN_JOB = ("answered", "voicemail")
EVERY = (*MAIN_JOB, "nobody_speaks_any_more", "retries", "card_number_and_colleague")
SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"
SVG = "{http://www.w3.org/2000/svg}"


def until(page: Any, holds: str) -> None:
    """Wait until an expression of JavaScript holds in the page."""
    page.evaluate(UNTIL.format(holds))


@pytest.mark.parametrize("name", EVERY)
def test_it_asks_nobody_and_complains_of_nothing(name: str, window: Any, reports: dict[str, Path]) -> None:
    """One self-contained file: no request but the file itself and what is inside it, an empty console."""
    opened = window(reports[name])
    for button in opened.page.query_selector_all(".tools button:enabled, summary, table button.row >> nth=0"):
        button.click()
    until(opened.page, "[...document.querySelectorAll('audio')].every(each => each.readyState >= 1)")
    assert opened.complaints == []
    assert [url for url in opened.asked if not url.startswith("data:")] == [reports[name].as_uri()]


def test_its_policy_stops_what_would_ask(window: Any, reports: dict[str, Path], httpserver: HTTPServer) -> None:
    """Even a script that got in could not call out: the policy refuses, and a server that waits hears nothing."""
    httpserver.expect_request(re.compile(".*")).respond_with_data("here", headers={"Access-Control-Allow-Origin": "*"})
    opened, url = window(reports["answered"]), httpserver.url_for("/")
    told = opened.page.evaluate(f"fetch('{url}').then(() => 'reached', () => 'refused')")
    opened.page.evaluate(f"document.body.insertAdjacentHTML('beforeend', '<img src=\"{url}y.png\">')")
    until(opened.page, "document.querySelector('img').complete")
    assert (told, httpserver.log) == ("refused", [])
    assert any("Content Security Policy" in each for each in opened.complaints)


@pytest.mark.parametrize("name", MAIN_JOB)
def test_the_lanes_of_the_main_job_are_drawn(name: str, window: Any, reports: dict[str, Path]) -> None:
    """One time axis with the callflow, both legs, the recorder, the sound left and right and the delivery."""
    page = window(reports[name]).page
    lanes = page.locator("#lanes .lane").evaluate_all("all => all.map(each => each.getAttribute('aria-label'))")
    assert lanes[:4] == ["scenario, what people do", "callflow, the node that runs", "leg A, Bob", "leg B, alice"]
    sound = ["recording 0, call", "sound 0, left, what Bob says", "sound 0, right, what Bob hears"]
    assert [each for each in lanes if each in sound] == sound
    assert "delivery 0, tries and waits" in lanes
    width = page.locator("#lanes").bounding_box()["width"]
    wave = page.locator(".wave .curve").nth(1).bounding_box()
    share = {"answered": (0.8, 1.0), "voicemail": (0.5, 0.8)}[name]  # 40 s of 40 s, 20 s of 30.5 s
    assert share[0] < wave["width"] / width < share[1] and wave["height"] > 20
    assert page.locator(".item.look-ringing").first.get_attribute("aria-label").endswith("the phone of alice rang.")


def test_a_click_explains(window: Any, reports: dict[str, Path]) -> None:
    """A click on a mark shows its chain of causes, with the rules; a click on one of its rows goes on from there."""
    page = window(reports["voicemail"]).page
    page.locator(".lane-recorder .look-end circle").first.click()
    chain = page.locator("#why li").all_inner_texts()
    assert chain[0].startswith("At 0.000 s Bob called 2001 (scenario line 7")
    assert any("alice stopped ringing: NO_ANSWER" in each and "ring timeout=20000 ms" in each for each in chain)
    assert "finished, 20.000 s, ended by stop" in chain[-1]
    assert page.locator(".item.led").count() >= 4
    page.locator("#why button", has_text="alice stopped ringing").click()
    assert page.locator("#why li").count() < len(chain)
    assert page.locator("#why .last").evaluate("each => each === document.activeElement")


def test_a_row_of_the_table_explains_too(window: Any, reports: dict[str, Path]) -> None:
    """The table says the same as the picture, for those who cannot see it, and answers a click as well."""
    page = window(reports["answered"]).page
    page.locator("table button", has_text="alice answers").click()
    assert page.locator("#why .last").inner_text().startswith("At 4.000 s the leg of alice was answered")


def test_the_keyboard_is_enough(window: Any, reports: dict[str, Path]) -> None:
    """One mark is in the tab order; arrow keys go to the others, Enter explains, and the mark in focus can be seen."""
    page = window(reports["answered"]).page
    focused = "document.activeElement.getAttribute('aria-label')"
    page.locator("button[data-zoom=in]").focus()
    page.keyboard.press("Tab")  # the lanes' first mark
    assert page.evaluate(focused).startswith("At 0.000 s Bob called 2001")
    assert page.locator("#lanes [tabindex='0']").count() == 1
    page.keyboard.press("ArrowRight")
    assert page.evaluate(focused).startswith("At 4.000 s alice answered")
    assert page.locator("#says").inner_text().startswith("At 4.000 s alice answered")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.closest('.lane').getAttribute('aria-label')").startswith("callflow")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    assert page.locator("#why .last").inner_text().startswith("At 40.000 s Bob hung up")
    stroke = "getComputedStyle(document.activeElement.querySelector('circle')).strokeWidth"
    until(page, f"{stroke} === '4px'")


def test_a_recording_plays_with_a_cursor(window: Any, reports: dict[str, Path]) -> None:
    """Play moves the sound and the cursor along the axis; a click on the waveform goes to that moment."""
    page = window(reports["voicemail"]).page
    cursor = "Number.parseFloat(document.getElementById('cursor').getAttribute('x1'))"
    page.locator("button[data-play='1']").click()
    until(page, "document.getElementById('audio-1').currentTime > 0.2")
    before = page.evaluate(cursor)
    until(page, f"{cursor} > {before}")
    assert page.locator("button[data-play='1']").get_attribute("aria-pressed") == "true"
    left = page.locator(".lane-wave .wave").nth(2).evaluate("box => box.x.baseVal.valueAsString")
    assert before >= float(left.rstrip("%"))  # the take began at 26.5 s, and so does the cursor
    page.locator("button[data-play='1']").click()
    until(page, "document.getElementById('audio-1').paused")
    box = page.locator("#lanes").bounding_box()
    wave = page.locator(".lane-wave .wave").nth(1).bounding_box()
    middle = page.evaluate("document.querySelectorAll('.lane-wave .ground')[1].getBoundingClientRect().y") + 10
    page.mouse.click(box["x"] + (wave["x"] - box["x"]) + wave["width"] / 2, middle)
    until(page, "Math.abs(document.getElementById('audio-0').currentTime - 10) < 0.5")
    until(page, r"/^0:(09|10)\.\d{3}$/.test(document.getElementById('clock').textContent)")


def test_sound_beside_the_page_plays_too(window: Any, staging: ModuleType, tmp_path: Path) -> None:
    """A recording too large for the page is asked for from the folder beside it, and from nowhere else."""
    staging.scenario(tmp_path, "at 1s: alice answers", "at 180s: caller hangs up")
    page = tmp_path / "page.html"
    assert CliRunner().invoke(verbs, ["report", str(tmp_path / "call.json"), "--out", str(page)]).exit_code == 0
    opened = window(page)
    until(opened.page, "document.querySelector('audio').duration === 180")
    files = [page.as_uri(), (tmp_path / "page" / "recording-0-call.wav").as_uri()]
    assert sorted({url for url in opened.asked if not url.startswith("data:")}) == sorted(files)
    assert opened.complaints == []


def test_zoom_keeps_marks_and_finds_words_room(window: Any, reports: dict[str, Path]) -> None:
    """Closer, the lanes are wider than their window and show words that had no room; fit goes back."""
    page = window(reports["card_number_and_colleague"]).page
    cut = page.locator(".label.cut").count()
    width = page.locator("#lanes").bounding_box()["width"]
    for _ in range(3):
        page.locator("button[data-zoom=in]").click()
    assert page.locator("#lanes").bounding_box()["width"] == pytest.approx(8 * width, rel=0.02)
    assert page.locator(".label.cut").count() < cut
    page.locator("button[data-zoom=fit]").click()
    assert page.locator("#lanes").bounding_box()["width"] == pytest.approx(width)
    assert page.locator("button[data-zoom=out]").is_disabled()


def test_the_ladder_can_be_saved(window: Any, reports: dict[str, Path], tmp_path: Path) -> None:
    """The ladder is saved as an SVG file that stands alone: its columns, its signals, its own colours."""
    page = window(reports["answered"]).page
    with page.expect_download() as download:
        page.locator("figure.ladder a.save").click()
    assert download.value.suggested_filename == "ladder-0.svg"
    download.value.save_as(tmp_path / "ladder.svg")
    root = ElementTree.parse(tmp_path / "ladder.svg").getroot()
    texts = [each.text for each in root.iter(f"{SVG}text")]
    assert root.tag == f"{SVG}svg"
    assert {"Bob (A)", "switch", "alice (B)", "storage", "calls 2001", "connected", "201"} <= set(texts)
    assert all(each.get("fill") for each in root.iter(f"{SVG}text"))


@pytest.mark.parametrize(
    ("name", "scheme", "width"),
    [*product(MAIN_JOB, ("light", "dark"), (1280, 390)), *((name, "light", 1280) for name in EVERY[2:])],
)
def test_everybody_can_use_it(name: str, scheme: str, width: int, window: Any, reports: dict[str, Path]) -> None:
    """Axe finds nothing to object to, in light and dark, wide and narrow; the page does not scroll sideways."""
    page = window(reports[name], scheme=scheme, width=width).page
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    violations = axe.Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in violations] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if name in MAIN_JOB:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"report-{name}-{scheme}-{width}.png", full_page=True)


def test_it_prints(window: Any, reports: dict[str, Path]) -> None:
    """On paper: the lanes fit the page, what only works on a screen is not there."""
    page = window(reports["voicemail"]).page
    page.emulate_media(media="print")
    assert not page.locator(".tools").is_visible() and not page.locator("audio").first.is_visible()
    assert page.locator("#lanes").is_visible() and page.locator("table").is_visible()
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    assert page.pdf(path=SCREENSHOTS / "report-voicemail.pdf", prefer_css_page_size=True).startswith(b"%PDF")
