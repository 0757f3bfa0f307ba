#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The Debian packages hold what they should, name what they need, and what is unpacked of them runs.
set -euo pipefail
build=$(realpath "$1") source=$(realpath "$2")
for tool in dpkg-shlibdeps file; do # cpack needs both
    command -v $tool >/dev/null || { echo "there is no $tool here"; exit 77; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
(cd "$build" && cpack --config CPackConfig.cmake -B "$work/made") >log 2>&1 || { cat log; exit 1; }
bad=0
complain() { echo "FAILED: $*" && bad=1; }
holds() { # PACKAGE FILE...
    local package=$1 file
    shift
    dpkg-deb -c made/"${package}"_*.deb >list
    for file in "$@"; do grep -qE " \./usr/$file( ->|\$)" list || complain "$package lacks $file"; done
}
holds fovea bin/fovea share/man/man1/fovea-train.1.gz share/doc/fovea/copyright share/doc/fovea/changelog.gz \
    share/bash-completion/completions/fovea share/zsh/vendor-completions/_fovea share/fish/vendor_completions.d/fovea.fish
holds libfovea0 'lib/([^/]+/)?libfovea.so.0' share/doc/libfovea0/copyright
holds libfovea-dev include/fovea.h include/fovea/use.h 'lib/([^/]+/)?libfovea.so' 'lib/([^/]+/)?libfovea.a' 'lib/([^/]+/)?pkgconfig/fovea.pc' \
    'lib/([^/]+/)?cmake/fovea/fovea-config.cmake'
field() { dpkg-deb -f made/"$1"_*.deb "$2"; }
[[ $(field fovea Depends) == *dnnl* ]] || complain "fovea does not depend on oneDNN"
[[ $(field fovea Recommends) == *cairo* ]] || complain "fovea does not recommend what it opens"
[[ $(field libfovea-dev Depends) == "libfovea0 (= "*dnnl-dev* ]] || complain "libfovea-dev depends on $(field libfovea-dev Depends)"
for package in made/*.deb; do dpkg-deb -x "$package" root; done
version=$(sed -n 's/^project(fovea VERSION \([0-9.]*\).*/\1/p' "$source/CMakeLists.txt")
[ "$(root/usr/bin/fovea --version)" = "fovea $version" ] || complain "the command does not run"
flags=$(PKG_CONFIG_PATH=$(dirname "$(find "$PWD/root" -name fovea.pc)") pkg-config --cflags-only-I fovea)
[ -f "$(grep -o '[^ ]*/include' <<<"${flags#-I}" | head -1)/fovea.h" ] || complain "fovea.pc does not find the headers: $flags"
exit $bad
