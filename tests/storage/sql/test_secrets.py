"""No credential of a database URL is shown by outcomes, errors, tracebacks, reprs or logs (issue 4, "Must show")."""

from __future__ import annotations

import logging
import socket
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callflow.core.delivery import Target, TargetKind
from callflow.core.errors import StorageError
from callflow.storage.database import AccountDatabase, check_database, list_recordings, read_recording
from callflow.storage.parcel import Parcel
from callflow.storage.routes import Destinations

HEAD, TAIL, USER = "Zq7", "Xw9", "somebody"
PASSWORDS = st.text(max_size=12).map(lambda middle: f"{HEAD}{middle}{TAIL}")
SPELLINGS = st.sampled_from([lambda text: quote(text, safe=""), quote, quote_plus, lambda text: text])
SCHEMES = ("postgresql", "postgresql+psycopg", "mysql+pymysql", "mariadb", "mssql", "postgresql+asyncpg", "pigeon")


@pytest.fixture(autouse=True)
def everything_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever any library wants to log is collected, and looked through at the end of the test."""
    caplog.set_level(logging.DEBUG)
    for name in ("sqlalchemy", "sqlalchemy.engine", "sqlalchemy.pool", "psycopg"):
        caplog.set_level(logging.DEBUG, logger=name)
    yield
    assert hides(caplog.text)


@pytest.fixture(scope="module")
def closed_port() -> int:
    """A port of this machine where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@pytest.fixture(scope="module")
def parcel(tmp_path_factory: pytest.TempPathFactory) -> Parcel:
    """A recording of a few bytes."""
    file = tmp_path_factory.mktemp("rendered") / "a.mp3"
    file.write_bytes(b"audio")
    return Parcel("a", file, "audio/mpeg", Target(TargetKind.ACCOUNT_DATABASE, "", "", "r"), {}, "account/x")


def hides(text: str) -> bool:
    """Whether neither end of a password is in a text, so that no part of one is."""
    return HEAD not in text and TAIL not in text


def shown_by(url: str, parcel: Parcel) -> Iterator[str]:
    """Yield all that can be seen of using a URL."""
    yield repr(Destinations(url, None, Path("outbox")))
    try:
        check_database(url)
        carrier = AccountDatabase(url)
    except StorageError as error:
        yield "".join(traceback.format_exception(error))
        return
    yield f"{carrier.save_metadata(parcel)} {carrier.send(parcel)} {carrier!r}"
    carrier.close()
    for read in (list_recordings, lambda url: next(read_recording(url, "a"))):
        with pytest.raises(StorageError) as raised:
            read(url)
        yield "".join(traceback.format_exception(raised.value))


@settings(max_examples=25)
@given(PASSWORDS, SPELLINGS, st.sampled_from(SCHEMES))
def test_no_password_is_shown_however_it_is_written(
    closed_port: int, parcel: Parcel, password: str, spell: Callable[[str], str], scheme: str
) -> None:
    """Percent-encoded or not, with `@`, `/`, `%`, blanks and line breaks in it, of known and unknown databases."""
    url = f"{scheme}://{USER}:{spell(password)}@127.0.0.1:{closed_port}/calls"
    for shown in shown_by(url, parcel):
        assert hides(shown) and USER not in shown


@settings(max_examples=15)
@given(PASSWORDS)
def test_no_password_among_the_options_is_shown(closed_port: int, parcel: Parcel, password: str) -> None:
    """Drivers take it from the URL's query too."""
    for option in ("password", "passwd", "sslpassword", "nothing_they_know_password"):
        for scheme in ("postgresql", "mysql"):
            url = f"{scheme}://127.0.0.1:{closed_port}/calls?{option}={quote(password, safe='')}"
            for shown in shown_by(url, parcel):
                assert hides(shown)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PASSWORDS.filter(lambda text: "\0" not in text and text.isprintable()))
def test_no_password_is_shown_by_a_server_that_refuses_it(on_server: Any, parcel: Parcel, password: str) -> None:
    """The servers' own messages go through the drivers."""
    url = on_server.server.url(on_server.name, USER, password)
    for shown in shown_by(url, parcel):
        assert hides(shown) and USER not in shown


def test_a_driver_that_repeats_the_password_is_not_quoted(on_server: Any, parcel: Parcel) -> None:
    """Where a message holds it, only the kind of error is left: here a constraint is named like it."""
    url = on_server.url
    carrier = AccountDatabase(url)
    assert carrier.save_metadata(parcel).is_stored
    secret = "s3cr:t/@ö%"
    quoting = '"' if "postgresql" in url else "`"
    rule = f"CONSTRAINT {quoting}{secret}{quoting} CHECK (id <> 'b')"
    on_server.run(f"ALTER TABLE recordings ADD {rule}")
    outcome = carrier.save_metadata(evolve(parcel, delivery_id="b"))
    carrier.close()
    assert outcome.result in ("database: CheckViolation", "database: OperationalError", "database: IntegrityError")
