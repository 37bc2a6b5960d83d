#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# browser.sh ERG: the page of a run in a real browser, narrow, wide and on paper.
erg=$(realpath "$1")
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || {
    echo "1..0 # SKIP no chromium or google-chrome is installed"
    exit 0
}
# shellcheck source=../steps.sh
. "$(dirname "$0")/../steps.sh"
open_page() {
    timeout 60 "$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars \
        --user-data-dir="$work/profile" --enable-logging=stderr --v=0 "$@" "file://$work/a.html"
}
"$erg" run --sensor sim:a100-sxm4-80gb --repeat 3 --idle 1s --quiet --output '<script>é.erg' \
    --tag 'who=<script>alert(1)</script>' -- sh -c 'sleep 0.4; exit 3'
"$erg" report '<script>é.erg' --output a.html
open_page --dump-dom >dom 2>errors
"$erg" show '<script>é.erg' --format json >run.json

opens() { cat errors; grep -q '</html>' dom; }
no_console_error() { ! grep -E 'CONSOLE|Refused to|Uncaught' errors; }
tracks() { [ "$(grep -c '<svg' dom)" -ge 1 ] && grep -q 'class="line"' dom && grep -q 'class="lane"' dom; }
tables() { for name in summary devices regions sampling; do
    grep -q "<caption>$name</caption>" dom || { echo "no table $name"; return 1; }; done; }
flags() { python3 - <<'P'
import json, re
run = json.load(open("run.json"))
raised = {f for rows in run["tables"].values() for row in rows
          for f in (row.get("flags") or "").split()}
raised |= {m[1] for m in (re.match("([A-Z_]{6,})[,:]", note) for note in run["notes"]) if m}
page = open("dom", encoding="utf-8").read()
missing = [f for f in raised if page.count("<dt>" + f) != 1]
print(raised, missing)
assert 'COMMAND_FAILED' in raised and not missing
P
}
simulated_said() { grep -q 'SIMULATED: nothing on this page was measured' dom; }
escaped() { ! grep -E '<script>(é|alert)' dom a.html && grep -q '&lt;script&gt;é' a.html; }
loads_nothing() { ! grep -Eio '(https?:|src=|href=|url\()' a.html; }
# The script writes the body's overflow into the title of a copy.
fits() { # WIDTH
    sed "s|</body>|<script>document.title='over '+(document.documentElement.scrollWidth-innerWidth)</script></body>|" \
        a.html >b.html
    timeout 60 "$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars \
        --user-data-dir="$work/profile" --window-size="$1,900" --dump-dom "file://$work/b.html" 2>/dev/null \
        | grep -Eo '<title>over -?[0-9]+' | tee over
    over=$(sed 's/.*over //' over)
    [ -n "$over" ] && [ "$over" -le 0 ]; }
phone() { fits 500; }       # chromium opens no narrower window
desk() { fits 1280; }
prints() { open_page --no-pdf-header-footer --print-to-pdf=a.pdf && [ "$(wc -c <a.pdf)" -gt 10000 ] \
    && [ "$(grep -ac '/Type /Page$' a.pdf)" -le 6 ]; }
draws() { open_page --window-size=390,2400 --screenshot=a.png && [ "$(wc -c <a.png)" -gt 20000 ]; }

check "the page opens" opens
check "the console has no error" no_console_error
check "power and regions are drawn" tracks
check "every table is there" tables
check "every flag is explained once" flags
check "what was simulated says so" simulated_said
check "names and tags cannot become elements" escaped
check "nothing is loaded from anywhere" loads_nothing
check "a narrow window needs no sideways scrolling" phone
check "a desk needs no sideways scrolling" desk
check "it draws on a phone" draws
check "it prints on a few sheets" prints

# The same with kernels of a profiler under the power: its page takes a.html's place.
awk 'BEGIN {
    print "timestamp,gpu,power_w" >"p.csv"
    for (i = 0; i < 1200; i++)
        printf "2026-03-02 10:00:%09.6f,0,%.1f\n", i / 20, i % 171 == 150 ? 300 : 130 + i % 3 >"p.csv"
    print "{\"baseTimeNanoseconds\": 1772445600000000000, \"traceEvents\": [" >"t.json"
    for (i = 0; i < 30000; i++)
        printf "%s{\"ph\":\"X\",\"cat\":\"kernel\",\"name\":\"<b>k%d\",\"pid\":0,\"tid\":%d,\"ts\":%d,\"dur\":%d,\"args\":{\"device\":0,\"stream\":%d}}\n", \
            i ? "," : "", i % 9, i % 3, i * 1900, 1200 + i % 700, i % 3 >"t.json"
    print "]}" >"t.json"
}'
"$erg" import --tz UTC --quiet --output k.erg p.csv >/dev/null
"$erg" timeline k.erg t.json --format html --output a.html
open_page --dump-dom >dom 2>errors
kernels() { [ "$(grep -c 'class="stream"' dom)" -eq 3 ] && grep -q '<h2>Energy by kernel' dom; }
spikes() { [ "$(grep -o 'class="spike"' dom | wc -l)" -ge 5 ]; }
small() { [ "$(wc -c <a.html)" -lt 200000 ]; }
plain() { ! grep -q '<b>k' a.html && grep -q '&lt;b&gt;k' a.html; }
check "the page of kernels opens" opens
check "its console has no error" no_console_error
check "streams and joules are drawn" kernels
check "spikes are marked" spikes
check "thirty thousand kernels stay small" small
check "kernels' names cannot become elements" plain
check "kernels fit a narrow window" phone
check "kernels fit a desk" desk
check "kernels draw on a phone" draws
echo "1..$number"
