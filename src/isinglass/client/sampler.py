"""``isinglass.Sampler``: solvers, annealers and services behind dimod's sampler contract."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

import dimod

from isinglass.client.session import OF_THE_JOB, Session, connect
from isinglass.config import ComputeBackend, Config
from isinglass.errors import ParameterError
from isinglass.executors.machine import require_backend
from isinglass.results.sampleset import SampleSet
from isinglass.solvers.registry import DEFAULT_SOLVER, SOLVERS, solver_named
from isinglass.solving import RUN_PARAMETERS, solve

_NOT_OF_A_CALL = ("solver", "kind", "backend", "qpu_model")


class Sampler(dimod.Sampler):  # type: ignore[misc,name-defined]  # dimod is untyped
    """Whatever the settings name, as a ``dimod.Sampler``, for code that is written against one.

    Args:
        config: where calls run: here with ``compute_backend`` LOCAL, and with CPU, GPU or QPU too while no
            ``endpoint`` is set; else on the service there. None reads the environment and ``.env``.
        solver: name of the solver on CPU and GPU; ``Sampler().properties["solvers"]`` lists them. On QPU
            "auto" embeds any problem, "native" takes variables as qubits.

    Raises:
        ParameterError: an unknown solver; GPU on a machine without one; QPU without a ``qpu_model``.

    Example::

        >>> import dimod, isinglass
        >>> bqm = dimod.BQM.from_ising({"a": -1}, {("a", "b"): 1})
        >>> print(isinglass.Sampler().sample(bqm, num_reads=4, seed=1).first.energy)
        -2.0
    """

    def __init__(self, config: Config | None = None, *, solver: str = DEFAULT_SOLVER) -> None:
        if config is not None and not isinstance(config, Config):
            raise ParameterError(f"config={config!r} is not a Config; a solver is named by solver=")
        self.config = config or Config()
        backend = self.config.compute_backend
        self._backend = "cpu" if backend is ComputeBackend.LOCAL else str(backend)
        self._model = str(self.config.qpu_model) if self._backend == "qpu" else None
        if self._backend != "qpu":
            solver_named(solver)
        if self.config.runs_here:
            require_backend(self._backend)
        self._solver = solver
        self._session: Session | None = None

    @property
    def properties(self) -> dict[str, Any]:
        """What this sampler is: its backend, solver or model, and the table of its parameters."""
        known = {"backend": self._backend, "solver": self._solver, "parameters": self._meanings()}
        if self._model is not None:
            return {**known, "qpu_model": self._model}
        return {**known, "solvers": {name: solver.summary for name, solver in SOLVERS.items()}}

    @property
    def parameters(self) -> dict[str, list[str]]:
        """Keywords of ``sample``, with the properties that describe them."""
        more = [name for name in (*RUN_PARAMETERS, *OF_THE_JOB) if name not in (*_NOT_OF_A_CALL, "type")]
        return {**{name: [] for name in more}, **{name: ["parameters"] for name in self._meanings()}}

    def _meanings(self) -> dict[str, str]:
        if self._model is None:
            return {name: row.meaning for name, row in solver_named(self._solver).parameters.items()}
        from isinglass.qpu.apollo import APOLLO_MODELS, ApolloSampler
        from isinglass.qpu.models import model_named
        from isinglass.qpu.parameters import descriptions, names_for

        if self._model in APOLLO_MODELS:
            return dict(ApolloSampler(self._model).properties["parameters"])
        return descriptions(names_for(model_named(self._model).family))

    def sample(self, bqm: dimod.BinaryQuadraticModel, **parameters: Any) -> SampleSet:
        """Sample a binary quadratic model.

        Keywords as in ``isinglass.solve``; as a job (with ``shots``, ``timeout``, ``priority`` or
        ``description``, and always on a service) as in ``Session.submit``.
        """
        own: dict[str, Any] = {"backend": self._backend, "qpu_model": self._model, "solver": self._solver}
        for name in own:
            if name in parameters:
                raise ParameterError(f"{name!r} is said when a Sampler is made, not in a call")
        if self.config.runs_here and self._solver != "native" and not set(parameters) & _OF_JOBS_ALONE:
            return solve(bqm, **own, **parameters)
        if self._session is None:
            self._session = connect(config=self.config)
        found = self._session.solve(bqm, **own, **parameters)
        assert isinstance(found, SampleSet)
        return found

    def close(self) -> None:
        """Close the connections to a service, if there are any."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


_OF_JOBS_ALONE = set(OF_THE_JOB) - {*_NOT_OF_A_CALL, "seed"}
