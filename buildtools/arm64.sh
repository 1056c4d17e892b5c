#!/bin/sh
# arm64.sh FOLDER: makes FOLDER/python, a Python for arm64 with this package and what its tests need, which qemu emulates
# on another machine. The folder gets packages of the Debian that this is, wheels for arm64, and the package, compiled by
# the cross compiler with warnings as errors. Nothing needs privileges: what FOLDER/python starts is emulated only when
# it is that program again, and everything else, such as a compiler, is this machine's own.
# QEMU_CPU names the processor (qemu-aarch64-static -cpu help). qemu says nothing about speed.
# Needs qemu-aarch64-static, aarch64-linux-gnu-gcc, dpkg-deb and apt-get; PYTHON (default python3) with pip.
set -eu
cd "$(dirname "$0")/.."
for tool in qemu-aarch64-static aarch64-linux-gnu-gcc dpkg-deb apt-get; do
    command -v $tool > /dev/null || { echo "there is no $tool (on Debian: qemu-user-static, gcc-aarch64-linux-gnu)"; exit 1; }
done
rm -rf "$1"
mkdir -p "$1"
folder=$(cd "$1" && pwd) python=${PYTHON:-python3}
root=$folder/root
sh buildtools/debian_folder.sh "$(. /etc/os-release && echo "$VERSION_CODENAME"):arm64" "$root" \
    python3 libpython3-dev libstdc++6 > "$folder/packages.log" || { cat "$folder/packages.log"; exit 1; }
# qemu finds a file in the folder first, and else on this machine: only libraries shall be found there.
(cd "$root" && rm -rf bin boot dev etc home media mnt opt proc root run sbin srv sys tmp var usr/sbin)
[ -e "$root/lib" ] || ln -s usr/lib "$root/lib" # where Debian has put the two together
program=$(echo "$root"/usr/bin/python3.[0-9]*[0-9])
name=${program##*/}

# Python finds itself by the name that it was called by, so its children are emulated, too; it does not take modules
# from the current folder, which may be this checkout.
cat > "$folder/python" << END
#!/bin/sh
exec qemu-aarch64-static -L '$root' -0 '$folder/python' -E PYTHONHOME='$root/usr' -E PYTHONSAFEPATH=1 '$program' "\$@"
END
chmod +x "$folder/python"

install() { # wheels for it, by this machine's pip
    "$python" -m pip install -qq --disable-pip-version-check --no-compile --only-binary=:all: --implementation cp \
        --python-version "${name#python}" --platform manylinux_2_31_aarch64 --platform manylinux_2_28_aarch64 \
        --platform manylinux_2_17_aarch64 \
        --platform manylinux2014_aarch64 --platform linux_aarch64 --target "$root/usr/lib/python3/dist-packages" "$@"
}

install 'setuptools>=77'
"$python" buildtools/wasm3.py
export CC="aarch64-linux-gnu-gcc -I$root/usr/include/$name -idirafter $root/usr/include" ZCWASM_WERROR=1
"$folder/python" setup.py -q build --build-base "$folder/build" bdist_wheel --bdist-dir "$folder/wheel" \
    --dist-dir "$folder" > "$folder/build.log" 2>&1 || { cat "$folder/build.log"; exit 1; }
install "$(echo "$folder"/zcwasm-*.whl)[test]"
"$folder/python" -c 'import platform, zcwasm; print(platform.machine(), zcwasm.__file__, zcwasm.Device("cpu"))'
