"""Metrics, alerts and the dashboard, judged by Prometheus' own tool.

Environment: ANYNODE_METRICS (a file with what a server answered to GET /metrics; otherwise a sample of every metric, which
the Swift tests keep up to date, stands for it).
"""

import json
import os
import re
import subprocess
from itertools import combinations

import pytest

from conftest import ROOT
from wire_phone import WirePhone, talking

SAMPLE = ROOT / "Tests" / "BrowserTests" / "metrics.txt"
PACKAGING = ROOT / "Packaging" / "prometheus"
DASHBOARD = json.loads((ROOT / "Packaging" / "grafana" / "anynode.json").read_text())
# What Prometheus adds to all series of a target.
ADDED = {"job", "instance"}
METRIC = re.compile(r"(?<![\w:])(?:anynode|process)_[a-z_]+(?![\w:])")
SELECTOR = re.compile(r"(?<![\w:])((?:anynode|process)_[a-z_]+)\{([^}]*)\}")


class Metrics:
    """Names, kinds and labels in a text of the exposition format."""

    def __init__(self, text):
        self.text = text
        self.kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
        self.labels = {name: set() for name in self.kinds}
        for name, labels in re.findall(r'^([a-z_]+)\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\} \S+$', text, re.MULTILINE):
            self.labels[self.family(name)] |= set(re.findall(r'(\w+)="(?:[^"\\]|\\.)*"', labels))

    def family(self, series):
        """The family a series is of, which has another name only if it is a histogram; None when there is none."""
        base = re.sub(r"_(bucket|sum|count)$", "", series)
        if self.kinds.get(base) == "histogram":
            return base if base != series else None
        return series if series in self.kinds else None


def promtool(*arguments, text=None):
    result = subprocess.run(["promtool", *map(str, arguments)], input=text, capture_output=True, text=True)
    return result.returncode, result.stdout + result.stderr


@pytest.fixture(scope="module")
def sample():
    return Metrics(SAMPLE.read_text())


@pytest.fixture(scope="module")
def scraped():
    return Metrics(open(os.environ.get("ANYNODE_METRICS") or SAMPLE, encoding="utf-8", newline="").read())


def documented():
    """The kind and the labels of each metric in the tables of docs/metrics.md."""
    metrics = {}
    for line in (ROOT / "docs" / "metrics.md").read_text().splitlines():
        if line.startswith(("| `anynode_", "| `process_")):
            name, kind, labels, meaning, _ = (cell.strip() for cell in line.strip("|").split("|"))
            assert name not in metrics and meaning
            # After the colon are values.
            metrics[name.strip("`")] = (kind, set(re.findall(r"`(\w+)`", labels.split(":")[0])))
    return metrics


def all_panels():
    for panel in DASHBOARD["panels"]:
        yield panel
        yield from panel.get("panels", [])


def charts():
    return [panel for panel in all_panels() if panel["type"] != "row"]


def dashboard_expressions():
    for panel in charts():
        for target in panel["targets"]:
            yield target["expr"]
    for annotation in DASHBOARD["annotations"]["list"]:
        if "expr" in annotation:
            yield annotation["expr"]
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            yield re.fullmatch(r"label_values\((.*), \w+\)", variable["query"]["query"])[1]


def rule_expressions():
    """What follows `expr:` in the rules, on the same line or indented below."""
    text = (PACKAGING / "anynode.rules.yml").read_text()
    found = re.findall(r"^( +)expr: (?:\|\n((?:\1  .*\n)+)|(.*)\n)", text, re.MULTILINE)
    assert len(found) == text.count("expr:")
    return [block or line for _, block, line in found]


def test_promtool_finds_nothing_to_complain_of(scraped):
    assert promtool("check", "metrics", text=scraped.text) == (0, "")


def test_promtool_would_complain():
    code, output = promtool("check", "metrics", text=SAMPLE.read_text() + 'anynode_x{a="b} 1\n')
    assert code != 0 and output


def test_each_metric_is_documented(scraped):
    """docs/metrics.md, and what the server says, agree on names, kinds and labels."""
    known = documented()
    for name, kind in scraped.kinds.items():
        assert known.get(name) == (kind, scraped.labels[name] - {"le"}), name


def test_what_is_documented_is_in_the_sample(sample):
    assert set(documented()) == set(sample.kinds)


def test_rules_are_rules():
    code, output = promtool("check", "rules", PACKAGING / "anynode.rules.yml")
    assert code == 0, output
    assert "SUCCESS" in output


def test_alerts_fire_when_they_should_and_only_then():
    code, output = promtool("test", "rules", PACKAGING / "anynode.tests.yml")
    assert code == 0, output


def test_each_alert_has_a_test_and_is_documented():
    alerts = re.findall(r"alert: (\w+)", (PACKAGING / "anynode.rules.yml").read_text())
    tests = (PACKAGING / "anynode.tests.yml").read_text()
    document = (ROOT / "docs" / "metrics.md").read_text()
    assert alerts
    for alert in alerts:
        assert f'alertname="{alert}"' in tests
        assert f"| `{alert}` |" in document
    assert len(re.findall(r"^\| `Anynode\w+` \|", document, re.MULTILINE)) == len(alerts)


def test_scrape_configuration():
    code, output = promtool("check", "config", "--syntax-only", PACKAGING / "prometheus.yml")
    assert code == 0, output


