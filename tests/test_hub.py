"""Models by their names on the hub, from a server on the loopback that HF_ENDPOINT names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("huggingface_hub", reason="needs zcwasm[hub]")
pytest.importorskip("tokenizers", reason="needs zcwasm[llm]")

import family_models
import model_files
from hub_server import Hub, Repository

import zcwasm
from zcwasm import _serve_command
from zcwasm._models import fetch, hub

# A process for each question: the package reads its variables when it is imported.
ASK = """
import json, sys
from zcwasm._models import fetch
for name in sys.argv[1:]:
    try:
        what, _, name = name.partition("=")
        if what == "llm":
            from zcwasm import llm, Device
            with llm.Model.open(name, Device("cpu")) as model:
                print(json.dumps({"path": str(model.weights.path), "ids": model.tokenize("a")}))
        else:
            print(json.dumps({"path": str(fetch.resolve(name))}))
    except Exception as error:
        print(json.dumps({"error": type(error).__name__, "text": str(error)}))
"""


class Client:
    def __init__(self, folder: Path, server: Hub) -> None:
        self.folder, self.server = folder, server
        self.variables = {"HF_ENDPOINT": server.url, "HF_HOME": str(folder / "hf")}
        self.variables |= {"ZCWASM_CACHE": str(folder / "zcwasm"), "HF_HUB_DISABLE_TELEMETRY": "1"}
        self.variables |= {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", "HF_HUB_DOWNLOAD_TIMEOUT": "10"}

    def ask(self, *names: str, **variables: str) -> list[dict[str, Any]]:
        """What becomes of each name ("llm=NAME": opened); self.server.requests are those of this call."""
        done = self.run("-c", ASK, *(word if "=" in word else f"path={word}" for word in names), **variables)
        assert done.returncode == 0, done.stderr
        assert "MB/s" not in done.stderr  # no bars
        return [json.loads(line) for line in done.stdout.splitlines()]

    def run(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Python with these words; in the tests' folder, where it finds the package that they are of."""
        self.server.requests.clear()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        env = kept | self.variables | variables
        return subprocess.run(
            [sys.executable, *words],
            capture_output=True,
            text=True,
            env=env,
            timeout=120,
            cwd=Path(__file__).parent,
        )

    def one(self, name: str, **variables: str) -> dict[str, Any]:
        (answer,) = self.ask(name, **variables)
        return answer

    def snapshot(self, name: str, commit: str = "a" * 40) -> Path:
        return self.folder / "hf" / "hub" / f"models--{name.replace('/', '--')}" / "snapshots" / commit


@pytest.fixture(scope="module")
def server() -> Iterator[Hub]:
    server = Hub()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def client(tmp_path: Path, server: Hub) -> Client:
    server.repositories.clear()
    return Client(tmp_path, server)


def folder_files(tmp_path: Path, shards: int = 2) -> dict[str, bytes]:
    config = family_models.config("llama")
    path = family_models.write_folder(
        tmp_path / "made", config, family_models.checkpoint("llama"), shards=shards
    )
    files = {file.name: file.read_bytes() for file in path.iterdir()}
    return files | {
        "README.md": b"#",
        "pytorch_model.bin": b"x",
        "onnx/model.onnx": b"y",
        "original/x.pth": b"z",
    }


def repository(files: dict[str, bytes], **options: Any) -> Repository:
    large = {name for name in files if name.endswith((".safetensors", ".gguf", ".bin"))}
    return Repository(files, large=large, **options)


def test_a_folder(client: Client, tmp_path: Path) -> None:
    files = folder_files(tmp_path)
    client.server.repositories["some/model"] = repository(files)
    (answer,) = client.ask("llm=some/model")
    snapshot = client.snapshot("some/model")
    assert answer["path"] == str(snapshot)
    assert len(answer["ids"]) == 1
    needed = {"config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors.index.json"}
    needed |= {f"model-{n:05}-of-00002.safetensors" for n in (1, 2)}
    assert {file.name for file in snapshot.iterdir()} == needed
    assert all((snapshot / name).read_bytes() == files[name] for name in needed)
    words = ["generate", "--model", "some/model", "--prompt", "a", "--max-new-tokens", "1", "--device", "cpu"]
    done = client.run("-m", "zcwasm", *words)
    assert done.returncode == 0, done.stderr
    # It is asked once which commit it is, and not at all where that is said, or there is no network.
    assert client.ask("some/model", f"some/model@{'a' * 40}") == [{"path": str(snapshot)}] * 2
    assert [path for _, path, _ in client.server.requests] == ["/api/models/some/model/revision/main"]
    for variables in ({"HF_HUB_OFFLINE": "1"}, {"HF_ENDPOINT": "http://127.0.0.1:9"}):
        assert (
            client.ask("some/model", f"some/model@{'a' * 40}", **variables) == [{"path": str(snapshot)}] * 2
        )
        assert client.server.requests == []
    # Also what somebody else has put there, if it is whole.
    for record in (tmp_path / "zcwasm").rglob("*.json"):
        record.unlink()
    assert client.one("some/model", HF_HUB_OFFLINE="1") == {"path": str(snapshot)}
    (snapshot / "model-00002-of-00002.safetensors").unlink()
    assert (
        "only a part is in the cache, and HF_HUB_OFFLINE is set"
        in client.one("some/model", HF_HUB_OFFLINE="1")["text"]
    )
    # A new commit is another snapshot, and files that are the same are not downloaded again.
    client.server.repositories["some/model"].commit = "b" * 40
    files["config.json"] += b"\n"
    assert client.one("some/model") == {"path": str(client.snapshot("some/model", "b" * 40))}
    assert client.server.downloads() == ["config.json"]
    assert client.one("some/model@main:nothing")["error"] == "FetchError"


