"""The files of ``deploy/`` say what the program understands."""

from __future__ import annotations

import configparser
import shlex
from pathlib import Path
from typing import Any

import typer
import yaml

from isinglass.cli.main import app

DEPLOY = Path(__file__).parents[2] / "deploy"
OBJECTS: list[dict[str, Any]] = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()))


def options_of(command: str) -> set[str]:
    group: Any = typer.main.get_command(app)
    return {name for parameter in group.commands[command].params for name in parameter.opts}


def test_the_unit_starts_what_there_is() -> None:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str
    unit.read(DEPLOY / "isinglass.service")
    program, command, *words = shlex.split(unit["Service"]["ExecStart"])
    assert (Path(program).name, command) == ("isinglass", "serve")
    assert {word for word in words if word.startswith("--")} <= options_of("serve")
    # Kernels are compiled in memory, and workers are ended by the server.
    assert "MemoryDenyWriteExecute" not in unit["Service"] and unit["Service"]["KillMode"] == "mixed"


def test_the_manifest_fits_together() -> None:
    kinds = {(o["kind"], o["metadata"]["name"]): o for o in OBJECTS}
    server = kinds["StatefulSet", "isinglass"]["spec"]["template"]
    (container,) = server["spec"]["containers"]
    command, *words = container["args"]
    assert {word.partition("=")[0] for word in words} <= options_of(command)
    volumes = {volume["name"] for volume in server["spec"]["volumes"]}
    volumes |= {
        claim["metadata"]["name"]
        for claim in kinds["StatefulSet", "isinglass"]["spec"]["volumeClaimTemplates"]
    }
    assert {mount["name"] for mount in container["volumeMounts"]} == volumes
    ports = {port["name"] for port in container["ports"]}
    assert {port["targetPort"] for port in kinds["Service", "isinglass"]["spec"]["ports"]} == ports
    labels = server["metadata"]["labels"]
    for kind, where in (("Service", "selector"), ("NetworkPolicy", "podSelector")):
        chosen = kinds[kind, "isinglass"]["spec"][where]
        assert chosen.get("matchLabels", chosen) == labels
    ray = f"{kinds['RayCluster', 'isinglass-ray']['metadata']['name']}-head-svc"
    assert any(word == f"--ray-address=ray://{ray}.isinglass.svc:10001" for word in words)
    assert all(o["metadata"].get("namespace", "isinglass") == "isinglass" for o in OBJECTS)
