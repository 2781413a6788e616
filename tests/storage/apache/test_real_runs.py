"""What `callflow run --upload` sends to Apache: our receiver, and the seed document's two snippets (Must show)."""

from __future__ import annotations

import json
import random
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner

from callflow.cli import verbs
from callflow.storage.carrier import Outcome
from callflow.storage.http import HttpCarrier
from callflow.storage.parcel import Parcel

ROOT: Final = Path(__file__).resolve().parents[3]
EXAMPLE: Final = ROOT / "examples" / "record_per_user"
SEEDS: Final = ROOT.parent / "shared" / "seeds"
STORE: Final = Path("/tmp")
"""Where the document's receiver writes; its text is run as it stands."""

RULE: Final = re.compile(r"^<IfModule mod_rewrite\.c>$.*?^</IfModule>$", re.DOTALL | re.MULTILINE)
SCRIPT: Final = re.compile(r"^<\?php$.*?^\?>$", re.DOTALL | re.MULTILINE)


def uploaded(*arguments: object, out: Path) -> dict[str, Any]:
    """Run a scenario and really upload; its one recording, as the printed object has it."""
    done = CliRunner().invoke(verbs, ["run", *map(str, arguments), "--upload", "--out", str(out), "--json"])
    assert done.exit_code == 0, done.output
    (call,) = json.loads(done.stdout)["calls"]
    (recording,) = call["recordings"]
    assert [try_["result"] for try_ in recording["delivery"]["attempts"]] in (["200"], ["201"])
    return {**recording, "call_id": call["call_id"]}


@pytest.mark.parametrize("audio_format", ["mp3", "wav"])
@pytest.mark.parametrize("method", ["put", "post"])
def test_the_example_arrives_as_it_was_rendered(apache: Any, tmp_path: Path, audio_format: str, method: str) -> None:
    """The main job, unchanged but for format and verb: the file at the receiver is the file in the out folder."""
    shutil.copytree(EXAMPLE, tmp_path / "example")
    flow = tmp_path / "example" / "record_per_user.json"
    data = f'"method": "{method}", "format": "{audio_format}"'
    flow.write_text(flow.read_text().replace('"format": "mp3"', data))
    scenario = tmp_path / "example" / "answered.yaml"
    scenario.write_text(scenario.read_text().replace("mp3", audio_format))
    server = f"{apache.url.removeprefix('http://')}/recordings/{method}"
    sent = uploaded(scenario, "--with", f"RECORDING_SERVER={server}", out=tmp_path / "out")
    name = f"call_recording_{sent['call_id']}.{audio_format}"
    assert (apache.kept / method / "acme" / "alice" / name).read_bytes() == Path(sent["file"]).read_bytes()


@pytest.fixture
def seed_site(apache: Any) -> Iterator[str]:
    """The URL of the second site, furnished as the seed document says; emptied afterwards."""
    if not SEEDS.is_dir():
        pytest.skip(f"no seed document at {SEEDS}")
    text = "\n".join(path.read_text("utf-8") for path in sorted(SEEDS.glob("*.txt")))
    rule, script = RULE.search(text), SCRIPT.search(text)
    assert rule is not None and script is not None
    (apache.bare / "kzr").mkdir()
    (apache.bare / ".htaccess").write_text(rule[0] + "\n")
    (apache.bare / "kzr" / "index.php").write_text(script[0] + "\n")
    yield apache.bare_url
    (apache.bare / ".htaccess").unlink()
    shutil.rmtree(apache.bare / "kzr")


@pytest.fixture
def call_id() -> Iterator[str]:
    """A call id that nobody else has; what the document's receiver stored under it is removed."""
    drawn = secrets.token_hex(16)
    yield drawn
    for path in STORE.glob(f"*{drawn}*"):
        path.unlink()


def scenario(folder: Path, call_id: str, url: str, audio_format: str, method: str) -> Path:
    """A call of 9 s, recorded for `url`."""
    data = {"action": "start", "format": audio_format, "method": method, "url": url}
    user = {"module": "user", "data": {"id": "alice"}}
    (folder / "flow.json").write_text(json.dumps({"module": "record_call", "data": data, "children": {"_": user}}))
    path = folder / "call.yaml"
    path.write_text(
        f'scenario: A call\ncallflow: flow.json\nstart: 2026-11-30T10:00:00Z\ncall_id: "{call_id}"\n'
        'caller: {number: "+14155550100", name: Bob, dials: "2001"}\ntimeline:\n  - at 0s: caller calls\n'
        "  - at 2s: alice answers\n  - at 3s: caller speaks for 5s\n  - at 9s: caller hangs up\n"
    )
    return path


@pytest.mark.may_skip("the seed document lies beside the checkout, not in it")
@pytest.mark.parametrize("audio_format", ["mp3", "wav"])
@pytest.mark.parametrize("method", ["put", "post"])
@pytest.mark.parametrize("profile", ["docs", "kazoo-4", "kazoo-5"])
def test_the_documents_receiver_stores_what_we_send(
    seed_site: str, call_id: str, tmp_path: Path, profile: str, method: str, audio_format: str
) -> None:
    """The seed, "Receiving a recording": CALL_ID.EXT, by its rule and script, with the query of a real Kazoo too."""
    file = scenario(tmp_path, call_id, f"{seed_site}/kzr", audio_format, method)
    sent = uploaded(file, "--profile", profile, out=tmp_path / "out")
    assert sent["call_id"] == call_id
    assert ("?" in sent["delivery"]["url"]) == (profile != "docs")
    assert (STORE / f"{call_id}.{audio_format}").read_bytes() == Path(sent["file"]).read_bytes()


@pytest.mark.may_skip("the seed document lies beside the checkout, not in it")
@pytest.mark.parametrize("size", [1, 300_000, 30_000_000])
@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_the_documents_receiver_stores_every_byte(
    seed_site: str, call_id: str, make_parcel: Callable[..., Parcel], method: str, size: int
) -> None:
    """The shortest and the long: what is in the file that it opened is what was in ours."""
    audio = random.Random(size).randbytes(size)
    url = f"{seed_site}/kzr/call_recording_{call_id}.mp3"
    carrier = HttpCarrier(timeout_ms=10_000)
    assert carrier.send(make_parcel(url, audio, method=method)) == Outcome.stored("200", url)
    carrier.close()
    assert (STORE / f"{call_id}.mp3").read_bytes() == audio


@pytest.mark.may_skip("the seed document lies beside the checkout, not in it")
@pytest.mark.parametrize("profile", ["kazoo-4", "kazoo-5"])
@pytest.mark.parametrize("query", ["recording=", "account=acme"])
def test_the_documents_script_reached_by_a_query(
    seed_site: str, call_id: str, tmp_path: Path, profile: str, query: str
) -> None:
    """B§6.3: a url with a query gets the name as a parameter's value; `recording` is what the script reads."""
    file = scenario(tmp_path, call_id, f"{seed_site}/kzr/index.php?{query}", "mp3", "put")
    sent = uploaded(file, "--profile", profile, out=tmp_path / "out")
    assert (STORE / f"call_recording_{call_id}.mp3").read_bytes() == Path(sent["file"]).read_bytes()
