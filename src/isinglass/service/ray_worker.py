"""A worker whose shots run on a Ray cluster: to the service it is as many workers as it holds shots."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

from isinglass.client.transport import Transport
from isinglass.errors import ServiceError
from isinglass.executors.on_ray import NodeLostError, RayCluster
from isinglass.service.heartbeats import Heartbeat, Shot
from isinglass.service.worker import Drained, ShotLostError, Worker


class _OnRay(Worker):
    """One shot at a time, elsewhere."""

    def __init__(
        self, cluster: RayCluster, transport: Transport, name: str, backends: list[str], blobs: Path | None,
        parent: int | None,
    ) -> None:  # fmt: skip
        super().__init__(transport, name, backends, None, blobs, parent)
        self._cluster, self.name = cluster, name

    def prepare(self) -> None: ...

    def run_shot(self, shot: Shot, beat: Heartbeat) -> tuple[bytes, float]:
        try:
            return self._cluster.run(
                shot.sha256, lambda: self.content(shot), shot.spec, shot.shot, beat.tell, beat
            )
        except NodeLostError as error:
            raise ShotLostError(str(error)) from None


class RayWorker:
    """Holds up to ``at_once`` shots: the cluster sees what waits for it. Other arguments as of ``Worker``."""

    def __init__(
        self, cluster: RayCluster, transport: Transport, name: str, backends: list[str], at_once: int,
        blobs: Path | None = None, parent: int | None = None,
    ) -> None:  # fmt: skip
        self._transport = transport
        self._hands = [
            _OnRay(cluster, transport, f"{name}-{k}", backends, blobs, parent) for k in range(at_once)
        ]
        self._ended = threading.Event()
        self._left = {hand.name for hand in self._hands}

    def drain(self) -> None:
        """As of ``Worker``, for all of them."""
        for hand in self._hands:
            try:
                hand.drain()
            except Drained:
                # It waits for a shot, which its thread would go on with: nobody waits for that thread.
                self._goodbye(hand)

    def _goodbye(self, hand: _OnRay) -> None:
        with suppress(ServiceError):
            self._transport.request("POST", "/v1/workers/goodbye", json={"worker": hand.name}, tries=1)
        self._end(hand)

    def run(self) -> None:
        """Work until drained."""
        for hand in self._hands:
            threading.Thread(target=self._run, args=(hand,), daemon=True).start()
        self._ended.wait()

    def _run(self, hand: _OnRay) -> None:
        hand.run()
        self._end(hand)

    def _end(self, hand: _OnRay) -> None:
        self._left.discard(hand.name)
        if not self._left:
            self._ended.set()
