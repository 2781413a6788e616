"""`callflow test --html`: a page for each case and one for all, whatever files are called (issue 5, 2 and 4)."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from attrs import define, field
from click.testing import CliRunner, Result

from callflow.cli import verbs
from callflow.testing.case_files import page_path
from callflow.testing.outcome import CaseResult

FLOW = '{"module": "record_call", "data": {"action": "start", "format": "wav"}, "children": {"_": {"module": "user"'
FLOW += ', "data": {"id": "alice"}}}}'
EVIL = "<img src=x onerror=alert(1)>'\"&.yaml"
BAD = "8s"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where the tester stands; there is one above it."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


def scenario(name: str, length: str = "9s", more: str = "", title: str = "A call") -> str:
    """A scenario's file; it passes with a length of 9 s."""
    file = Path(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    (file.parent / "flow.json").write_text(FLOW, encoding="utf-8")
    file.write_text(
        f"scenario: {title}\ncallflow: flow.json\nstart: 2026-11-30T10:00:00Z\n"
        'caller: {number: "+14155550100", name: Bob, dials: "2001"}\n'
        "timeline:\n  - at 0s: caller calls\n  - at 4s: alice answers\n  - at 9s: caller hangs up\n"
        f"expect:\n  recordings:\n    - {{length: {length}}}\n{more}\n",
        encoding="utf-8",
    )
    return name


def run(*arguments: object) -> Result:
    """Run the verb in this process."""
    result = CliRunner().invoke(verbs, ["test", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@define
class Index(HTMLParser):
    """The suite's page: the texts of its table, line by line, its links, and every element's name."""

    text: str
    lines: list[list[str]] = field(factory=list)
    links: list[str] = field(factory=list)
    elements: list[str] = field(factory=list)
    is_inside: bool = False

    def __attrs_post_init__(self) -> None:
        """Read the page."""
        super().__init__()
        self.feed(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element opens."""
        self.elements.append(tag)
        if tag == "tr":
            self.lines.append([])
        elif tag == "td":
            self.lines[-1].append("")
            self.is_inside = True
        elif tag == "a":
            self.links.append(dict(attrs)["href"] or "")

    def handle_endtag(self, tag: str) -> None:
        """An element closes."""
        self.is_inside = self.is_inside and tag != "td"

    def handle_data(self, data: str) -> None:
        """Text, of the cell that is open."""
        if self.is_inside:
            self.lines[-1][-1] += data.strip()


def index(folder: str = "pages") -> Index:
    """The page that a run has written."""
    return Index(Path(folder, "index.html").read_text("utf-8"))


@pytest.mark.parametrize("workers", [1, 2])
def test_each_case_has_a_page_and_what_failed_stands_first(workers: int) -> None:
    """Outcome, scenario, file, profile, tags, time, first failure, how to repeat it, and its page with its sound."""
    scenario("a.yaml")
    scenario("b.yaml", "'{LENGTH}'", "tags: [smoke]\nexamples: [{LENGTH: 9s}, {LENGTH: 8s}]")
    scenario("sub/c.yaml", BAD, "  hangup_cause: NO_ANSWER")
    Path("d.scenario.yaml").write_text("scenario: [\n")
    assert run(".", "--html", "pages", "--workers", workers).exit_code == 2
    page = index()
    _, *lines = page.lines
    assert [(line[0], line[2]) for line in lines] == [
        ("broken", "d.scenario.yaml"),
        ("failed", "b.yaml[1]"),
        ("failed", "sub/c.yaml"),
        ("passed", "a.yaml"),
        ("passed", "b.yaml[0]"),
    ]
    assert lines[1][1] == "A call" and lines[1][3:5] == ["docs", "smoke"] and re.fullmatch(r"[\d,.]+ ms", lines[1][5])
    assert "expected {length: 8s}" in lines[1][6] and lines[1][6].endswith("callflow run b.yaml --row 1")
    assert "(and 1 more)" in lines[2][6]
    assert len(page.links) == 4  # a broken case has no page
    for link, verdict in zip(page.links, ("failed", "failed", "passed", "passed"), strict=True):
        made = Path("pages", unquote(link))
        assert f'<p class="outcome {verdict}">' in made.read_text("utf-8")
        assert (made.parent / "recording-0-call.wav").stat().st_size > 0
    assert "1 broken</li>" in page.text and "2 failed</li>" in page.text and "2 passed</li>" in page.text


def test_it_is_one_file_that_asks_for_nothing() -> None:
    """The policy names the only script and the only style sheet by their hashes; there is no other address."""
    scenario("a.yaml")
    assert run(".", "--html", "pages").exit_code == 0
    text = index().text
    for tag in ("script", "style"):
        [inside] = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = b64encode(sha256(inside.encode()).digest()).decode()
        assert f"{tag}-src &#39;sha256-{digest}&#39;" in text or f"{tag}-src 'sha256-{digest}'" in text
    assert "default-src &#39;none&#39;" in text or "default-src 'none'" in text
    assert not re.search(r"https?://|@import|url\(", text)


def test_names_are_text() -> None:
    """A file and a scenario that are HTML are shown, and do nothing."""
    scenario(EVIL, BAD, title="'</script><script>alert(2)</script>'")
    assert run(".", EVIL, "--html", "pages").exit_code == 1
    page = index()
    assert page.elements.count("script") == 1 and "img" not in page.elements
    assert page.lines[1][1:3] == ["</script><script>alert(2)</script>", EVIL]
    assert Path("pages", unquote(page.links[0])).is_file()


def test_no_two_cases_have_one_page_and_none_is_elsewhere(tmp_path: Path) -> None:
    """Names that look alike when made harmless, the folder above, another's page as a folder, very long ones."""
    names = [
        "a b.yaml",
        "a-b.yaml",
        "A-B.yaml",
        "../a-b.yaml",
        "index.html/x.yaml",
        "cases/x.yaml",
        "-a-b.yaml",
        ".yaml/é.yaml",
    ]
    names += ["é.yaml", "ü.yaml", "x" * 240 + "1.yaml", "x" * 240 + "2.yaml", "/".join("d" * 40) + "/x.yaml"]
    for name in names:
        scenario(name, "'{L}'", "examples: [{L: 9s}, {L: 9s}]")
    done = run(*[f"./{name}" for name in names], "--profile", "docs", "--profile", "kazoo-5", "--html", "pages")
    assert done.exit_code == 0, done.stdout
    pages = {link.lower() for link in index().links}
    assert len(pages) == len(index().links) == 4 * len(names)
    inside = Path("pages").resolve()
    assert all(Path("pages", unquote(link)).resolve().is_relative_to(inside) for link in index().links)
    assert not [each for each in tmp_path.rglob("report.html") if not each.is_relative_to(inside)]


def test_a_page_is_no_folder_on_the_way_to_another() -> None:
    """Whoever knows another's page cannot name a file so that it lies in the way."""
    first = page_path(CaseResult("a.yaml", None, "", "passed"))
    second = page_path(CaseResult(str(Path(*first.parts[1:], "b.yaml")), None, "", "passed"))
    assert first not in second.parents and first.parent not in second.parents


def test_a_case_that_only_differs_from_its_kept_trace_has_a_failed_page() -> None:
    """The page says what the summary says."""
    scenario("a.yaml")
    run("a.yaml", "--update")
    kept = Path("a.trace.jsonl")
    kept.write_text(kept.read_text().replace("CHANNEL_ANSWER", "CHANNEL_OTHER"))
    assert run("a.yaml", "--golden", "--html", "pages").exit_code == 1
    [link] = index().links
    page = Path("pages", unquote(link)).read_text("utf-8")
    assert '<p class="outcome failed">' in page and "Not as expected" in page
    assert "a.trace.jsonl:15: the trace is not the one that is kept" in index().lines[1][6]
    scenario("a.yaml", BAD)
    run("a.yaml", "--golden", "--html", "pages")
    page = Path("pages", unquote(link)).read_text("utf-8")
    assert len(re.findall(r'<li class="error">', page)) == 2


def test_sound_goes_where_out_says_too() -> None:
    """--out is what it was; the page has its own beside it."""
    scenario("a.yaml")
    assert run("a.yaml", "--html", "pages", "--out", "sound").exit_code == 0
    assert Path("sound/a.yaml/recording-0-call.wav").is_file()
    assert len(list(Path("pages").rglob("*.wav"))) == 1


def test_a_folder_that_cannot_be_written_is_said_before_anything_runs() -> None:
    """Status 2, one line."""
    scenario("a.yaml")
    done = run("a.yaml", "--html", "/dev/null/x")
    assert done.exit_code == 2 and not done.stdout
    assert done.stderr.count("\n") == 1 and "choose another folder with --html" in done.stderr


def test_a_page_that_cannot_be_written_breaks_its_case_alone() -> None:
    """What else was wrong with the case is told beside it; the others have their pages."""
    scenario("a.yaml", BAD)
    scenario("b.yaml")
    blocked = Path("pages") / page_path(CaseResult("a.yaml", None, "", "passed"))
    blocked.mkdir(parents=True)
    done = run("a.yaml", "b.yaml", "--html", "pages")
    assert done.exit_code == 2 and "expected {length: 8s}" in done.stdout
    assert "report.html: cannot be written: Is a directory; choose another folder with --html" in done.stdout
    assert len(index().links) == 1


def test_list_has_nothing_to_show() -> None:
    """What runs nothing has no pages: that is said, not left out."""
    scenario("a.yaml")
    done = run("a.yaml", "--list", "--html", "pages")
    assert done.exit_code == 2 and "--list runs nothing that --html or --coverage could show" in done.stderr


def test_the_page_has_the_trees_with_what_ran() -> None:
    """Issue 5, item 3: with --coverage the page shows each callflow's nodes, marked, and the recorder's moves."""
    scenario("call.yaml")
    assert run("call.yaml", "--html", "pages").exit_code == 0
    assert "Coverage" not in Path("pages/index.html").read_text("utf-8")
    assert run("call.yaml", "--html", "pages", "--coverage").exit_code == 0
    page = Path("pages/index.html").read_text("utf-8")
    assert "2 of 2 nodes, 1 of 1 branches, 100 %</summary>" in page
    assert "1 ● record_call" in page and "1 ● └─ _: user" in page
    assert "<summary>recorder: " in page and "○ PAUSED: " in page
