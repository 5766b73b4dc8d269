"""``DynexSampler``, and one call for a QUBO, an Ising model or a BQM."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import dimod
import numpy as np

from isinglass.compat.dynex.config import ComputeBackend, DynexConfig
from isinglass.compat.dynex.errors import DynexModelError, in_dynex_words
from isinglass.compat.dynex.models import BQM, CQM
from isinglass.compat.dynex.settings import Settings, settings_of
from isinglass.jobs.sample_results import merge_samples
from isinglass.jobs.spec import JobSpec
from isinglass.rng import resolve_seed

if TYPE_CHECKING:
    from collections.abc import Iterator


_OF_THE_SAMPLER = ("config", "logging", "description", "bnb", "mainnet", "test")


class DynexSampler:
    """Samples one model on this machine.

    Args:
        model: BQM, CQM or DQM of this room.
        config: of the sampler; left out, that of the model, or the default.
        logging, description, bnb, filename_override, preserve_solutions, job_metadata, show_progress, test,
            mainnet: taken, as clients of several years pass them; nothing here depends on them.
    """

    def __init__(
        self,
        model: BQM | CQM,
        logging: bool = True,
        description: str | None = None,
        bnb: bool = True,
        filename_override: str = "",
        config: DynexConfig | None = None,
        preserve_solutions: bool | None = None,
        job_metadata: Mapping[str, Any] | None = None,
        show_progress: bool = True,
        test: bool = False,
        mainnet: bool = True,
    ) -> None:
        if not isinstance(model, (BQM, CQM)):
            raise DynexModelError(f"a {type(model).__name__} is not a model: wrap it in BQM, CQM or DQM")
        self.model = model
        self.config = config or model.config or DynexConfig()
        self.logging = logging

    def sample(self, *args: Any, **parameters: Any) -> dimod.SampleSet:
        """Low-energy states of the model, best first; ``settings.Settings`` lists the parameters.

        Returns:
            A ``dimod.SampleSet`` with every read, in the variables and units of the model.

        Raises:
            DynexValidationError, DynexModelError; DynexSolverError where the backend is not here.
        """
        with in_dynex_words():
            settings = settings_of(args, parameters)
            chosen = self.config.compute_backend
            found = self._runs("cpu" if chosen is ComputeBackend.LOCAL else str(chosen), settings)
        if self.logging:
            best = found.record.energy.min(initial=np.inf)
            self.config.logger.info("[%s] energy %g", self.config.get_platform_prefix(), best)
        return found

    def _runs(self, backend: str, settings: Settings) -> dimod.SampleSet:
        from isinglass.solving import solve

        on_qpu = backend == "qpu"
        # A machine divides the reads of one call among its shots; elsewhere a shot is a run.
        runs = settings.clones * (1 if on_qpu else settings.shots)
        spec = JobSpec(seed=resolve_seed(settings.seed))
        to_solve = self.model.bqm if on_qpu else self.model.model
        words: dict[str, Any] = {"backend": backend}
        words |= {"qpu_model": str(self.config.qpu_model)} if on_qpu else {"solver": settings.solver}
        shots = {}
        with _timeout(self.config.default_timeout) as cancel:
            for run in range(runs):
                if run and cancel.is_set():
                    break
                shots[run] = solve(
                    to_solve, seed=spec.shot_seed(run), cancel=cancel, **words, **settings.parameters(backend)
                )
        found = merge_samples(shots, {"shots": runs})
        if not on_qpu or isinstance(self.model, BQM):
            return found
        return self.model.read_back(found)


@contextmanager
def _timeout(seconds: float) -> Iterator[threading.Event]:
    over = threading.Event()
    timer = threading.Timer(seconds, over.set)
    timer.daemon = True
    timer.start()
    try:
        yield over
    finally:
        timer.cancel()


def sample(bqm: Any, *args: Any, **parameters: Any) -> dimod.SampleSet:
    """Samples of a ``dimod.BinaryQuadraticModel``; keywords as of ``sample_qubo``."""
    model = BQM(bqm, formula=parameters.pop("formula", 2))
    of_sampler = {name: parameters.pop(name) for name in _OF_THE_SAMPLER if name in parameters}
    return DynexSampler(model, **of_sampler).sample(*args, **parameters)


def sample_qubo(Q: Any, offset: float = 0.0, **parameters: Any) -> dimod.SampleSet:
    """Samples of ``x^T Q x + offset``.

    Args:
        Q: ``{(u, v): bias}`` or a square matrix, of which both triangles and the diagonal count.
        **parameters: of ``DynexSampler.sample``, and ``config``.
    """
    bqm = BQM(Q).bqm.copy()
    bqm.offset += offset
    return sample(bqm, **parameters)


def sample_ising(h: Any, J: Any, **parameters: Any) -> dimod.SampleSet:
    """Samples of ``sum h s + sum J s s`` over spins of -1 and +1; keywords as of ``sample_qubo``."""
    return sample(dimod.BinaryQuadraticModel.from_ising(h, J), **parameters)
