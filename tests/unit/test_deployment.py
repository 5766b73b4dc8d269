"""The files of ``deploy/`` say what the program understands."""

from __future__ import annotations

import configparser
import copy
import shlex
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
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


def test_the_manifest_is_what_kubernetes_publishes() -> None:
    """Strictly: no field that its schema does not know. KubeRay's own kind is not among them."""
    checked = [o for o in OBJECTS if not o["apiVersion"].startswith("ray.io/")]
    assert len(checked) == len(OBJECTS) - 1
    for version in ("1.29", "1.33"):
        for one in checked:
            kubernetes_validate.validate(one, version, strict=True)
        misspelt = copy.deepcopy(next(o for o in checked if o["kind"] == "StatefulSet"))
        misspelt["spec"]["template"]["spec"]["containers"][0]["readyProbe"] = {}
        with pytest.raises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(misspelt, version, strict=True)


def test_the_ray_cluster_has_what_kuberay_asks_for() -> None:
    """Fields as of its CRD (ray.io/v1); pods in it are Kubernetes' own."""
    (cluster,) = (o for o in OBJECTS if o["apiVersion"] == "ray.io/v1")
    spec = cluster["spec"]
    head, groups = spec["headGroupSpec"], spec["workerGroupSpecs"]
    assert set(spec) == {"enableInTreeAutoscaling", "headGroupSpec", "workerGroupSpecs"}
    assert set(head) == {"rayStartParams", "template"}
    names = {"groupName", "replicas", "minReplicas", "maxReplicas", "rayStartParams", "template"}
    for group in groups:
        assert set(group) == names and group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]
    for one in (head, *groups):
        # Numbers there are words of a command line.
        assert all(isinstance(value, str) for value in one["rayStartParams"].values())
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, **one["template"]}
        kubernetes_validate.validate(pod, "1.33", strict=True)
