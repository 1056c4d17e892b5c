"""Compiler settings shared by setup.py and fuzz.py."""

# wasm3's settings (m3_config.h) that our files would need to share.
DEFINES: list[tuple[str, str]] = []

COMMON = ["-O3", "-fvisibility=hidden", "-fno-math-errno", "-pthread"]
OURS = ["-std=c11", "-Wall", "-Wextra"]
# Upstream's, and: the interpreter lives on tail calls, which a stack protector prevents; it reads memory
# through differing types; contracting a * b + c would change results of WebAssembly.
WASM3 = ["-std=gnu11", "-w", "-fomit-frame-pointer", "-fno-stack-protector", "-fno-strict-aliasing"]
WASM3 += ["-ffp-contract=off"]
