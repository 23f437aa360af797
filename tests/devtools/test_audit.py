"""An audit is green only when it looked at everything. The recordings are of a network without the services."""

import json
from pathlib import Path

import pytest

from devtools import audit
from devtools.audit import Verdict, judge_npm, judge_python, locked, npm_components
from devtools.base import StopError
from devtools.packages import RUNTIME_LOCK

RECORDED = Path(__file__).resolve().parents[1] / "data" / "audit"
FINDING = {"id": "PYSEC-2026-1", "fix_versions": ["5.2.20"], "aliases": ["CVE-2026-1"], "description": "x"}


def report(*rows):
    return json.dumps({"dependencies": list(rows), "fixes": []})


def good(name, *vulns):
    return {"name": name, "version": "1.0", "vulns": list(vulns)}


def test_a_green_report_of_skipped_packages_is_no_green_audit():
    """pip-audit ended with status 0 and "No known vulnerabilities found" here."""
    verdict = judge_python((RECORDED / "pip-audit-unreachable.json").read_text(), expected=len(locked()))

    assert verdict.audited == 0
    assert not verdict.is_green
    assert "none of" in verdict.failure


def test_npm_without_its_service_is_no_green_audit():
    verdict = judge_npm((RECORDED / "npm-audit-unreachable.json").read_text())

    assert not verdict.is_green
    assert "cannot be asked" in verdict.failure


@pytest.mark.parametrize(
    ("output", "expected", "audited", "findings", "failure"),
    [
        (report(good("django"), good("celery")), 2, 2, 0, ""),
        (report(good("django", FINDING), good("celery")), 2, 2, 1, ""),
        (report(good("django"), {"name": "celery", "skip_reason": "x"}), 2, 1, 0, "Only 1 of 2"),
        (report(good("django")), 2, 1, 0, "Only 1 of 2"),
        (report(), 2, 0, 0, "none of 0"),
        ("", 2, 0, 0, "gave no report"),
        ("null", 2, 0, 0, "gave no report"),
    ],
)
def test_python_is_judged_by_what_was_looked_at(output, expected, audited, findings, failure):
    verdict = judge_python(output, expected=expected)

    assert (verdict.audited, len(verdict.findings)) == (audited, findings)
    assert failure in verdict.failure
    assert verdict.is_green == (not failure and not findings)


def test_a_finding_names_package_number_and_fix():
    assert judge_python(report(good("django", FINDING)), expected=1).findings == [
        "django 1.0: PYSEC-2026-1 (fixed in 5.2.20)"
    ]


@pytest.mark.parametrize(
    ("vulnerabilities", "total", "is_green"),
    [({}, 4, True), ({"axe": {"severity": "high", "range": "<4"}}, 4, False), ({}, 0, False)],
)
def test_npm_is_judged_by_what_was_looked_at(vulnerabilities, total, is_green):
    output = json.dumps({"vulnerabilities": vulnerabilities, "metadata": {"dependencies": {"total": total}}})

    assert judge_npm(output).is_green is is_green


def test_the_command_fails_clearly_when_nothing_was_audited(monkeypatch):
    monkeypatch.setattr(audit, "ensure_packages", lambda lock: None)
    monkeypatch.setattr(audit, "npm_command", lambda: (["npm"], {}))
    outputs = iter([(RECORDED / f"{name}-unreachable.json").read_text() for name in ("pip-audit", "npm-audit")])
    monkeypatch.setattr(audit, "_output", lambda argv, env: next(outputs))

    with pytest.raises(StopError, match="cannot be asked"):
        audit.audit()
    assert not Verdict().is_green


def test_the_lock_is_read_whole():
    names = locked()

    assert {"django", "celery", "psycopg2-binary", "cryptography"} <= set(names)
    assert "tzdata" not in names  # for Windows only
    assert len(names) >= RUNTIME_LOCK.read_text().count("==") - RUNTIME_LOCK.read_text().count(";") - 5


def test_the_list_of_components_is_complete(tmp_path, monkeypatch):
    monkeypatch.setattr(audit, "ensure_packages", lambda lock: None)
    monkeypatch.setattr(audit, "ROOT", tmp_path)
    (tmp_path / "pyproject.toml").write_text((RUNTIME_LOCK.parent / "pyproject.toml").read_text())

    assert audit.sbom(tmp_path / "sbom" / "x.cdx.json") == 0

    document = json.loads((tmp_path / "sbom" / "x.cdx.json").read_text())
    purls = {component["purl"] for component in document["components"]}
    assert document["bomFormat"] == "CycloneDX"
    assert {f"pkg:pypi/{name}@{version}" for name, version in locked().items()} <= purls
    assert {component["purl"] for component in npm_components()} <= purls
    assert any("%40tabler/core" in purl for purl in purls)
    assert not any("axe-core" in purl for purl in purls)  # only for tests
