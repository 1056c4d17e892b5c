"""Sandboxed WebAssembly guests whose linear memory is GPU memory.

Load a module, make an instance, view its memory with NumPy, and let a device compute on it in place:

    device = zcwasm.Device()
    guest = zcwasm.Instance(zcwasm.Module("guest.wasm"), device=device)
    A = guest.memory.array(ptr, (n, n), np.float32)
    device.matmul(A, B, out=C)

Nothing is copied between guest, device and NumPy; `copy_stats()` counts what is copied elsewhere.
"""

import atexit
from importlib.resources import files
from importlib.util import find_spec
from typing import TYPE_CHECKING

if not find_spec("zcwasm._core"):
    raise ImportError(
        f"{__path__[0]} is the source of zcwasm, without its compiled module: start Python in another "
        "folder, where it finds the installed package, or build this one in place (pip install -e .)"
    )

from zcwasm import _core
from zcwasm._core import (
    Batch,
    ClosedError,
    CompileError,
    Device,
    DeviceArray,
    DeviceError,
    Error,
    Exit,
    Exports,
    ExportType,
    Function,
    Global,
    ImportType,
    Instance,
    InUseError,
    Kernel,
    LinkError,
    Memory,
    ModelError,
    Module,
    SnapshotError,
    Submission,
    Table,
    Tensor,
    Trap,
    __version__,
    copy_stats,
    devices,
)
from zcwasm._engines import EngineInfo, engines
from zcwasm._imports import pass_instance
from zcwasm._limits import Limits
from zcwasm._models.fetch import FetchError
from zcwasm._models.weights import Weights
from zcwasm._profile import profile
from zcwasm._snapshot import snapshot_info
from zcwasm._trace import trace
from zcwasm._types import DeviceKind, EngineKind
from zcwasm._wasi import Wasi

if TYPE_CHECKING:
    from zcwasm._call import Call
    from zcwasm._pool import Pool, PoolStats, Results

__all__ = [
    "Batch",
    "Call",
    "ClosedError",
    "CompileError",
    "Device",
    "DeviceArray",
    "DeviceError",
    "DeviceKind",
    "EngineInfo",
    "EngineKind",
    "Error",
    "Exit",
    "ExportType",
    "Exports",
    "FetchError",
    "Function",
    "Global",
    "ImportType",
    "InUseError",
    "Instance",
    "Kernel",
    "Limits",
    "LinkError",
    "Memory",
    "ModelError",
    "Module",
    "Pool",
    "PoolStats",
    "Results",
    "SnapshotError",
    "Submission",
    "Table",
    "Tensor",
    "Trap",
    "Wasi",
    "Weights",
    "__version__",
    "copy_stats",
    "devices",
    "engines",
    "guest_include",
    "pass_instance",
    "profile",
    "snapshot_info",
    "trace",
]


def guest_include() -> str:
    """Folder of what guests include: zcwasm.h, zcwasm_helpers.h, zcwasm_kernels.h; zcwasm.rs for Rust."""
    return str(files("zcwasm") / "include")


def __getattr__(name: str) -> object:
    """What imports more than most programs need: concurrent.futures takes longer than all of this package."""
    if name in ("Pool", "PoolStats", "Results"):
        from zcwasm import _pool

        return getattr(_pool, name)
    if name == "Call":
        from zcwasm._call import Call

        return Call
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


# Where users find them is what tracebacks, reprs and pickles say.
for _public in (
    EngineInfo,
    FetchError,
    Limits,
    Wasi,
    Weights,
    engines,
    pass_instance,
    profile,
    snapshot_info,
    trace,
):
    _public.__module__ = __name__
del _public

# Nobody is left who could want the results of work in flight: it is cancelled. What a driver does not end in
# two seconds keeps its memory, and ends with the process.
atexit.register(_core._finish, 2.0)
