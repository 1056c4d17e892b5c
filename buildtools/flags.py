"""Compiler settings shared by setup.py and fuzz.py."""

# Read by wasm3's headers, so our files need the same values as wasm3's own.
DEFINES = [("d_m3RecordBacktraces", "1"), ("d_m3MaxLinearMemoryPages", "65536")]

COMMON = ["-O3", "-fvisibility=hidden", "-fno-math-errno", "-pthread"]
OURS = ["-std=c11", "-Wall", "-Wextra"]
# Upstream's, and: the interpreter lives on tail calls, which a stack protector prevents; it reads memory
# through differing types; contracting a * b + c would change results of WebAssembly.
WASM3 = ["-std=gnu11", "-w", "-fomit-frame-pointer", "-fno-stack-protector", "-fno-strict-aliasing"]
WASM3 += ["-ffp-contract=off"]
