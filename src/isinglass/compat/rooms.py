"""Which rooms there are for ``isinglass serve --compat``."""

from __future__ import annotations

import importlib

from isinglass.errors import ParameterError, nearest
from isinglass.service.rooms import Room

ROOMS = {
    "divi": "isinglass.compat.divi.room:DiviRoom",
    "dynex": "isinglass.compat.dynex.servicer:DynexRoom",
    "sapi": "isinglass.compat.sapi.room:SapiRoom",
}
"""Name -> module:class, imported only where the room is mounted."""


def rooms_named(names: str) -> tuple[Room, ...]:
    """The rooms of a list such as "sapi,divi"; "all" and "none" are lists too. ParameterError for others."""
    wanted = list(ROOMS) if names == "all" else [] if names == "none" else names.split(",")
    for name in wanted:
        if name not in ROOMS:
            raise ParameterError(
                f"--compat {name!r} is not one of {', '.join(ROOMS)}, all, none{nearest(name, ROOMS)}"
            )
    return tuple(_room(ROOMS[name]) for name in dict.fromkeys(wanted))


def _room(place: str) -> Room:
    module, _, name = place.partition(":")
    room: Room = getattr(importlib.import_module(module), name)()
    return room
