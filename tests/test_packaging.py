"""The sdist is complete and builds without a network; the wheel holds what it must; failures are clear."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("setuptools", minversion="77")

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = shutil.ignore_patterns(
    ".*", "build", "dist", "*.egg-info", "__pycache__", "*.so", "*.o", "*.pyc", "node_modules"
)
OFFLINE = {
    "PIP_NO_INDEX": "1",
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "http_proxy": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
}


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run without a network, with no variable that could change the build or find packages."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not re.match(r"PIP_|ZCWASM_|PYTHON|LD_PRELOAD$|CC$|CFLAGS$", name)
    }
    return subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**inherited, **OFFLINE},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def source() -> Iterator[Path]:
    """A copy of the project, so that builds do not meet each other or the developer's."""
    with tempfile.TemporaryDirectory(prefix="zcwasm-") as folder:
        copy = Path(folder) / "project"
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
        yield copy


@pytest.fixture(scope="module")
def sdist(source: Path) -> Path:
    out = source.parent / "dist"
    out.mkdir()
    code = f"import setuptools.build_meta as b; b.build_sdist({str(out)!r})"
    result = run(sys.executable, "-c", code, cwd=source)
    assert result.returncode == 0, result.stdout + result.stderr
    return next(out.iterdir())


@pytest.mark.slow
def test_sdist_is_complete(source: Path, sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    expected = {"README.md", "LICENSE", "pyproject.toml", "setup.py", "csrc/wasm3/LICENSE"}
    for folder in ("csrc", "buildtools", "shaders", "tests", "zcwasm"):
        expected |= {
            path.relative_to(source).as_posix()
            for path in (source / folder).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
    assert "csrc/wasm3/STAMP.json" in expected
    assert sorted(expected - names) == []
    assert [name for name in names if re.search(r"\.(so|o|pyc)$|__pycache__|^build/|\.venv", name)] == []


@pytest.mark.slow
def test_sdist_builds_without_network(source: Path, sdist: Path) -> None:
    site = source.parent / "site"
    install = [sys.executable, "-m", "pip", "install", "--no-index", "--no-build-isolation", "--no-deps"]
    result = run(*install, "--target", site, sdist, cwd=source.parent)
    assert result.returncode == 0, result.stdout + result.stderr

    code = f"import sys; sys.path.insert(0, {str(site)!r}); import zcwasm._core as c; print(c.__file__)"
    result = run(sys.executable, "-c", code, cwd=source.parent)
    assert result.returncode == 0, result.stdout + result.stderr
    extension = Path(result.stdout.strip())
    assert extension.parent == site / "zcwasm"

    for path in (source / "zcwasm").glob("*.py*"):
        assert (site / "zcwasm" / path.name).is_file()
    assert (site / "zcwasm" / "py.typed").is_file()
    (licences,) = site.glob("zcwasm-*.dist-info/licenses")
    assert "Volodymyr Shymanskyy" in (licences / "csrc" / "wasm3" / "LICENSE").read_text("utf-8")
    assert "zcwasm" in (licences / "LICENSE").read_text("utf-8")

    if shutil.which("readelf"):
        dynamic = run("readelf", "-d", extension, cwd=source).stdout
        needed = {name.split(".")[0] for name in re.findall(r"NEEDED.*\[(.*?)\]", dynamic)}
        assert needed <= {"libc", "libm", "libdl", "libpthread", "ld-linux-x86-64", "ld-linux-aarch64"}
        symbols = run("readelf", "--dyn-syms", "-W", extension, cwd=source).stdout
        exported = re.findall(r"(?:FUNC|OBJECT)\s+GLOBAL\s+DEFAULT\s+\d+\s+(\w+)", symbols)
        assert exported == ["PyInit__core"]


@pytest.mark.slow
def test_build_without_network_and_without_wasm3_says_so(source: Path, tmp_path: Path) -> None:
    bare = tmp_path / "project"
    shutil.copytree(source, bare)
    shutil.rmtree(bare / "csrc" / "wasm3")
    for command in (["setup.py", "egg_info"], ["-m", "pip", "install", "--no-build-isolation", "."]):
        result = run(sys.executable, *command, cwd=bare)
        assert result.returncode != 0
        assert "Traceback" not in result.stdout + result.stderr
        lines = [line for line in result.stderr.splitlines() if "zcwasm cannot be built: " in line]
        assert len(lines) == 1, result.stdout + result.stderr
        assert "pip cannot fetch the sdist of pywasm3==0.5.0" in lines[0]
