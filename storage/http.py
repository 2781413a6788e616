"""Uploads by PUT or POST, streamed from the disk (B§6.4; the seed, "Storage of recordings").

Any 2xx is success once the whole answer is there. 301 and 302 are followed, at most ten times, with the same verb and
body and with a check for loops (B§6.4, C21). 307 and 308 mean just that in HTTP and are followed too, where production
counts them as errors. A redirect from https to http is not followed: what was to be secret stays so.

Every other answer is a failed try. Production tries again whatever the code is (B§6.6), for an hour. Here the tries are
seconds apart and the audio stays in the outbox, so a 4xx is final: it says that this request is wrong (credentials, the
place, the verb, the size, the type), and the same request will be. Not final are the 4xx that speak of this moment
alone: 408, 409, 421, 423, 425, 429. The wait that 429 and 503 ask for is handed on.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urljoin

import httpx2
from attrs import frozen

from callflow.core.address import without_credentials
from callflow.storage.address import origin_of, split_credentials
from callflow.storage.carrier import JOURNALLED, Outcome
from callflow.storage.http_body import body_of
from callflow.storage.http_client import (
    TRY_ERRORS,
    BodyBroken,
    answer_to,
    failure_of,
    open_client,
    read_answer,
    retry_after_ms,
)
from callflow.storage.parcel import Parcel

SCHEMES: Final = frozenset({"http", "https"})
REDIRECTS_MAX: Final = 10
_REDIRECTS: Final = frozenset({301, 302, 307, 308})
_MOMENTARY: Final = frozenset({408, 409, 421, 423, 425, 429})
_VERBS: Final = frozenset({"PUT", "POST"})


@frozen
class _Answer:
    status: int
    location: str
    retry_after_ms: int

    def told(self, place: str) -> Outcome:
        """What it means for a try that went to `place`."""
        if 200 <= self.status < 300:
            return Outcome.stored(str(self.status), place)
        is_final = 400 <= self.status < 500 and self.status not in _MOMENTARY
        return Outcome.failed(str(self.status), place, is_final=is_final, retry_after_ms=self.retry_after_ms)


class HttpCarrier:
    """Sends audio over HTTP(S): TLS is verified, proxies come from the environment (never for this machine itself).

    `timeout_ms` bounds every single wait for the network: connecting (10 s at most), sending a block, the next bytes of
    the answer. User and password of the URL become basic authentication, for the URL's own origin only. Raises
    `StorageError` when the environment names a proxy that cannot be used.
    """

    def __init__(self, timeout_ms: int) -> None:
        self._client = open_client(timeout_ms)

    def save_metadata(self, parcel: Parcel) -> Outcome:
        """Nothing is sent: the receiving server of the seed takes audio only."""
        return Outcome.stored(JOURNALLED, without_credentials(parcel.target.url))

    def send(self, parcel: Parcel) -> Outcome:
        """Try once, redirects included; `place` is where the last request of the try went."""
        url = parcel.target.url
        shown = without_credentials(url)
        verb = parcel.target.method.upper() or "PUT"
        if verb not in _VERBS:
            return Outcome.failed(f"no upload by {verb[:20]}", shown, is_final=True)
        try:
            return self._follow(parcel, verb, url)
        except (BodyBroken, *TRY_ERRORS) as error:
            return failure_of(error, shown, parcel.file)

    def close(self) -> None:
        """Close the client; each request had a connection of its own."""
        self._client.close()

    def _follow(self, parcel: Parcel, verb: str, url: str) -> Outcome:
        home = origin_of(url)
        bare, credentials = split_credentials(url)
        seen: set[str] = set()
        while True:
            seen.add(bare)
            answer = self._request(parcel, verb, bare, credentials if origin_of(bare) == home else None)
            place = without_credentials(bare)
            if answer.status not in _REDIRECTS or not answer.location:
                return answer.told(place)
            following = _next_hop(bare, answer.location)
            problem = _redirect_problem(bare, following, seen)
            if problem:
                return Outcome.failed(f"{answer.status}, {problem}", place)
            bare, own_credentials = split_credentials(following)
            if own_credentials is not None:
                home, credentials = origin_of(bare), own_credentials

    def _request(self, parcel: Parcel, verb: str, url: str, credentials: tuple[str, str] | None) -> _Answer:
        body, content_type = body_of(parcel)
        # A connection of its own: one that was kept may be closed by the server while the next file is under way.
        headers = {"Content-Type": content_type, "Content-Length": str(body.bytes), "Connection": "close"}
        if verb == "POST":
            # The same recording again is one upload, other audio under its id another.
            headers["Idempotency-Key"] = ".".join(filter(None, (parcel.delivery_id, parcel.digest)))
        request = self._client.build_request(verb, url, headers=headers, content=body)
        with answer_to(self._client, request, credentials, body) as response:
            try:
                read_answer(response)
            except httpx2.HTTPError:  # a refusal need not be heard to its end
                if response.is_success:
                    raise
            return _Answer(response.status_code, response.headers.get("Location", ""), retry_after_ms(response))


def _next_hop(url: str, location: str) -> str:
    """Where a redirect leads, absolute; empty where `location` is no http address. It is the server's word: hostile."""
    try:
        following = httpx2.URL(urljoin(url, location))
        origin_of(str(following))
    except (httpx2.InvalidURL, ValueError):
        return ""
    return str(following) if following.scheme in SCHEMES and following.host else ""


def _redirect_problem(before: str, url: str, seen: set[str]) -> str:
    if not url:
        return "redirected to no http address"
    if (origin_of(before)[0], origin_of(url)[0]) == ("https", "http"):
        return "redirected to an address without TLS"
    if split_credentials(url)[0] in seen:
        return "redirected in a loop"
    return "redirected too often" if len(seen) > REDIRECTS_MAX else ""
