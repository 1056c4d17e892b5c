#!/bin/sh
# debian_run.sh FOLDER PROGRAM ARGUMENT...: a program with the loader, the libraries and, where it has any, the Vulkan
# driver of a folder that debian_folder.sh made. PROGRAM is one of the folder's, or a path. Children of such a program
# have the system's libraries again.
set -eu
root=$(cd "$1" && pwd) program=$2
shift 2
case $program in */*) ;; *) program=$root/usr/bin/$program ;; esac
driver=$(echo "$root"/usr/share/vulkan/icd.d/lvp_icd*.json)
[ ! -e "$driver" ] || export VK_DRIVER_FILES="$driver"
loader=$(find "$root/usr/lib64" "$root/usr/lib" -maxdepth 2 -name 'ld-linux-*.so.*' | head -n 1)
libraries=$(find "$root/usr/lib" -maxdepth 1 -name '*-linux-gnu' | head -n 1)
exec "$loader" --library-path "$libraries" "$program" "$@"
