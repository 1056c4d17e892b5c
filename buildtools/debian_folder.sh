#!/bin/sh
# debian_folder.sh SUITE[:ARCHITECTURE] FOLDER PACKAGE...: packages of another Debian, with all that they need, extracted
# into FOLDER and not installed. For tools that are younger than Debian 12: the folder's own loader and libraries run
# them (buildtools/shaders.py, .ci/run); and for another architecture (buildtools/arm64.sh). Needs Debian's apt-get and
# dpkg-deb.
set -eu
suite=${1%:*} architecture=$(dpkg --print-architecture) folder=$2
case $1 in *:*) architecture=${1#*:} ;; esac
shift 2
mkdir -p "$folder/apt/lists/partial" "$folder/apt/cache/archives/partial" "$folder/apt/parts"
work=$(cd "$folder/apt" && pwd)
uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' | head -n 1)
: > "$work/status"
echo "deb $uri $suite main" > "$work/sources.list"
cat > "$work/apt.conf" << END
APT::Architecture "$architecture"; APT::Architectures "$architecture";
Dir::State::Lists "$work/lists"; Dir::State::status "$work/status"; Dir::Cache "$work/cache";
Dir::Etc::sourcelist "$work/sources.list"; Dir::Etc::sourceparts "$work/parts"; Dir::Etc::preferencesparts "$work/parts";
Acquire::Languages "none"; APT::Sandbox::User "root";
END
export APT_CONFIG="$work/apt.conf"
apt-get -q update
apt-get -q install --yes --download-only --no-install-recommends "$@" libc6
for package in "$work"/cache/archives/*.deb; do dpkg-deb -x "$package" "$folder"; done
rm -rf "$work"
