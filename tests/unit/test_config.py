"""Settings: which source wins, and what is refused."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from isinglass.cli import keys, serve
from isinglass.config import ComputeBackend, Config, QPUModel
from isinglass.errors import MissingExtraError, ParameterError


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith(("ISINGLASS_", "DYNEX_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_defaults() -> None:
    config = Config()
    assert config.compute_backend is ComputeBackend.CPU and config.runs_here
    assert (config.default_timeout, config.retry_count, config.use_notebook_output) == (300.0, 5, True)
    assert config.sdk_key is config.endpoint is config.qpu_model is config.dotenv_path is None


def test_each_source_beats_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("# settings\nexport DYNEX_RETRY_COUNT=1\n")
    assert Config().retry_count == 1
    Path(".env").write_text("DYNEX_RETRY_COUNT=1\nISINGLASS_RETRY_COUNT='2'\n")
    assert Config().retry_count == 2
    monkeypatch.setenv("DYNEX_RETRY_COUNT", "3")
    assert Config().retry_count == 3
    monkeypatch.setenv("ISINGLASS_RETRY_COUNT", "4")
    assert Config().retry_count == 4
    assert Config(retry_count=6).retry_count == 6


def test_dotenv_at_a_path() -> None:
    Path("mine").write_text('ISINGLASS_SDK_KEY="a # b" # note\nISINGLASS_COMPUTE_BACKEND=GPU \nnonsense\n')
    config = Config(dotenv_path="mine")
    assert config.sdk_key == "a # b" and config.compute_backend is ComputeBackend.GPU
    with pytest.raises(ParameterError, match="dotenv_path='absent'"):
        Config(dotenv_path="absent")


def test_the_key_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "hush" not in repr(Config(sdk_key="hush"))
    monkeypatch.setenv("ISINGLASS_SDK_KEY", "hüsh")
    with pytest.raises(ParameterError) as caught:
        Config()
    assert "hüsh" not in str(caught.value)


def test_a_qpu_needs_a_model() -> None:
    with pytest.raises(ValueError, match="needs a qpu_model"):
        Config(compute_backend="qpu")
    assert Config(compute_backend="QPU", qpu_model="apollo_rc1").qpu_model is QPUModel.APOLLO_RC1


def test_local_runs_here_even_with_an_endpoint() -> None:
    assert not Config(endpoint="http://127.0.0.1:8300/").runs_here
    assert Config(endpoint="http://127.0.0.1:8300", compute_backend="local").runs_here


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"retry_cuont": 1}, "did you mean 'retry_count'"),
        ({"compute_backend": "gpus"}, "did you mean 'gpu'"),
        ({"default_timeout": 0}, "above 0"),
        ({"default_timeout": float("nan")}, "above 0"),
        ({"default_timeout": True}, "above 0"),
        ({"retry_count": -1}, "0 to 100"),
        ({"retry_count": 1.5}, "0 to 100"),
        ({"endpoint": "127.0.0.1:9090"}, "not a URL"),
        ({"endpoint": "http://a:99999"}, "not a URL"),
        ({"use_notebook_output": "maybe"}, "neither true nor false"),
        ({"default_description": "x" * 1001}, "1 to 1000"),
        ({"sdk_key": " "}, "not a key"),
    ],
)
def test_refused(given: dict[str, object], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        Config(**given)


def test_a_refusal_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DYNEX_DEFAULT_TIMEOUT", "soon")
    with pytest.raises(ParameterError, match="DYNEX_DEFAULT_TIMEOUT='soon'"):
        Config()


@pytest.mark.parametrize("package", ["fastapi", "sqlalchemy", "uvloop"])
def test_a_service_without_its_packages_says_what_to_install(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    for command in (serve.serve, keys.list_all):
        with pytest.raises(MissingExtraError, match=rf"{package}.*pip install 'isinglass\[service\]'"):
            command()
