"""What every page passes: who is signed in, is this form ours, headers, and errors as pages."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

from fastapi import Depends, Form, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from fastapi.routing import APIRoute
from sqlalchemy.exc import DBAPIError

from isinglass.errors import AccessError, IsinglassError, ParameterError
from isinglass.service.http_door import Service
from isinglass.service.keys import Principal
from isinglass.service.pages.rendering import page
from isinglass.service.refusals import refusal_of
from isinglass.service.sessions import form_token

COOKIE = "isinglass_session"
HOME = "/dashboard/jobs"
SIGN_IN = "/dashboard/sign-in"

_HEADERS = {
    # Everything comes from here, and nothing of a page is a script but the two files that are.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass(frozen=True)
class Visit:
    """A request of somebody who is signed in."""

    session: str
    who: Principal

    @property
    def token(self) -> str:
        """For the forms of this page."""
        return form_token(self.session)

    @property
    def is_admin(self) -> bool:
        return "admin" in self.who.scopes

    @property
    def may_submit(self) -> bool:
        return self.is_admin or "submit" in self.who.scopes


async def _visit(request: Request, service: Service) -> Visit:
    session = request.cookies.get(COOKIE)
    if session is None:
        raise AccessError("you are not signed in", 401)
    visit = Visit(session, await service.visitor(session))
    visit.who.require("read")
    return visit


async def _admin(visit: Annotated[Visit, Depends(_visit)]) -> Visit:
    visit.who.require("admin")
    return visit


async def _form(
    request: Request, visit: Annotated[Visit, Depends(_visit)], token: Annotated[str, Form()]
) -> Visit:
    check_origin(request)
    if token != visit.token:
        raise AccessError("this form is of an older session: load the page anew and try again", 403)
    return visit


async def _admin_form(visit: Annotated[Visit, Depends(_form)]) -> Visit:
    return await _admin(visit)


def check_origin(request: Request) -> None:
    """AccessError (403) for a form that another site sent. Browsers say where a form comes from."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("host")
    if foreign or site not in (None, "same-origin", "none"):
        raise AccessError("this form was sent by another site", 403)


SignedIn = Annotated[Visit, Depends(_visit)]
Admin = Annotated[Visit, Depends(_admin)]
SignedForm = Annotated[Visit, Depends(_form)]
AdminForm = Annotated[Visit, Depends(_admin_form)]


class PageRoute(APIRoute):
    """A route whose errors are pages, and whose answers have the headers above."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                answer = await inner(request)
            except AccessError as error:
                answer = _sign_in_first(request) if error.status == 401 else _error_page(request, error)
            except RequestValidationError:
                answer = _error_page(
                    request, ParameterError("the address or form holds values that it cannot have")
                )
            except (IsinglassError, DBAPIError, OSError) as error:
                answer = _error_page(request, error)
            answer.headers.update(_HEADERS)
            answer.headers.setdefault("Cache-Control", "no-store")
            return answer

        return handle


def _sign_in_first(request: Request) -> Response:
    if "text/event-stream" in request.headers.get("accept", ""):
        # The one status after which a browser does not ask again.
        return Response(status_code=204)
    if request.method != "GET":
        return RedirectResponse(SIGN_IN, 303)
    if request.headers.get("sec-fetch-site") == "cross-site":
        # A link from elsewhere comes without the cookie (SameSite=Strict); what this page asks for has it.
        return page("again.html", request, here=_address(request))
    where = f"{SIGN_IN}?next={quote(_address(request))}"
    if "hx-request" in request.headers:
        return Response(status_code=401, headers={"HX-Redirect": SIGN_IN})
    return RedirectResponse(where, 303)


def _address(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _error_page(request: Request, error: Exception) -> Response:
    told = refusal_of(error)
    return page("error.html", request, status=told.status, message=told.message)
