"""The Grafana dashboard and the operator's page name all metrics, and no others."""

import json
import re
from pathlib import Path

from bot.observe.metrics import Metrics

DASHBOARD = json.loads(Path("deploy/grafana/support-triage.json").read_text())


def families() -> set[str]:
    return {one.name for one in Metrics().registry.collect()}


def named(text: str) -> set[str]:
    """Return the families that a query or page names, without the suffixes of samples."""
    found = re.findall(r"\b(?:triage|process)_[a-z_]+", text)
    return {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in found}


def test_every_query_is_of_metrics_that_exist() -> None:
    queries = [one["expr"] for panel in DASHBOARD["panels"] for one in panel["targets"]]
    assert len(queries) > 15
    assert named(" ".join(queries)) - families() == set()


def test_every_metric_of_ours_is_shown_and_told_of() -> None:
    ours = {name for name in families() if name.startswith("triage_")}
    shown = named(json.dumps(DASHBOARD))
    page = named(Path("docs/observe.md").read_text())
    assert ours - shown == set()
    assert ours - page == set()
    assert {name for name in page if name.startswith("triage_")} == ours


def test_panels_have_a_place_of_their_own() -> None:
    places = [tuple(panel["gridPos"].values()) for panel in DASHBOARD["panels"]]
    assert len(set(places)) == len(places)
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(places)
