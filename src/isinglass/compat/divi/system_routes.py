"""What there is to run on, and what is left to run with: systems, clusters, credits."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

import isinglass
from isinglass.compat.divi.jobs import DEVICES, SIMULATOR
from isinglass.errors import ServiceError
from isinglass.jobs.states import FINAL
from isinglass.service.http_door import Service, Who

router = APIRouter(tags=["divi"])

_SIMULATED_QUBITS = 32
_MOST_TRANSACTIONS = 1000
_UNLIMITED = "1000000000"


@router.get("/")
async def root(who: Who) -> Response:
    """The service answers, and the key is good."""
    return JSONResponse({"service": "isinglass", "version": isinglass.__version__, "user": who.user})


@router.get("/qpusystem/")
async def systems(who: Who) -> Response:
    """Our simulator under the vendor's name, and emulated devices. Old clients refuse any other field."""

    def system(name: str, qubits: int, kind: str) -> dict[str, Any]:
        qpu = {"nickname": name, "q_bits": qubits, "status": "ONLINE", "system_kind": kind}
        return {"name": name, "qpus": [qpu], "access_level": "PUBLIC"}

    devices = [system(name, qubits, "emulated") for name, qubits in DEVICES.items()]
    return JSONResponse([system(SIMULATOR, _SIMULATED_QUBITS, "simulator"), *devices])


@router.get("/simulatorcluster/")
async def clusters(who: Who) -> Response:
    cluster = {
        "name": SIMULATOR, "access_level": "PUBLIC", "minimum_tier": "FREE", "supports_expval": True
    }  # fmt: skip
    return JSONResponse([cluster])


@router.get("/vendor-config-blueprint/")
async def blueprints(who: Who) -> Response:
    """There are no vendors' machines here, so nothing of theirs can be set."""
    return JSONResponse({})


@router.get("/credits/")
async def credits(service: Service, who: Who) -> Response:
    """Seconds of the quota as credits; without a quota a billion of them."""
    usage = await service.in_store(service.store.usage, who.user)
    quota, used = usage["quota_seconds"], usage["used_seconds"]
    balance = _UNLIMITED if quota is None else f"{max(0.0, quota - used):.3f}"
    now = datetime.now(UTC).isoformat()
    return JSONResponse(
        {"balance": balance, "total_used": f"{used:.3f}", "created_at": now, "updated_at": now}
    )


@router.get("/credits/transactions/")
async def transactions(service: Service, who: Who, page: str = "1", page_size: str = "20") -> Response:
    """What each of the latest jobs took, newest first."""
    number, size = (_whole(name, text) for name, text in (("page", page), ("page_size", page_size)))
    jobs = await service.in_store(service.store.list_jobs, who.user, limit=_MOST_TRANSACTIONS)
    ended = [job for job in jobs if job["state"] in FINAL and job["started"] is not None]
    shown = ended[(number - 1) * size : number * size]
    pages = max(1, math.ceil(len(ended) / size))
    return JSONResponse({
        "count": len(ended), "total_pages": pages, "next": number + 1 if number < pages else None,
        "previous": number - 1 if number > 1 else None, "results": [_transaction(job) for job in shown],
    })  # fmt: skip


def _transaction(job: dict[str, Any]) -> dict[str, Any]:
    ended = datetime.fromtimestamp(job["finished"], UTC).isoformat()
    return {
        "id": job["id"], "amount": f"-{job['finished'] - job['started']:.3f}", "balance_after": None,
        "transaction_type": "USAGE", "description": job["spec"]["description"], "job_id": job["id"],
        "created_at": ended,
    }  # fmt: skip


def _whole(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:10]) <= _MOST_TRANSACTIONS:
        raise ServiceError(f"{name}={text[:40]!r} is not a whole number from 1 to {_MOST_TRANSACTIONS}", 400)
    return int(text)
