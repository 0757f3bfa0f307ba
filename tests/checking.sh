# SPDX-License-Identifier: Apache-2.0
# What the scripts that try the command begin with: `. "$(dirname "$0")/checking.sh"`. Their arguments are BUILD_DIR and SOURCE_DIR; they
# go on in an empty folder, and end with `exit $((failures > 0))`.
set -u
build=$(realpath "$1")
source=$(realpath "$2")
fovea=$build/fovea
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0

complain() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# succeeds ARGUMENTS...: status 0; output in out and err.
succeeds() {
    "$fovea" "$@" >out 2>err </dev/null || complain "fovea $*: status $?: $(tail -n 1 err)"
}

# fails STATUS TEXT ARGUMENTS...: ends with the status and says TEXT.
fails() {
    local status=$1 text=$2
    shift 2
    "$fovea" "$@" >out 2>err </dev/null
    [ $? -eq "$status" ] || complain "$*: not status $status"
    grep -qF -- "$text" err || complain "$*: says '$(tail -n 1 err)', not '$text'"
}

# python PROGRAM COMPLAINT: what the program asserts holds.
python() {
    python3 -c "$1" || complain "$2"
}
