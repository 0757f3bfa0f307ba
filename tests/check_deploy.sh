#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# deploy/: systemd takes the unit without a word and finds little exposed; the image's libraries are those that the command asks for.
. "$(dirname "$0")/checking.sh"

# ---- the image: every library that the command is linked with is of a package that the Dockerfile installs ----
installed=$(sed -n '/^FROM debian:12-slim$/,/rm -rf/p' "$source/deploy/Dockerfile")
if command -v dpkg >/dev/null && command -v readelf >/dev/null; then
    for library in $(readelf -d "$fovea" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
        package=$(dpkg -S "*/$library" 2>/dev/null | sed -n '1s/:.*//p')
        case $package in
        '' | libc6* | libgcc-s1 | libstdc++6 | *-dev | libomp* | lib*san*) continue ;; # in every image, or of builds that no image has
        esac
        grep -q -- "\b$package\b" <<<"$installed" || complain "deploy/Dockerfile does not install $package ($library)"
    done
fi

# ---- the unit ----
[ $failures -eq 0 ] || exit 1
command -v systemd-analyze >/dev/null || { echo "systemd-analyze is not here"; exit 77; }
# What it starts need not be here.
sed "s|^ExecStart=[^ ]*|ExecStart=$fovea|" "$source/deploy/fovea.service" >fovea.service
said=$(systemd-analyze verify ./fovea.service 2>&1 | grep 'fovea\.service') # not what it says of the machine's other units
[ -z "$said" ] || complain "systemd-analyze verify: $said"
systemd-analyze security --offline=yes --threshold=15 ./fovea.service >out 2>&1 || complain "exposed: $(tail -n 1 out)"
exit $((failures > 0))
