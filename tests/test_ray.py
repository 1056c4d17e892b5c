"""Guests on a Ray cluster. What needs no cluster runs without Ray; what does starts one on this machine."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import basics, guest_path

import zcwasm
import zcwasm.ray

IMPORTS: dict[str, dict[str, Any]] = {"env": {"log": int, "pair": tuple}}


def stored(taker: Any) -> Any:
    """What Ray hands a task for a reference: a read-only array."""
    data = np.frombuffer(taker, np.uint8)
    data.flags.writeable = False
    return data


def test_an_export_for_each_row() -> None:
    worker = zcwasm.ray.Worker(guest_path("basics"), "add", imports=IMPORTS, device="cpu")
    batch = {"a": np.array([1, 2, 3]), "b": np.array([10, 20, -30])}
    done = worker(batch)
    assert {name: column.tolist() for name, column in done.items()} == {
        "a": [1, 2, 3],
        "b": [10, 20, -30],
        "result": [11, 22, -27],
    }
    assert worker({"a": np.array([], int), "b": np.array([], int)})["result"].shape == (0,)
    with pytest.raises(TypeError, match="batches of the format 'numpy', this one is a list"):
        worker([1, 2])
    with pytest.raises(TypeError, match="work must be the name of an export or a callable, not int"):
        zcwasm.ray.Worker(guest_path("basics"), 3)  # type: ignore[arg-type]


def test_after_a_failed_batch_the_instance_is_another() -> None:
    prepared: list[zcwasm.Instance] = []
    worker = zcwasm.ray.Worker(
        zcwasm.Module(guest_path("basics")),
        lambda guest, batch: {"q": np.array([guest.exports.divide(8, int(x)) for x in batch["x"]])},
        imports=lambda: IMPORTS,
        device=lambda: zcwasm.Device("cpu"),
        limits=zcwasm.Limits(fuel=10**6),
        prepare=prepared.append,
    )
    first = worker.instance
    view = first.memory.array(0, 4, np.uint8)
    assert worker({"x": np.array([1, 2])})["q"].tolist() == [8, 4]
    assert worker.instance is first
    with pytest.raises(zcwasm.Trap):
        worker({"x": np.array([0])})
    assert first.closed
    assert view.sum() >= 0  # its bytes are there
    assert worker({"x": np.array([4])})["q"].tolist() == [2]
    assert prepared == [first, worker.instance]
    assert worker.instance is not first


def test_workers_go_on_from_a_snapshot(tmp_path: Path) -> None:
    guest = basics()
    guest.exports.store(64, 4711)
    file = io.BytesIO()
    guest.snapshot(file)
    worker = zcwasm.ray.Worker(
        guest.module, "load", imports=IMPORTS, device="cpu", snapshot=stored(file.getvalue())
    )
    assert worker({"at": np.array([64])})["result"].tolist() == [4711]
    with pytest.raises(zcwasm.Trap):
        worker({"at": np.array([1 << 30])})
    assert worker({"at": np.array([64])})["result"].tolist() == [4711]  # the new one, too
    again = zcwasm.ray.restore(guest.module, stored(file.getvalue()), imports=IMPORTS)
    assert again.exports.load(64) == 4711


def test_without_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ModuleNotFoundError, match=r"zcwasm\.ray needs the package ray: .*zcwasm\[ray\]"):
        zcwasm.ray.put_snapshot(basics())
    with pytest.raises(ModuleNotFoundError, match=r"zcwasm\.ray needs the package ray"):
        zcwasm.ray.restore(basics().module, object())


# --- a cluster ---


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    ray = pytest.importorskip(
        "ray", reason="Ray is not here (pip install 'zcwasm[ray]'): no cluster to test on"
    )
    pytest.importorskip("pyarrow", reason="pyarrow, which Ray Data needs, is not here")
    environment = {"PYTHONPATH": os.pathsep.join([*filter(None, sys.path), os.path.dirname(__file__)])}
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        object_store_memory=100 << 20,
        runtime_env={"env_vars": environment},
    )
    yield ray
    ray.shutdown()


def add_or_die(guest: zcwasm.Instance, batch: Any) -> Any:
    """The first worker that is given row 40 is killed, as by the system's out-of-memory killer."""
    marker = Path(os.environ["ZCWASM_TEST_MARKER"])
    if 40 in batch["id"] and not marker.exists():
        marker.write_text(str(os.getpid()))
        os.kill(os.getpid(), signal.SIGKILL)
    x = guest.memory.array(4096, len(batch["id"]), np.float32)
    x[:] = batch["id"]
    guest.device.affine(x, 2, 1, out=x)
    added = [guest.exports.add(int(each), 5) for each in batch["id"]]
    return {**batch, "y": x.copy(), "added": np.array(added), "pid": np.full(len(x), os.getpid())}