@pytest.mark.parametrize("source", [rule_expressions, dashboard_expressions])
def test_expressions_ask_for_what_there_is(source, sample):
    expressions = list(source())
    assert expressions
    for expression in expressions:
        # Label values and the words of `by (…)` are no metrics.
        bare = re.sub(r'"[^"]*"', '""', expression)
        names = METRIC.findall(bare)
        assert names or re.search(r"\w:\w|up\{", bare), expression
        labels = set(ADDED)
        for name in names:
            family = sample.family(name)
            assert family, f"{name} in {expression}"
            labels |= sample.labels[family] | ({"le"} if name.endswith("_bucket") else set())
        for name, selector in SELECTOR.findall(bare):
            asked = set(re.findall(r"(\w+)(?:=|!)", selector))
            assert asked <= sample.labels[sample.family(name)] | ADDED, expression
        if names:
            for group in re.findall(r"\b(?:by|on|without) \(([^)]*)\)", bare):
                assert {label.strip() for label in group.split(",")} <= labels, expression


def test_recorded_names_exist():
    text = (PACKAGING / "anynode.rules.yml").read_text()
    recorded = set(re.findall(r"record: (\S+)", text))
    for expression in rule_expressions():
        assert set(re.findall(r"(?:instance|plugin):[\w:]+", expression)) <= recorded


def test_metrics_no_panel_shows(sample):
    """Each metric is on the dashboard: what nobody sees, nobody needs."""
    shown = {sample.family(name) for expression in dashboard_expressions() for name in METRIC.findall(expression)}
    assert set(sample.kinds) - shown == set()


def test_dashboard_expressions_parse(tmp_path):
    rules = []
    for expression in dashboard_expressions():
        expression = expression.replace("$__rate_interval", "5m")
        expression = re.sub(r"\$(job|instance|plugin)\b", ".*", expression)
        assert "$" not in expression
        rules.append({"record": "a:b", "expr": expression, "labels": {"number": str(len(rules))}})
    # JSON is YAML.
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    code, output = promtool("check", "rules", tmp_path / "rules.yml")
    assert code == 0, output


def test_dashboard_is_one():
    assert DASHBOARD["schemaVersion"] >= 38
    assert DASHBOARD["id"] is None, "Grafana assigns it"
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,40}", DASHBOARD["uid"])
    assert [panel["title"] for panel in DASHBOARD["panels"] if panel["type"] == "row"] == [
        "Overview",
        "Calls",
        "Wakeups",
        "Plugins",
        "Process",
    ]
    identifiers = [panel["id"] for panel in all_panels()]
    assert len(set(identifiers)) == len(identifiers)
    names = [variable["name"] for variable in DASHBOARD["templating"]["list"]]
    assert names == ["datasource", "job", "instance", "plugin"]
    assert DASHBOARD["templating"]["list"][0]["type"] == "datasource"
    assert DASHBOARD["templating"]["list"][0]["query"] == "prometheus"


def test_every_panel_says_what_it_shows():
    titles = [panel["title"] for panel in all_panels()]
    assert len(set(titles)) == len(titles)
    for panel in charts():
        assert panel["description"].endswith("."), panel["title"]
        unit = panel["fieldConfig"]["defaults"]["unit"]
        assert unit in {"s", "none", "short", "bytes", "percentunit", "cps", "mps", "reqps", "bool_yes_no"}
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        references = [target["refId"] for target in panel["targets"]]
        assert references and len(set(references)) == len(references)
        for target in panel["targets"]:
            assert target["datasource"] == panel["datasource"]


def test_panels_do_not_overlap():
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] >= 0 and place["y"] >= 0 and place["w"] > 0 and place["h"] > 0
        assert place["x"] + place["w"] <= 24, panel["title"]
    for one, other in combinations(DASHBOARD["panels"], 2):
        a, b = one["gridPos"], other["gridPos"]
        apart = (
            a["x"] + a["w"] <= b["x"]
            or b["x"] + b["w"] <= a["x"]
            or a["y"] + a["h"] <= b["y"]
            or b["y"] + b["h"] <= a["y"]
        )
        assert apart, f"{one['title']} and {other['title']}"


def test_a_server_at_work(server, admin):
    """What a real server shows after a call: promtool has nothing to complain of, and all of it is documented."""
    with WirePhone(server.port, "alice") as alice, WirePhone(server.port, "bob") as bob:
        call, _ = talking(alice.register(), bob.register())
        alice.says("terminate", call)
        alice.hears_state(call, "terminated")
    metrics = Metrics(admin.call("system.metrics")["text"])
    assert promtool("check", "metrics", text=metrics.text) == (0, "")
    known = documented()
    for name, kind in metrics.kinds.items():
        assert name in known, f"{name} is not in docs/metrics.md"
        assert kind == known[name][0], name
        assert metrics.labels[name] - {"le"} <= known[name][1], name
    assert re.search(r'^anynode_calls_ended_total\{reason="normal"\} 1$', metrics.text, re.MULTILINE)
    assert re.search(r"^anynode_call_setup_seconds_count \d+$", metrics.text, re.MULTILINE)
    # What is documented and not there comes with pushes, plugins that are asked, and libraries.
    missing = set(known) - set(metrics.kinds)
    assert not {name for name in missing if name.startswith(("anynode_calls", "anynode_messages", "anynode_registr", "process_"))}
