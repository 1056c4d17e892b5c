"""How much memory this process may still take, as far as the system tells."""

from __future__ import annotations

import os
from pathlib import Path

# Of the two kinds of control groups: the limit, what is used, and of memory.stat the cache of files and what
# of it no file is behind.
_V2 = ("memory.max", "memory.current", "file", "shmem")
_V1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_cache", "total_shmem")


def available(root: Path = Path("/")) -> int:
    """Bytes that can be taken without taking them from others: caches of files count as free. The least of
    what the machine has and of what each control group around this process has."""
    machine = _table(root / "proc/meminfo").get("MemAvailable:")
    found = (
        machine * 1024 if machine is not None else os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    )
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, group = rest.partition(":")
        mount = root / "sys/fs/cgroup"
        if controllers and "memory" not in controllers.split(","):
            continue
        if controllers:
            mount /= "memory"
        # In a container the group's own path may not be there: then the mount point is the container's group.
        names = [name for name in group.split("/") if name]
        for depth in range(len(names) + 1):
            found = min(found, _left(mount.joinpath(*names[:depth]), *(_V1 if controllers else _V2), found))
    return found


def _left(group: Path, limit: str, used: str, cache: str, shared: str, most: int) -> int:
    allowed, taken = _text(group / limit).strip(), _text(group / used).strip()
    if not allowed.isdecimal() or not taken.isdecimal():
        return most  # "max", or no such file
    stat = _table(group / "memory.stat")
    files = stat.get(cache, 0) - stat.get(shared, 0)
    return max(0, int(allowed) - max(0, int(taken) - max(0, files)))


def _table(path: Path) -> dict[str, int]:
    """Lines of a name and a number."""
    pairs = (line.split() for line in _text(path).splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) > 1 and pair[1].isdecimal()}


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