def test_what_the_cache_links_to_elsewhere_stays(client: Client, tmp_path: Path) -> None:
    """Whoever links a file of theirs into the cache loses the link where it is another, and no more."""
    client.server.repositories["some/one"] = repository({"x.gguf": model_files.gguf()})
    mine, link = tmp_path / "mine.gguf", client.snapshot("some/one") / "x.gguf"
    mine.write_bytes(b"another")
    link.parent.mkdir(parents=True)
    link.symlink_to(mine)
    assert "has 7 bytes" in client.one("some/one")["text"]
    assert mine.exists()
    assert client.one("some/one") == {"path": str(link)}
    assert link.read_bytes() == model_files.gguf()


def test_gguf_files(client: Client) -> None:
    names = ["m-Q4_K_M.gguf", "m-Q4_K_S.gguf", "m-Q8_0-00001-of-00002.gguf", "m-Q8_0-00002-of-00002.gguf"]
    names += ["mmproj-m-f16.gguf", "BF16/m-BF16.gguf", "m.imatrix.gguf", "README.md"]
    files = {name: model_files.gguf() + name.encode() for name in names}
    client.server.repositories["some/m-GGUF"] = repository(files)
    client.server.repositories["some/one"] = repository(
        {"x.gguf": files["m-Q4_K_M.gguf"], "config.json": b"{}"}
    )
    snapshot = client.snapshot("some/m-GGUF")
    asked = {
        "some/m-GGUF:q4_k_m": "m-Q4_K_M.gguf",
        "some/m-GGUF:m-Q4_K_S.gguf": "m-Q4_K_S.gguf",
        "some/m-GGUF@main:Q8_0": "m-Q8_0-00001-of-00002.gguf",
        "some/m-GGUF:m-Q8_0-00002-of-00002.gguf": "m-Q8_0-00001-of-00002.gguf",
        "some/m-GGUF:BF16": "BF16/m-BF16.gguf",
        "some/m-GGUF:BF16/m-BF16.gguf": "BF16/m-BF16.gguf",
        "some/m-GGUF:mmproj-m-f16.gguf": "mmproj-m-f16.gguf",
    }
    wrong = {
        "some/m-GGUF": "has several models: say which, as some/m-GGUF:FILE.gguf",
        "some/m-GGUF:Q4_K": "has no model Q4_K: say which",
        "some/m-GGUF:other.gguf": "has no model other.gguf",
        "some/m-GGUF:Q9": "it has BF16/m-BF16.gguf, m-Q4_K_M.gguf, m-Q4_K_S.gguf, m-Q8_0-00001-of-00002.gguf",
    }
    answers = client.ask(*asked, *wrong, "some/one")
    for (name, file), answer in zip(asked.items(), answers, strict=False):
        assert answer == {"path": str(snapshot / file)}, name
    for (name, words), answer in zip(wrong.items(), answers[len(asked) :], strict=False):
        assert answer["error"] == "FetchError"
        assert words in answer["text"], name
    assert answers[-1] == {"path": str(client.snapshot("some/one") / "x.gguf")}
    # Each file once; all parts of the one in parts, and nothing else.
    assert sorted(client.server.downloads()) == sorted([*names[:4], *names[4:6], "x.gguf"])


def test_what_is_cut_off_goes_on(client: Client) -> None:
    data = model_files.gguf() + bytes(24 << 20)  # the package keeps 10 MiB at a time
    client.server.repositories["some/large"] = repository({"x.gguf": data}, cut={"x.gguf"})
    path = client.snapshot("some/large") / "x.gguf"
    assert client.one("some/large") == {"path": str(path)}
    assert path.read_bytes() == data
    assert client.server.downloads() == ["x.gguf"] * 2
    assert client.server.requests[-1][2] == f"bytes={10 << 20}-"


