"""The front page: what is there, newest first, with players and what senders said, nothing of it believed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx2
import pytest

from callflow.storage import catalogue
from callflow.storage.catalogue import Listed, Page, page_of
from callflow.storage.index_page import index_page
from callflow.storage.particulars import VALUE_LENGTH_MAX, particulars_of
from callflow.storage.receiver import RunningReceiver
from callflow.storage.shelf import Entry, Shelf

VOID = {"meta", "br", "img", "input", "link"}


def send(method: str, url: str, **wishes: Any) -> httpx2.Response:
    """Ask without reading the certificates of this machine, which would take longer than everything else."""
    return httpx2.request(method, url, verify=False, **wishes)


class Outline(HTMLParser):
    """Counts tags and checks that they nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every such tag."""
        return [attributes for name, attributes in self.tags if name == tag]


def page_with(*listed: Listed) -> Page:
    """A page that is all there is."""
    return Page(listed, 1, 1, len(listed), sum(each.entry.bytes for each in listed))


def recording(
    path: str, count: int = 1, length_ms: int | None = None, particulars: Mapping[str, str] = MappingProxyType({})
) -> Listed:
    """A recording on the page, from just before a month's end in UTC."""
    return Listed(Entry(path, count, 1_796_083_199_999_999_999), length_ms, particulars, is_served=True)


def test_what_senders_chose_is_text_on_the_page() -> None:
    """Names and particulars are escaped, and nothing on the page is a script."""
    hostile = "<script>\"a&b'"
    page = index_page(page_with(recording(hostile + ".mp3", particulars={"from": hostile, "call_id": "<img src=x>"})))
    outline = Outline(page)
    assert {tag for tag, _ in outline.tags} & {"script", "img"} == set()
    assert outline.all("audio") == [
        {
            "controls": None,
            "preload": "none",
            "src": "/%3Cscript%3E%22a%26b%27.mp3",
            "aria-label": f"Play {hostile}.mp3",
        }
    ]


def test_a_row_says_when_how_long_and_how_large() -> None:
    """UTC (C49), hours from the first hour on, sizes for people."""
    page = index_page(page_with(recording("a.mp3", 1_234_567, 3_723_999), recording("x/y.txt")))
    assert '<time datetime="2026-11-30T23:59:59Z">2026-11-30 23:59:59</time> · 1:02:03 · 1.2 MB' in page
    assert "2 files, 1.2 MB, newest first" in page
    assert "1 byte<" in page
    assert page.count("<audio") == 1


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (1_000, "1.0 kB"), (691_200_044, "691.2 MB"), (5 * 10**15, "5000.0 TB")],
)
def test_sizes_are_for_people(count: int, words: str) -> None:
    """In steps of a thousand."""
    assert f"· {words}<" in index_page(page_with(recording("a.mp3", count)))


def test_what_the_query_said_is_shown(receiver: RunningReceiver) -> None:
    """Kazoo's fields (B§6.3), known and not empty, come with the recording; a token or an unknown field does not."""
    query = "from=%2B1415&to=2001&caller_id_name=J%C3%BCrgen&duration_ms=40000&cdr_id=&token=secret&x=hidden-field"
    send("PUT", f"{receiver.url}/acme/a.mp3?{query}", content=b"abc")
    page = send("GET", receiver.url).text
    for label, value in (("From", "+1415"), ("To", "2001"), ("Caller", "Jürgen"), ("Duration in ms", "40000")):
        assert f"<dt>{label}</dt><dd><bdi>{value}</bdi></dd>" in page
    assert "CDR" not in page and "secret" not in page and "hidden-field" not in page
    stored = (receiver.folder / "acme" / ".a.mp3.json").read_text()
    assert "secret" not in stored and "hidden-field" not in stored


def test_particulars_are_bounded() -> None:
    """Senders choose them."""
    assert particulars_of({"from": "x" * 1_000, "y": "z"}) == {"from": "x" * VALUE_LENGTH_MAX}


def test_the_newest_is_first_and_pages_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page lists so many; a page that there is not is the nearest one."""
    monkeypatch.setattr(catalogue, "LISTED_MAX", 2)
    for number in range(5):
        (tmp_path / f"{number}.mp3").write_bytes(b"x")
        os.utime(tmp_path / f"{number}.mp3", ns=(number * 10**9, number * 10**9))
    kept = Shelf(tmp_path)

    def names(number: int) -> list[str]:
        return [listed.entry.path for listed in page_of(kept, number).listed]

    assert [names(number) for number in (1, 2, 3)] == [["4.mp3", "3.mp3"], ["2.mp3", "1.mp3"], ["0.mp3"]]
    assert (names(0), names(99)) == (names(1), names(3))
    assert '<a href="/?page=2">Older</a>' in index_page(page_of(kept, 1))
    middle = index_page(page_of(kept, 2))
    assert '<a href="/?page=1">Newer</a><span>Page 2 of 3</span><a href="/?page=3">Older</a>' in middle
    kept.close()


@pytest.mark.parametrize("page", ["2", "0", "-1", "x", "9" * 40, "%C2%B2"])
def test_a_page_number_is_the_readers_word(receiver: RunningReceiver, page: str) -> None:
    """Nonsense is the first page."""
    send("PUT", f"{receiver.url}/a.mp3", content=b"abc")
    answer = send("GET", f"{receiver.url}/?page={page}")
    assert answer.status_code == 200 and "a.mp3" in answer.text


def test_links_carry_the_token_that_the_reader_gave() -> None:
    """Without it the players would not be let in; escaped as everything is."""
    page = Outline(index_page(Page((recording("a.mp3"),), 1, 2, 501, 501), "a&b"))
    assert [each["src"] for each in page.all("audio")] == ["/a.mp3?token=a%26b"]
    assert [each["href"] for each in page.all("a")] == ["/a.mp3?token=a%26b", "/?page=2&token=a%26b"]


def test_an_empty_folder_says_so() -> None:
    """Not a blank page."""
    assert "Nothing has been received yet" in index_page(page_with())


def test_a_name_that_nobody_can_ask_for_is_listed_without_a_link(tmp_path: Path) -> None:
    """Files may come in another way than through the receiver, under names that are no text."""
    (tmp_path / os.fsdecode(b"\xff.mp3")).write_text("")
    (tmp_path / "a\n.mp3").write_text("")
    kept = Shelf(tmp_path)
    page = Outline(index_page(page_of(kept, 1)))
    kept.close()
    assert len(page.all("li")) == 2
    assert page.all("a") == page.all("audio") == []


def test_the_page_is_usable_without_eyes_or_mouse(receiver: RunningReceiver) -> None:
    """A language, a title, headings, players with a name, native controls, no script, no outside."""
    send("PUT", f"{receiver.url}/x/%3Cb%3E.mp3?from=1", content=b"abc")
    answer = send("GET", f"{receiver.url}/")
    page = Outline(answer.text)
    assert page.all("html") == [{"lang": "en"}]
    assert [len(page.all(tag)) for tag in ("title", "main", "h1", "h2", "li", "dl", "script")] == [1, 1, 1, 1, 1, 1, 0]
    (player,) = page.all("audio")
    assert player["aria-label"] == "Play x/<b>.mp3"
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "x/&lt;b&gt;.mp3" in answer.text and "<b>" not in answer.text
    assert send("HEAD", f"{receiver.url}/").status_code == 200
