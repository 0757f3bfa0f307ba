#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Includes follow the layer table of docs/ARCHITECTURE.md: a folder of src/ includes only from itself and from folders below it,
# and engine, image and other heavy headers stay in their own folders.
set -euo pipefail
cd "$2"
# From the table: rows "| `src/NAME/` | …", highest first.
mapfile -t order < <(sed -n 's/^| `src\/\([a-z]*\)\/` |.*/\1/p' docs/ARCHITECTURE.md)
[ "${#order[@]}" -ge 10 ] || { echo "docs/ARCHITECTURE.md: the layer table was not found"; exit 1; }
declare -A height
for i in "${!order[@]}"; do height[${order[$i]}]=$i; done
bad=0
checked=0
while IFS=: read -r file line; do
    from=${file#src/}
    from=${from%%/*}
    include=$(sed 's/.*"\(.*\)".*/\1/' <<<"$line")
    to=${include%%/*}
    checked=$((checked + 1))
    case $include in
    fovea.h | fovea/*) continue ;;
    */*) ;;
    *) echo "$file: \"$include\" must be named from src/"; bad=1; continue ;;
    esac
    if [ -z "${height[$from]:-}" ] || [ -z "${height[$to]:-}" ]; then
        echo "$file: \"$include\": a folder that the layer table does not name"; bad=1
    elif [ "${height[$to]}" -lt "${height[$from]}" ]; then
        echo "$file includes \"$include\", which lies above it"; bad=1
    fi
    # The command uses the public interface; of the inside only the option tables.
    if [ "$from" = cli ] && [ "$to" != cli ] && [ "$to" != core ]; then
        echo "$file: the command uses the public interface only, not \"$include\""; bad=1
    fi
done < <(grep -rHE '^#include "' src --include=*.c --include=*.h)
[ "$checked" -gt 100 ] || { echo "only $checked includes were seen"; bad=1; }
# header pattern → the only folder that may include it
while read -r pattern folder; do
    if grep -rlE "#include <$pattern" src include | grep -v "^$folder"; then
        echo "<$pattern> may be included in $folder only"; bad=1
    fi
done <<'TABLE'
dnnl src/engine/onednn/
cuda src/engine/cuda/
jpeglib src/image/
spng src/image/
cairo src/image/
webp src/image/formats/
gif_lib src/image/formats/
libheif src/image/formats/
microhttpd src/core/
sqlite3 src/tune/
TABLE
for file in $(git ls-files '*.c' '*.h' '*.sh' '*.cmake' '*CMakeLists.txt' 'scripts/*' '*.py' 2>/dev/null); do
    [ "$file" = scripts/packages.txt ] && continue
    head -3 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' || { echo "$file: the SPDX line is missing"; bad=1; }
done
exit $bad
