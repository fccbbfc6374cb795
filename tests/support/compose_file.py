"""docker-compose.yml as its tests read it, with the defaults of its variables filled in."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from pipeline.config.groups import ROOT

Service: TypeAlias = Mapping[str, Any]

TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(re.sub(r"\$\{\w+:-(.*?)\}", r"\1", TEXT))
SERVICES: Mapping[str, Service] = COMPOSE["services"]
NABIZ: Mapping[str, Service] = {
    name: service
    for name, service in SERVICES.items()
    if service["image"].partition(":")[0] == "nabiz"
}
"""The services that run the image of the Dockerfile."""

WORKERS: Mapping[str, Service] = {
    service["command"][1]: service
    for service in NABIZ.values()
    if service["command"][0] == "worker"
}
"""Services by the role that they run."""

OVERRIDES: list[dict[str, Any]] = [
    block
    for text in (ROOT / "docs/deployment.md").read_text(encoding="utf-8").split("```yaml\n")[1:]
    if "services" in (block := yaml.safe_load(text.partition("```")[0]))
]
"""What the page on deployment has for a docker-compose.override.yml."""


def environment(service: Service) -> Mapping[str, str]:
    """Return what a service is given as environment."""
    found: Mapping[str, str] = service.get("environment", {})
    return found


def secrets(service: Service) -> list[str]:
    """Return the names of the secrets that a service is given."""
    return [
        one if isinstance(one, str) else str(one["source"]) for one in service.get("secrets", [])
    ]


def mounts(service: Service) -> list[list[str]]:
    """Return source, target and mode of a service's volumes; an anonymous one is its target."""
    return [one.split(":") for one in service.get("volumes", [])]


def command(service: Service) -> list[str]:
    """Return what the container of a service of ours runs."""
    return [*service.get("entrypoint", ["entrypoint"]), *service["command"]]


def make_secrets(folder: Path) -> Path:
    """Make the secrets as an operator does, below `folder`; return where they are."""
    (folder / "secrets").mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "deploy" / "make-secrets", folder)
    subprocess.run([folder / "make-secrets"], check=True, capture_output=True)
    return folder / "secrets"