def test_refusals(client: Client, tmp_path: Path) -> None:
    gguf = {"x.gguf": model_files.gguf()}
    repositories = client.server.repositories
    repositories["some/gated"] = repository(gguf, status=403, code="GatedRepo")
    repositories["some/secret"] = repository(gguf, status=401)
    repositories["some/broken"] = repository(gguf, status=500)
    repositories["some/wrong"] = repository(gguf, wrong={"x.gguf"})
    repositories["some/small"] = repository({**folder_files(tmp_path, 1)}, wrong={"config.json"})
    repositories["some/fine"] = repository(gguf)
    repositories["some/empty"] = repository({})
    repositories["some/none"] = repository({"README.md": b"#"})
    encoder = {"config.json": b'{"model_type": "bert"}'}
    index = json.dumps({"weight_map": {"a": "../x.safetensors"}}).encode()
    repositories["some/hostile"] = repository(encoder | {"model.safetensors.index.json": index})
    index = json.dumps({"weight_map": {"a": "x.safetensors"}}).encode()
    repositories["some/gone"] = repository(encoder | {"model.safetensors.index.json": index})
    repositories["some/paths"] = repository({"../x.gguf": b"x", "/x.gguf": b"x", "a/../../x.gguf": b"x"})
    asked = {
        "some/nothing": "is no file or folder here, and not found at",
        "some/gated": "is gated: accept its terms at",
        "some/secret": "HF_TOKEN",
        "some/broken": "the hub cannot be reached",
        "some/fine@v1": "has no revision v1",
        "some/wrong": "has SHA-256",
        "some/small": "config.json has git's SHA-1",
        "some/empty": "the repository is empty",
        "some/none": "has neither GGUF files nor config.json",
        "some/hostile": "which is not the name of a safetensors file beside it",
        "some/gone": "names x.safetensors, which the repository has not",
        "some/paths": "has neither GGUF files nor config.json",
    }
    for (name, words), answer in zip(asked.items(), client.ask(*asked), strict=True):
        assert answer["error"] == "FetchError", (name, answer)
        assert words in answer["text"], (name, answer)
    # What was wrong is gone, and right the next time.
    assert not list(client.snapshot("some/wrong").glob("*"))
    repositories["some/wrong"].wrong.clear()
    found = client.snapshot("some/wrong") / "x.gguf"
    assert client.ask("some/wrong") == [{"path": str(found)}]
    # A path goes before a name.
    (tmp_path / "some").mkdir()
    (tmp_path / "some" / "wrong").write_bytes(b"")
    here = subprocess.run(
        [sys.executable, "-c", ASK, "path=some/wrong"], cwd=tmp_path, capture_output=True, text=True
    )
    assert json.loads(here.stdout) == {"path": "some/wrong"}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a/b", hub.Name("a/b", None, None)),
        ("a/b@v1.0", hub.Name("a/b", "v1.0", None)),
        ("a/b@refs/pr/1:Q4_0", hub.Name("a/b", "refs/pr/1", "Q4_0")),
        ("a/b.c-d:x y/z.gguf", hub.Name("a/b.c-d", None, "x y/z.gguf")),
        ("a/b.gguf:c.gguf", hub.Name("a/b.gguf", None, "c.gguf")),
        *(
            (text, None)
            for text in ("a", "a/b/c", "a/b.gguf", "./a/b", "/a/b", "~/a", "a/..", "a/b:../c", "a/b@..")
        ),
        *((text, None) for text in ("a/b:", "a/b@", "a/b:/c", "a//b", "a/b\n", "a/b?x=1", "a/b:c:d", "-a/b")),
        ("a/" + "b" * 97, None),
    ],
)
def test_names(text: str, name: hub.Name | None) -> None:
    assert hub.parse(text) == name
    if name is not None:
        assert str(name) == text


def test_what_requests_to_a_server_call_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _serve_command.name_of("some/model-GGUF:Q4_K_M") == "some/model-GGUF:Q4_K_M"
    assert _serve_command.name_of("some/model.gguf") == "model"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "some" / "model").mkdir(parents=True)
    assert _serve_command.name_of("some/model") == "model"


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ImportError, match=r"pip install 'zcwasm\[hub\]'"):
        fetch.resolve("some/model")
    with pytest.raises(FileNotFoundError):
        zcwasm.llm.Model.open("some/model.gguf", zcwasm.Device("cpu"))


def test_what_is_not_supported_is_refused_before_its_weights_come(client: Client) -> None:
    files = {"config.json": b'{"model_type": "mamba"}', "model.safetensors": b"x"}
    client.server.repositories["some/mamba"] = repository(files)
    answer = client.one("some/mamba")
    assert answer["error"] == "ModelError"
    assert answer["text"].startswith("some/mamba: config.json: model_type is 'mamba'")
    assert client.server.downloads() == ["config.json"]
