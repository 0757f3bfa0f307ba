#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# report.html as a browser shows it: alone in a folder, on a phone's width, nothing too wide and no section empty. Usage:
# check_report.sh BUILD_DIR SOURCE_DIR
. "$(dirname "$0")/checking.sh"

succeeds data demo digits --train 12 --test 6 --size 16 --seed 1
long=$(printf 'x%.0s' {1..200})
for part in train test; do
    mv "digits/$part/0" "digits/$part/<script>alert(1)<"
    mv "digits/$part/1" "digits/$part/äöü \"&'"
    mv "digits/$part/2" "digits/$part/$long"
done
succeeds train digits --epochs 2 --batch 16 --seed 1 --threads 2 --out a
page=a/report.html
for plot in accuracy loss learning_rate confusion roc precision_recall reliability; do
    [ -s a/$plot.png ] || complain "$plot.png is missing"
done
grep -qiE '<script|href=|url\(|https?:' $page && complain "the page runs or loads something"
[ "$(stat -c %s $page)" -lt 4000000 ] || complain "the page is too large"
# The same run, the same page: only the seconds of the epochs differ.
succeeds eval a/best.safetensors digits --report a
cp $page first.html
succeeds eval a/best.safetensors digits --report a
cmp -s $page first.html || complain "two reports of the same run differ"

browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || {
    [ $failures = 0 ] || exit 1
    echo "there is no Chromium: how the page looks was not tried"
    exit 77
}
mkdir alone
{ cat $page; cat <<'SCRIPT'; } >alone/report.html
<script>
let said = [], root = document.documentElement;
if (root.scrollWidth > innerWidth) said.push("the page is " + root.scrollWidth + " wide of " + innerWidth);
for (const e of document.querySelectorAll("main *"))
    if (!e.closest(".scroll, .matrix, pre, svg") && e.getBoundingClientRect().right > innerWidth + 1)
        said.push("too wide: " + e.tagName + "." + e.className);
for (const h of document.querySelectorAll("h2"))
    if (!h.nextElementSibling || h.nextElementSibling.getBoundingClientRect().height < 8) said.push("empty: " + h.textContent);
for (const i of document.querySelectorAll("img")) if (!i.naturalWidth) said.push("a picture that is none");
said.push([...document.querySelectorAll("h2")].map(h => h.textContent).join(","));
parent.postMessage(said.join("; ") + " END", "*");
</script>
SCRIPT
for width in 390 1200; do
    cat >alone/wrap.html <<WRAP
<iframe src="report.html" width=$width height=3000></iframe><p id=said></p>
<script>addEventListener("message", e => document.getElementById("said").textContent = "SAID " + e.data);</script>
WRAP
    timeout 60 "$browser" --headless --no-sandbox --disable-gpu --user-data-dir="$work/profile" --virtual-time-budget=5000 \
        --window-size=1300,3200 --dump-dom "file://$work/alone/wrap.html" >dom 2>err
    expected='SAID Warnings,Training,Confusion,Classes,Curves,Calibration,Worst mistakes,Scores,Pictures,Options,Again END'
    grep -qF "$expected" dom || complain "at $width pixels: $(grep -o 'SAID.*END' dom || tail -n 2 err)"
done
exit $((failures > 0))
