#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# fovea export --to c: what it prints, refuses and leaves, and the self-test of the source on Cortex-M processors under QEMU.
# Usage: check_csource.sh BUILD_DIR SOURCE_DIR
. "$(dirname "$0")/checking.sh"
weights=${FOVEA_TEST_DATA:-$source/../shared/data}/weights
network=$weights/resnet8_cifar10_mlperf_tiny_float.tflite
[ -r "$network" ] || network=$source/tests/golden/tflite_layers.tflite

succeeds import "$network" -o model.safetensors
succeeds export model.safetensors --to c -o "the-net.c"
grep -qE '^weights [0-9]+ bytes, arena [0-9]+ bytes, code [0-9]+ bytes on this machine, [0-9]+ multiply-additions' out ||
    complain "export: does not say what it costs: $(cat out)"
grep -q 'no probability differs by more than' out || complain "export: was not run: $(cat out)"
[ -s the-net.c ] && [ -s the-net.h ] || complain "export: the-net.c and the-net.h are not there"
grep -q 'int the_net_self_test(void);' the-net.h || complain "export: the file's stem is not the prefix"
cp the-net.c before.c
succeeds export model.safetensors --to c -o "the-net.c"
cmp -s the-net.c before.c || complain "export: the same model gives another source"
CC=/nowhere/cc succeeds export model.safetensors --to c --prefix other -o plain
grep -q 'not run: there is no C compiler' out || complain "export without a compiler: $(cat out)"
[ -s plain.c ] && grep -q 'other_classify' plain.h || complain "export: --prefix has no effect"
CC=false "$fovea" export model.safetensors --to c -o bad.c >out 2>err && complain "export: a compiler that fails is no failure"
grep -q 'compiling it (false) failed' err || complain "export: does not say that the compiler failed: $(cat err)"
"$fovea" export model.safetensors --to c --prefix 9net -o bad.c >out 2>err && complain "export: took the prefix 9net"
grep -q "prefix '9net'" err || complain "export: does not name the bad prefix: $(cat err)"
[ -e bad.c ] && complain "export: a failure left a file"

for program in arm-none-eabi-gcc qemu-system-arm; do
    command -v $program >/dev/null && continue
    [ "$failures" -gt 0 ] && exit 1
    echo "$program is missing: nothing was run on a Cortex-M"
    exit 77
done

# on BOARD CPU FPU SOURCE: the exit status of its self-test there.
on() {
    local flags="-mcpu=$2 -mthumb -mfloat-abi=hard -mfpu=$3"
    arm-none-eabi-gcc -std=c99 -Wall -Wextra -Werror -pedantic $flags -O2 -c "$4" -o net.o &&
        arm-none-eabi-gcc $flags -O2 -DSELF_TEST=the_net_self_test -nostartfiles -T "$source/tests/cortex_m/memory.ld" \
            "$source/tests/cortex_m/start.c" net.o -lm -lc -o net.elf 2>link || { cat link; return 99; }
    timeout 120 qemu-system-arm -M "$1" -nographic -semihosting -kernel net.elf </dev/null
}
on mps2-an386 cortex-m4 fpv4-sp-d16 the-net.c || complain "Cortex-M4: the self-test gives $?"
on mps2-an500 cortex-m7 fpv5-sp-d16 the-net.c || complain "Cortex-M7: the self-test gives $?"
sed '/expected\[/{n;s/[0-9.]*f,/7.f,/}' the-net.c >wrong.c
on mps2-an500 cortex-m7 fpv5-sp-d16 wrong.c
[ $? -eq 1 ] || complain "Cortex-M7: a wrong probability is not seen"
exit $((failures > 0))
