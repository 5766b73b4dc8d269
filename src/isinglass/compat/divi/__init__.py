"""Names of ``divi.backends`` for code that should run here: ``from isinglass.compat.divi import ...``.

Both spellings are taken, those of the guide and those of the package of its days (0.3.5), and what later
versions (up to 0.15) submit: payloads with parameters, ``ham_ops``, ``shot_groups``. A ``ParallelSimulator``
is also a ``backend=`` of an unmodified Divi program.

What the originals get wrong is not copied:

* 0.3.5 ignores ``simulation_seed``: two runs differ. Here counts depend on the seed, the label and the
  circuit.
* Its private deterministic mode gives equal circuits equal counts; here each label has a stream of its own.
* The guide's ``seed=`` and ``qiskit_backend="qasm_simulator"`` raise TypeError there.
* ``qiskit_backend="auto"`` is a noisy model of a retired device there, one for all circuits of a batch,
  and fails above 27 qubits; here it is the best simulator for each circuit, as the guide says.
* A bad circuit costs the whole batch its results there; here its error stands under its label.
* A circuit without measurements gives "No counts" there, and {"0": shots} on the later Maestro runner; here
  an error that says what to add.
* Several registers lose the space between them on the Maestro runner; keys here are Qiskit's everywhere.
* ``estimate_run_time_batch`` hangs for ever after a simulation there.
* Transpiling in forked workers takes most of the time there; nothing is forked here.
* An empty dict makes a job there that stays pending for ever; here it is an error.
* ``QoroService`` of the guide never was: ``get_job_status``, ``JobFailedError`` and job ids in the plural did
  not exist, a lost connection was no ConnectionError, an exported QORO_API_KEY was not read. Here they are.
* There the check of OpenQASM never refuses; asking for results too early is an AttributeError; polling a
  cancelled job never ends; setting ``qpu_system_name`` always raises.
* Clients up to 0.8 read the first hundred results only; our service sends all of them in one page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.lazy_names import lazy_names

if TYPE_CHECKING:
    from isinglass.compat.divi.execution_result import ExecutionResult
    from isinglass.compat.divi.parallel_simulator import CircuitRunner, ParallelSimulator
    from isinglass.compat.divi.qoro_service import QoroService
    from isinglass.compat.divi.words import (
        InsufficientCreditsError,
        JobCancelledError,
        JobFailedError,
        JobStatus,
        JobTimedOutError,
        JobType,
        QoroJobError,
    )

_PLACES = {
    "CircuitRunner": "parallel_simulator",
    "ExecutionResult": "execution_result",
    "InsufficientCreditsError": "words",
    "JobCancelledError": "words",
    "JobFailedError": "words",
    "JobStatus": "words",
    "JobTimedOutError": "words",
    "JobType": "words",
    "ParallelSimulator": "parallel_simulator",
    "QoroJobError": "words",
    "QoroService": "qoro_service",
}

__all__ = [
    "CircuitRunner", "ExecutionResult", "InsufficientCreditsError", "JobCancelledError", "JobFailedError",
    "JobStatus", "JobTimedOutError", "JobType", "ParallelSimulator", "QoroJobError",
    "QoroService",
]  # fmt: skip

__getattr__, __dir__ = lazy_names(__name__, _PLACES)
