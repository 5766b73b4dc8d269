"""Requests to a service that survive lost connections, and its refusals as our errors."""

from __future__ import annotations

import random
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from isinglass.client.contact import Contact
from isinglass.client.wire import AGAIN, ANSWER_SECONDS, AWAY, refused, unreachable_words
from isinglass.errors import MissingExtraError, UnreachableError

try:
    import httpx
except ImportError:
    raise MissingExtraError("httpx", "client", "talking to a job service") from None

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0


class Transport:
    """One service, one key, one pool of connections. Safe in several threads.

    Args:
        url: of the service.
        key: API key; None for none.
        tries: further tries after a lost connection.
        ca: file of certificates to trust instead of those of the system.
        pin: file of the one certificate to accept, whatever name it is for.
        for_ever: who uses it asks again even after the last try.
    """

    def __init__(
        self, url: str, key: str | None, tries: int = 5, ca: str | None = None, pin: str | None = None,
        *, for_ever: bool = False,
    ) -> None:  # fmt: skip
        self.url, self.tries, self._for_ever = url, tries, for_ever
        self._contact = Contact(url)
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        verify: Any = True
        if ca is not None:
            verify = ssl.create_default_context(cafile=ca)
        if pin is not None:
            verify = _only(pin)
        self._client = httpx.Client(
            base_url=url, headers=headers, verify=verify, timeout=ANSWER_SECONDS,
            limits=httpx.Limits(max_connections=100, max_keepalive_connections=100),
        )  # fmt: skip

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        content: bytes | None = None,
        wait: float = 0.0,
        tries: int | None = None,
    ) -> httpx.Response:
        """The answer. Everything sent here may be sent twice: that is the callers' duty.

        ``wait``: seconds that the service may take beyond the usual.
        """
        given = {k: v for k, v in (params or {}).items() if v is not None}
        for left, pause in pauses(self.tries if tries is None else tries):
            try:
                answer = self._client.request(
                    method, path, params=given, json=json, content=content, timeout=ANSWER_SECONDS + wait
                )
            except httpx.TransportError as error:
                why = str(error) or type(error).__name__
                self._missed(why, left)
                if not left:
                    raise UnreachableError(unreachable_words(self.url, why)) from None
            else:
                if answer.status_code in AWAY:
                    self._missed(refusal(answer), left)
                else:
                    self._contact.answered()
                if answer.is_success:
                    return answer
                if answer.status_code not in AGAIN or not left:
                    raise refusal(answer)
            time.sleep(pause)
        raise AssertionError("the last try returned or raised")

    def _missed(self, why: object, left: int) -> None:
        if left or self._for_ever:
            self._contact.missed(why, None if self._for_ever else seconds_of(left))

    @contextmanager
    def stream(self, method: str, path: str, **options: Any) -> Iterator[httpx.Response]:
        """An answer read as it comes; httpx.TransportError where it breaks off."""
        with self._client.stream(method, path, **options) as answer:
            if not answer.is_success:
                answer.read()
                raise refusal(answer)
            yield answer

    def close(self) -> None:
        self._client.close()


def _only(certificate: str) -> ssl.SSLContext:
    """Whoever shows this certificate (the file's first one) is the service, by whatever address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    first, end, _ = Path(certificate).read_text().partition("-----END CERTIFICATE-----")
    context.load_verify_locations(cadata=first + end)
    return context


def pauses(tries: int) -> Iterator[tuple[int, float]]:
    """(tries left after this one, seconds to wait before the next), longer and longer, with some chance."""
    pause = _FIRST_PAUSE
    for left in range(tries, -1, -1):
        yield left, pause * random.uniform(0.5, 1.0)
        pause = min(_LONGEST_PAUSE, 2 * pause)


def seconds_of(tries: int) -> float:
    """What the pauses before so many further tries take together, on average."""
    return sum(0.75 * min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0**k) for k in range(tries))


def refusal(answer: httpx.Response) -> Exception:
    """What a service said no with, as the error that it is here."""
    try:
        said = answer.json()["error"]
        kind, message = str(said["kind"]), str(said["message"])
    except (ValueError, KeyError, TypeError):
        kind, message = "", f"{answer.url.host} answered {answer.status_code} {answer.reason_phrase}"
    return refused(kind, message, answer.status_code)
