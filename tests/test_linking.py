"""Imports: functions, memories and globals given by the host or taken from another instance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support import basics, guest_path

import zcwasm

pytestmark = pytest.mark.usefixtures("engine")  # each test with each engine that is here


def imports(**changes: Any) -> dict[str, dict[str, Any]]:
    env: dict[str, Any] = {
        "memory": zcwasm.Memory(1, maximum=100),
        "seed": zcwasm.Global("i64", 7),
        "shared": zcwasm.Global("i32", 0, mutable=True),
        "started": lambda seed: None,
    }
    env.update(changes)
    return {"env": {name: value for name, value in env.items() if value is not ...}}


def instance(**changes: Any) -> zcwasm.Instance:
    return zcwasm.Instance(zcwasm.Module(guest_path("imports")), imports=imports(**changes))


def test_all_kinds() -> None:
    seen: list[int] = []
    memory = zcwasm.Memory(1, maximum=100)
    shared = zcwasm.Global("i32", 10, mutable=True)
    first = instance(memory=memory, shared=shared, started=seen.append)
    second = instance(memory=memory, shared=shared, started=seen.append, seed=zcwasm.Global("i64", -1))
    assert seen == [7, -1]  # the start function ran
    assert first.memory is memory
    assert first.exports.bump() == 11
    assert second.exports.bump() == 12
    assert shared.value == 12
    first.exports.poke(100, 77)
    assert second.exports.peek(100) == 77
    assert memory.read(8, 8) == b"imported"
    assert first.exports.grow(1) == 1
    assert second.exports.peek(65536) == 0
    assert memory.pages == 2


def test_a_host_function_may_run_another_instance_over_the_same_memory() -> None:
    memory = zcwasm.Memory(1, maximum=100)
    inner = instance(memory=memory)

    def started(seed: int) -> None:
        inner.exports.poke(5, 9)
        inner.exports.grow(1)

    outer = instance(memory=memory, started=started)
    assert outer.exports.peek(5) == 9
    assert outer.exports.grow(0) == 2


def test_exports_of_an_instance_as_imports() -> None:
    first = instance()
    exported = basics().exports
    again = zcwasm.Instance(
        zcwasm.Module(guest_path("basics")),
        imports={"env": {"log": exported["call log!"], "pair": exported.call_pair}},
    )
    assert again.exports.call_pair(1, 2) == (2, 1)
    with pytest.raises(zcwasm.LinkError, match="imported type"):
        zcwasm.Instance(
            zcwasm.Module(guest_path("basics")),
            imports={"env": {"log": exported.add, "pair": exported.call_pair}},
        )
    assert first.exports.bump() == 1


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"started": ...}, r"'env'\.'started' is missing: the module needs this function"),
        ({"memory": ...}, r"'env'\.'memory' is missing: the module needs this memory"),
        ({"started": 5}, r"'env'\.'started' must be a callable, not 5"),
        ({"memory": b"bytes"}, r"'env'\.'memory' must be a zcwasm\.Memory"),
        ({"seed": 7}, r"'env'\.'seed' must be a zcwasm\.Global, not 7"),
        ({"seed": zcwasm.Global("i32", 7)}, r"env\.seed: the global is i32, the module needs i64"),
        ({"seed": zcwasm.Global("i64", 7, mutable=True)}, r"the global is mutable i64, the module needs i64"),
        ({"shared": zcwasm.Global("i32", 7)}, r"the global is i32, the module needs mutable i32"),
        ({"memory": zcwasm.Memory(0, maximum=100)}, r"has 0 pages, at least 1 are needed"),
        ({"memory": zcwasm.Memory(1, maximum=101)}, r"maximum is 101 pages, at most 100 are allowed"),
        ({"memory": zcwasm.Memory(1)}, r"none declared\), at most 100"),
    ],
)
def test_refused(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(zcwasm.LinkError, match=text):
        instance(**changes)


def test_missing_modules() -> None:
    module = zcwasm.Module(guest_path("imports"))
    with pytest.raises(zcwasm.LinkError, match=r"'env'\.'memory' is missing"):
        zcwasm.Instance(module)
    with pytest.raises(zcwasm.LinkError, match="no such module is given"):
        zcwasm.Instance(module, imports={"other": {}})
    wrong: list[Any] = [5, [], (), "env"]
    for imports in wrong:
        with pytest.raises(TypeError, match="imports must be a mapping"):
            zcwasm.Instance(module, imports=imports)
        with pytest.raises(TypeError, match=r"imports\['env'\] must be a mapping"):
            zcwasm.Instance(module, imports={"env": imports})


def test_errors_while_looking_up_imports_pass() -> None:
    class Broken(dict[str, Any]):
        def __getitem__(self, name: str) -> Any:
            raise RuntimeError("broken mapping")

    with pytest.raises(RuntimeError, match="broken mapping"):
        zcwasm.Instance(zcwasm.Module(guest_path("imports")), imports={"env": Broken()})


def test_start_function_that_raises() -> None:
    def started(seed: int) -> None:
        raise KeyError(seed)

    with pytest.raises(KeyError, match="7"):
        instance(started=started)


def test_global_arguments() -> None:
    for arguments in (("i16", 1), ("funcref", 1), (5, 1)):
        with pytest.raises(ValueError, match="a value type is"):
            zcwasm.Global(*arguments)  # type: ignore[arg-type]
    with pytest.raises(OverflowError):
        zcwasm.Global("i32", 2**32)
    with pytest.raises(TypeError):
        zcwasm.Global("i32", 1.5)
    assert zcwasm.Global("f32", np.float64(0.5)).value == 0.5


def test_wrong_instance_arguments() -> None:
    module = zcwasm.Module(guest_path("basics"))
    with pytest.raises(TypeError, match=r"module must be a zcwasm\.Module, not PosixPath"):
        zcwasm.Instance(guest_path("basics"))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"must be a zcwasm\.Device, not str"):
        zcwasm.Instance(module, device="cpu")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"limits must be a zcwasm\.Limits, not dict"):
        zcwasm.Instance(module, limits={"fuel": 5})  # type: ignore[arg-type]
