"""A release's tag, version and changelog belong together; workflows are as CONTRIBUTING.md says they are."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "buildtools"))

import release  # noqa: E402

import zcwasm  # noqa: E402

WORKFLOWS = ROOT / ".github" / "workflows"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "zcwasm"\nversion = "1.2.0"\n')
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2027-01-02\n")
    return tmp_path


def test_the_tag_is_the_version(project: Path) -> None:
    assert release.mistake("v1.2.0", project) is None
    for tag in ("1.2.0", "v1.2", "v1.2.1", "v1.2.0rc1", ""):
        assert "pyproject.toml has version 1.2.0" in str(release.mistake(tag, project))


def test_the_changelog_has_the_version(project: Path) -> None:
    (project / "CHANGELOG.md").write_text("# Changelog\n\n## [Unreleased]\n\n## [1.2.0]\n")
    assert "CHANGELOG.md has no section" in str(release.mistake("v1.2.0", project))


def test_the_version_is_that_of_the_package() -> None:
    assert release.version() == zcwasm.__version__


@pytest.mark.skipif(not WORKFLOWS.exists(), reason="not in a checkout")
class TestWorkflows:
    @pytest.fixture(params=sorted(path.name for path in WORKFLOWS.glob("*.yml")))
    def text(self, request: pytest.FixtureRequest) -> str:
        return (WORKFLOWS / request.param).read_text("utf-8")

    def test_they_may_read_and_no_more_unless_a_job_says_so(self, text: str) -> None:
        assert "\npermissions:\n  contents: read\n" in text

    def test_they_can_be_read(self, text: str) -> None:
        yaml = pytest.importorskip("yaml")
        jobs = yaml.safe_load(text)["jobs"]
        for job in jobs.values():
            assert ("uses" in job) != ("steps" in job)
            assert "uses" in job or job["timeout-minutes"] > 0
            assert set(job.get("needs", "").split()) <= set(jobs)

    def test_ci_runs_for_every_change(self) -> None:
        yaml = pytest.importorskip("yaml")
        ci = yaml.safe_load((WORKFLOWS / "ci.yml").read_text("utf-8"))
        events = ci[True]  # the word `on`
        assert events["pull_request"] is None  # no path filter
        assert events["push"] == {"branches": ["**"]}
        assert {"run": "bash .ci/run"} in ci["jobs"]["everything"]["steps"]

    def test_only_the_publishing_job_gets_a_token(self) -> None:
        yaml = pytest.importorskip("yaml")
        jobs = yaml.safe_load((WORKFLOWS / "release.yml").read_text("utf-8"))["jobs"]
        assert [name for name, job in jobs.items() if "permissions" in job] == ["publish"]
        assert jobs["publish"]["permissions"] == {"id-token": "write"}
        assert jobs["publish"]["environment"] == {"name": "release"}
        assert jobs["build"]["needs"] == "version"
        assert 'buildtools/release.py "$GITHUB_REF_NAME"' in jobs["version"]["steps"][-1]["run"]
