"""Reads docker-compose.yml with the defaults of its variables."""

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
"""Services that run the image of the Dockerfile."""

WORKERS: Mapping[str, Service] = {
    service["command"][1]: service
    for service in NABIZ.values()
    if service["command"][0] == "worker"
}
"""Services by role."""

OVERRIDES: list[dict[str, Any]] = [
    block
    for text in (ROOT / "docs/deployment.md").read_text(encoding="utf-8").split("```yaml\n")[1:]
    if "services" in (block := yaml.safe_load(text.partition("```")[0]))
]
"""The docker-compose.override.yml of the page on deployment."""


def environment(service: Service) -> Mapping[str, str]:
    """Return the environment of a service."""
    found: Mapping[str, str] = service.get("environment", {})
    return found


def secrets(service: Service) -> list[str]:
    """Return the names of a service's secrets."""
    return [
        secret if isinstance(secret, str) else str(secret["source"])
        for secret in service.get("secrets", [])
    ]


def mounts(service: Service) -> list[list[str]]:
    """Return source, target and mode of a service's volumes; anonymous ones have only a target."""
    return [volume.split(":") for volume in service.get("volumes", [])]


def command(service: Service) -> list[str]:
    """Return the command of one of our services."""
    return [*service.get("entrypoint", ["entrypoint"]), *service["command"]]


def make_secrets(folder: Path) -> Path:
    """Create the secrets under `folder` as an operator does; return their folder."""
    (folder / "secrets").mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "deploy" / "make-secrets", folder)
    subprocess.run([folder / "make-secrets"], check=True, capture_output=True)
    return folder / "secrets"
