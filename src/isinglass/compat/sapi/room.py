"""Where the wire of D-Wave's clients is mounted: under the vendor's paths, with and without its regions."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.responses import Response

from isinglass.compat.sapi import problem_routes, region_routes, solver_routes, upload_routes
from isinglass.compat.sapi.door import LONGEST_BODY, WithoutTrailingSlash, refuse
from isinglass.compat.sapi.uploads import Uploads
from isinglass.service.core import JobService
from isinglass.service.http_door import install_errors
from isinglass.service.rooms import Room

_PREFIXES = ("/sapi/v2", "/sapi", *(f"/{code}/sapi/v2" for code in region_routes.CODES))


class SapiRoom(Room):
    """See the package's docstring."""

    name = "sapi"
    longest_bodies = dict.fromkeys(_PREFIXES, LONGEST_BODY)

    def refuse(self, error: Exception) -> Response:
        return refuse(error)

    def mount_http(self, app: FastAPI, service: JobService) -> None:
        sapi = _application(service)
        sapi.state.uploads = Uploads(service.data / "sapi-uploads", service.limits.problem_bytes)
        for router in (solver_routes.router, problem_routes.router, upload_routes.router):
            sapi.include_router(router)
        metadata = _application(service)
        metadata.include_router(region_routes.router)
        for prefix in _PREFIXES:
            app.mount(prefix, WithoutTrailingSlash(sapi))
        app.mount("/metadata/v1", WithoutTrailingSlash(metadata))

    def lines(self, url: str, key: str) -> list[str]:
        return [
            "for D-Wave's clients:",
            f"  export DWAVE_API_ENDPOINT={url}/sapi/v2/",
            f"  export DWAVE_API_TOKEN={key!r}",
            f"  export DWAVE_METADATA_API_ENDPOINT={url}/metadata/v1/",
        ]


def _application(service: JobService) -> FastAPI:
    """One of its own, so that errors are told in this wire's words."""
    app = FastAPI(title="SAPI, by isinglass", redirect_slashes=False, redoc_url=None)
    app.state.service = service
    install_errors(app, refuse)
    return app
