#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An installed tree is enough to build and run a program, with pkg-config and with CMake; the public headers are clean C17 and C++.
set -euo pipefail
build=$(realpath "$1") source=$(realpath "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$build" --prefix "$work/prefix" >/dev/null
lib=$(dirname "$(find "$work/prefix" -name fovea.pc)")/..
cat >"$work/use.c" <<'C'
#include <fovea.h>
#include <stdio.h>
int main(void)
{
    fv_model *m = fv_model_create(.height = 8, .width = 8, .channels = 1);
    fv_node *x = fv_conv2d(fv_input(m), .filters = 4, .kernel = 3, .activation = FV_RELU);
    fv_output(fv_dense(fv_max_pool2d(x), .units = 2));
    printf("%s %d %d\n", fv_version(), (int)fv_compile(m), (int)fv_model_class_count(m));
    fv_model_destroy(m);
    return 0;
}
C
# shellcheck disable=SC2046
gcc -std=c17 -Wpedantic -Wall -Wextra -Werror "$work/use.c" -o "$work/use" \
    $(PKG_CONFIG_PATH=$lib/pkgconfig pkg-config --cflags --libs fovea)
version=$(sed -n 's/^project(fovea VERSION \([0-9.]*\).*/\1/p' "$source/CMakeLists.txt")
[ "$(LD_LIBRARY_PATH=$lib "$work/use")" = "$version 0 2" ]
printf '#include <fovea.h>\nint main() { return fv_version() == nullptr; }\n' >"$work/use.cpp"
g++ -std=c++17 -Wpedantic -Wall -Wextra -Werror -fsyntax-only -I"$work/prefix/include" "$work/use.cpp"
mkdir "$work/project"
cat >"$work/project/CMakeLists.txt" <<'C'
cmake_minimum_required(VERSION 3.22)
project(use C)
find_package(fovea 0.1 REQUIRED)
add_executable(use ../use.c)
target_link_libraries(use fovea::fovea)
add_executable(use_static ../use.c)
target_link_libraries(use_static fovea::fovea_static)
C
cmake -S "$work/project" -B "$work/project/build" -DCMAKE_PREFIX_PATH="$work/prefix" >/dev/null
cmake --build "$work/project/build" >/dev/null
[ "$("$work/project/build/use")" = "$version 0 2" ]
[ "$("$work/project/build/use_static")" = "$version 0 2" ]
[ "$("$work/prefix/bin/fovea" --version)" = "fovea $version" ]
