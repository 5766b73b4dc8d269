"""``qiskit_backend=``: names and objects, as engines."""

from __future__ import annotations

from typing import Any

from isinglass.circuits.aer import METHODS, AerEngine
from isinglass.circuits.qiskit_circuits import qiskit_module
from isinglass.errors import ParameterError, nearest

OWN = (None, "auto", "qasm_simulator", "statevector_simulator")
"""Settings under which our own engines are chosen among; the last one allows the state vector only."""


def engine_for(qiskit_backend: Any, noise_model: Any) -> AerEngine | None:
    """Aer set up for this backend or noise; None where circuits are free to choose their engine."""
    if not isinstance(qiskit_backend, str) and qiskit_backend is not None:
        if not hasattr(qiskit_backend, "target"):
            raise ParameterError(
                f"qiskit_backend={qiskit_backend!r} is neither a name nor a BackendV2 of Qiskit"
            )
        return AerEngine(backend=qiskit_backend)
    if qiskit_backend in OWN:
        return None if noise_model is None else AerEngine(noise_model=noise_model)
    if qiskit_backend in METHODS:
        return AerEngine(method=METHODS[qiskit_backend], noise_model=noise_model)
    return AerEngine(backend=device(qiskit_backend))


def device(name: str) -> Any:
    """A fake device of qiskit-ibm-runtime by class name or backend name ("FakeManilaV2", "fake_manila")."""
    provider = qiskit_module("qiskit_ibm_runtime.fake_provider")
    classes = {kind: getattr(provider, kind) for kind in dir(provider) if kind.startswith("Fake")}
    plain = {_plain(kind): kind for kind in sorted(classes) if kind != "FakeProviderForBackendV2"}
    found = plain.get(_plain(name)) or plain.get(_plain(name) + "v2")
    if found is None:
        known = [*(str(own) for own in OWN[1:]), *METHODS, *plain.values()]
        raise ParameterError(
            f"qiskit_backend={name!r} is not known{nearest(name, known)}: give 'auto', "
            "'statevector_simulator', an Aer name, a fake device such as 'FakeManilaV2', or a BackendV2"
        )
    return classes[found]()


def _plain(name: str) -> str:
    return name.lower().replace("_", "")
