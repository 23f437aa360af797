"""`./dev audit` and `./dev sbom`: known vulnerabilities of what is locked, and the list of what is in a release.

An audit is green only when it looked at every locked package: without its service pip-audit skips them all and says
that there are no known vulnerabilities.
"""

import base64
import json
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devtools.assets import npm_command
from devtools.base import ASSETS, PYTHON, ROOT, VAR, StopError, certificate_env, child_env, console, run_quietly
from devtools.packages import DEV_LOCK, RUNTIME_LOCK, ensure_packages

SBOM = VAR / "sbom" / "shuncheng.cdx.json"
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)(?: ; (.*?))?(?: \\)?$", re.MULTILINE)
UNREACHABLE = "The service of known vulnerabilities cannot be asked, so nothing is known"


@dataclass
class Verdict:
    """How many packages were looked at, what was found, and why the audit does not count ("" when it does)."""

    audited: int = 0
    findings: list[str] = field(default_factory=list)
    failure: str = ""

    @property
    def is_green(self) -> bool:
        return not self.failure and not self.findings and self.audited > 0


def locked(lock: Path = RUNTIME_LOCK) -> dict[str, str]:
    """Package -> version. Those for other systems only are left out: they are not installed, so not audited."""
    return {name: version for name, version, marker in PIN.findall(lock.read_text()) if not _is_elsewhere(marker)}


def _is_elsewhere(marker: str) -> bool:
    return "== 'win32'" in marker or "python_full_version <" in marker


def judge_python(output: str, *, expected: int) -> Verdict:
    """Read the JSON of pip-audit."""
    try:
        rows: list[dict[str, Any]] = json.loads(output)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return Verdict(failure=f"{UNREACHABLE}: pip-audit gave no report.")
    skipped = [row for row in rows if "skip_reason" in row]
    audited = [row for row in rows if "vulns" in row]
    verdict = Verdict(audited=len(audited))
    for row in audited:
        for found in row["vulns"]:
            fixed = ", ".join(found.get("fix_versions", [])) or "no fix yet"
            verdict.findings.append(f"{row['name']} {row['version']}: {found['id']} (fixed in {fixed})")
    if not audited:
        verdict.failure = f"{UNREACHABLE}: none of {len(rows)} Python packages was audited."
    elif skipped or len(audited) < expected:
        names = ", ".join(str(row["name"]) for row in skipped[:5]) or "some"
        verdict.failure = f"Only {len(audited)} of {expected} Python packages were audited; not {names}."
    return verdict


def judge_npm(output: str) -> Verdict:
    """Read the JSON of npm audit."""
    try:
        report: dict[str, Any] = json.loads(output)
        audited = int(report["metadata"]["dependencies"]["total"])
        found: dict[str, dict[str, Any]] = report["vulnerabilities"]
    except (ValueError, KeyError, TypeError):
        return Verdict(failure=f"{UNREACHABLE}: npm audit gave no report.")
    findings = [f"{name}: {row['severity']} ({row.get('range', '?')})" for name, row in sorted(found.items())]
    failure = "" if audited else f"{UNREACHABLE}: no npm package was audited."
    return Verdict(audited=audited, findings=findings, failure=failure)


def audit() -> int:
    """Both audits; 0 only when both looked at everything and found nothing."""
    ensure_packages(DEV_LOCK)
    pip_audit: list[str | Path] = [
        PYTHON,
        "-m",
        "pip_audit",
        "-r",
        RUNTIME_LOCK,
        "--require-hashes",
        "--disable-pip",
        "--strict",
    ]
    npm, env = npm_command()
    python = _output([*pip_audit, "-f", "json", "--progress-spinner", "off"], child_env(certificate_env()))
    front_end = _output([*npm, "audit", "--package-lock-only", "--omit=dev", "--json"], env)
    verdicts = {"Python": judge_python(python, expected=len(locked())), "npm": judge_npm(front_end)}
    for name, verdict in verdicts.items():
        console.say(f"  {name}: {verdict.audited} packages audited, {len(verdict.findings)} known vulnerabilities")
        for finding in verdict.findings:
            console.say(f"    {finding}")
    failures = [verdict.failure for verdict in verdicts.values() if verdict.failure]
    if failures:
        raise StopError(" ".join(failures))
    return 0 if all(verdict.is_green for verdict in verdicts.values()) else 1


def _output(argv: list[str | Path], env: dict[str, str]) -> str:
    """Both programs end with an error when they find something: only what they print counts."""
    done = subprocess.run(
        argv, cwd=ASSETS, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    return done.stdout


def sbom(target: Path = SBOM) -> int:
    """The components of a release in CycloneDX, from the lock files; works without a network."""
    ensure_packages(DEV_LOCK)
    target.parent.mkdir(parents=True, exist_ok=True)
    argv: list[str | Path] = [
        PYTHON,
        "-m",
        "cyclonedx_py",
        "requirements",
        RUNTIME_LOCK,
        "--pyproject",
        ROOT / "pyproject.toml",
    ]
    argv += ["--output-reproducible", "-o", target]
    run_quietly(argv, failure="The list of Python components could not be written.")
    document: dict[str, Any] = json.loads(target.read_text())
    for component in document["components"]:
        component.pop("description", None)  # repeats the line of the lock file
    python = len(document["components"])
    document["components"] += npm_components()
    target.write_text(json.dumps(document, indent=1) + "\n")
    console.say(f"{target.relative_to(ROOT)}: {python} Python and {len(document['components']) - python} npm packages")
    return 0


def npm_components(lock: Path = ASSETS / "package-lock.json") -> list[dict[str, Any]]:
    """What npm installs for the product, as CycloneDX components."""
    packages: dict[str, dict[str, Any]] = json.loads(lock.read_text())["packages"]
    found = []
    for path, row in sorted(packages.items()):
        if not path or row.get("dev"):
            continue
        name = path.rpartition("node_modules/")[2]
        purl = f"pkg:npm/{name.replace('@', '%40')}@{row['version']}"
        component = {"bom-ref": purl, "type": "library", "name": name, "version": row["version"], "purl": purl}
        algorithm, _, digest = row.get("integrity", "").partition("-")
        if algorithm == "sha512":
            component["hashes"] = [{"alg": "SHA-512", "content": base64.b64decode(digest).hex()}]
        found.append(component)
    return found