@pytest.mark.slow
def test_a_worker_is_killed_in_the_middle(cluster: Any, tmp_path: Path) -> None:
    cluster.data.DataContext.get_current().enable_progress_bars = False
    marker = tmp_path / "killed"
    done = (
        cluster.data.range(100, override_num_blocks=10)
        .map_batches(
            zcwasm.ray.Worker,
            fn_constructor_kwargs={
                "module": zcwasm.Module(guest_path("basics")),
                "work": add_or_die,
                "imports": IMPORTS,
                "device": "cpu",
            },
            batch_size=10,
            concurrency=2,
            num_cpus=0.5,
            runtime_env={"env_vars": {"ZCWASM_TEST_MARKER": str(marker)}},
        )
        .take_all()
    )
    killed = int(marker.read_text())
    assert sorted(row["id"] for row in done) == list(range(100))
    assert all(row["y"] == 2 * row["id"] + 1 and row["added"] == row["id"] + 5 for row in done)
    assert not any(row["pid"] == killed and row["id"] in range(40, 50) for row in done)


@pytest.mark.slow
def test_snapshots_and_sessions_in_the_store(cluster: Any, tmp_path: Path) -> None:
    pytest.importorskip("gguf", reason="the gguf package, which writes the model, is not installed")
    import tiny_model

    from zcwasm import llm

    path = tmp_path / "tiny.gguf"
    tiny_model.write(path)
    options: dict[str, Any] = {"ignore_eos": True, "temperature": 1.3, "seed": 7}
    prompt = [(7 * n * n + 3 * n) % 250 for n in range(37)]
    model = llm.Model.open(path, zcwasm.Device("cpu", threads=1), pack=False)
    session = model.session()
    first = [token.id for token in session.generate(prompt, max_new_tokens=3, **options)]
    prefilled = zcwasm.ray.put_session(session)

    class Teller:
        def __init__(self, path: Path) -> None:
            self.model = llm.Model.open(path, zcwasm.Device("cpu", threads=1), pack=False)

        def tell(self, session: Any) -> tuple[int, list[int]]:
            loaded = zcwasm.ray.load_session(self.model, session)
            told = [token.id for token in loaded.resume(max_new_tokens=8, ignore_eos=True)]
            return os.getpid(), told

    actor = cluster.remote(Teller)
    tellers = [actor.options(num_cpus=0.5).remote(path) for _ in range(2)]
    told = cluster.get([teller.tell.remote(prefilled) for teller in tellers])
    here = [token.id for token in session.resume(max_new_tokens=8, ignore_eos=True)]
    assert len(first + here) == 11
    assert [tokens for _, tokens in told] == [here, here]
    assert len({os.getpid(), *(pid for pid, _ in told)}) == 3

    guest = basics()
    guest.exports.store(64, 4711)
    snapshot = zcwasm.ray.put_snapshot(guest)

    def load(module: zcwasm.Module, snapshot: Any) -> int:
        value: int = zcwasm.ray.restore(module, snapshot, imports=IMPORTS).exports.load(64)
        return value

    task = cluster.remote(load)
    # As an argument it comes as an array; in a list, as a reference.
    assert cluster.get(task.remote(guest.module, snapshot)) == 4711
    in_list = cluster.remote(lambda module, refs: load(module, refs[0]))
    assert cluster.get(in_list.remote(guest.module, [snapshot])) == 4711
    assert zcwasm.ray.restore(guest.module, snapshot, imports=IMPORTS).exports.load(64) == 4711
