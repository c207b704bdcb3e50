#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The page that `quantnet compare --html` writes, opened in a real browser: it says nothing on the console, fetches nothing, is no
# wider than the window, and all marks of its plots are seen.
source "$(dirname "$0")/support/common.sh"

if ! browser=$(source scripts/setup.sh && find_browser); then
  skip "compare --html in a browser" "there is no chromium"
  exit
fi

# opened PAGE WIDTH: what the browser made of the page, and what it said.
opened() {
  { sed 's:</body></html>::' "$1" && echo "<script>" && cat tests/checks/support/page-facts.js && echo "</script></body></html>"; } >"$temp/opened.html"
  # Its own home, so that no profile of a user is touched.
  HOME=$temp timeout 60 "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --user-data-dir="$temp/profile" \
    --window-size="$2,900" --virtual-time-budget=2000 --enable-logging=stderr --dump-dom "file://$temp/opened.html" >"$temp/dom" 2>"$temp/said"
}

# looks_wrong PAGE WIDTH PLOTS: prints what is wrong with the page.
looks_wrong() {
  local facts
  if ! opened "$1" "$2"; then
    echo "the browser failed: $(tail -n 3 "$temp/said")"
    return
  fi
  grep 'CONSOLE' "$temp/said" || true
  facts=$(grep -o '<title>plots .*</title>' "$temp/dom" || true)
  if [[ -z $facts ]]; then
    echo "the page was not laid out"
    return
  fi
  [[ $facts == *"fetches [0]"* ]] || echo "it fetches something: $facts"
  [[ $facts == *"too wide by [0]"* ]] || echo "it is wider than the window: $facts"
  # "12 of 12 marks" for each plot, and not "0 of 0".
  grep -oE '[0-9]+ of [0-9]+ marks' <<<"$facts" >"$temp/plots" || true
  [[ $(wc -l <"$temp/plots") == "$3" ]] || echo "found $(wc -l <"$temp/plots") plots, expected $3: $facts"
  awk '$1 != $3 || $1 == 0 {print "marks that are not seen: " $0}' "$temp/plots"
}

model=samples/models/wide-Q4_K_M.gguf
for type in f32 bf16; do artifacts/quantnet dequantize "$model" --type "$type" -o "$temp/$type.gguf" --quiet; done
artifacts/quantnet compare "$temp/f32.gguf" "$temp/bf16.gguf" --html "$temp/page.html" --quiet >/dev/null
clean "compare --html in a browser" looks_wrong "$temp/page.html" 1280 3
clean "compare --html in a browser, as narrow as a phone" looks_wrong "$temp/page.html" 500 3

planted() { # NAME SCRIPT: the same page with a change
  sed "$2" "$temp/page.html" >"$temp/planted.html"
  caught "browser, planted: $1" looks_wrong "$temp/planted.html" 1280 3
}
planted "an error in a script" 's:</main>:<script>nothing.there();</script>&:'
planted "a picture from elsewhere" 's:</main>:<img src="no-such-picture.png">&:'
planted "a font from elsewhere" 's:</style>:@import "nowhere.css";&:'
planted "a mark outside its plot" '0,/<circle class="mark" cx="[0-9.]*"/s//<circle class="mark" cx="5000"/'
planted "a colour that is none" 's/--c0: #[0-9a-f]*;/--c0: transparent;/g'
planted "a plot less" 's:<svg :<img :'
