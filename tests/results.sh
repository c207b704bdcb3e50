# SPDX-License-Identifier: MIT
#
# Sourced by run.sh: runs steps, counts what they say they tested, and sums up. A step is a command with a reader for its kind
# of output. Each reader prints a line "passed NAME", "failed NAME" or "skipped NAME: reason" for each test that it finds.
# tests/checks/test-runner.sh shows that no failure gets lost here.

results=${results:-artifacts/test-results}
table=()
total_passed=0 total_failed=0 total_skipped=0

# GoogleTest. The lines between RUN and SKIPPED are the place and the reason.
read_gtest() {
  awk '
    /^\[ RUN      \]/ {text = ""; next}
    /^\[       OK \]/ {print "passed", $4; next}
    /^\[  FAILED  \] .*ms\)$/ {print "failed", $4; next}
    /^\[  SKIPPED \] .*ms\)$/ {sub(/^ +/, "", text); print "skipped", $4 ":", text; next}
    {if ($0 !~ /: Skipped$/) text = text " " $0}'
}

# xunit under `dotnet test` with the console logger at normal verbosity. Reasons come before the results.
read_xunit() {
  awk '
    waiting != "" {sub(/^\[xUnit[^]]*\] +/, ""); reason[waiting] = $0; waiting = ""; next}
    /^\[xUnit.*\[SKIP\]$/ {sub(/^\[xUnit[^]]*\] +/, ""); sub(/ \[SKIP\]$/, ""); waiting = $0; next}
    /^  (Passed|Failed|Skipped) .*\]$/ {
      what = tolower($1)
      sub(/^  [A-Z][a-z]+ /, "")
      sub(/ \[[^[]*\]$/, "")
      print what, $0 (what == "skipped" ? ": " reason[$0] : "")
    }'
}

# The project's own checks (tests/checks): ok NAME, FAIL NAME: reason, skip NAME: reason.
read_checks() {
  sed -n -e 's/^ok /passed /p' -e 's/^FAIL /failed /p' -e 's/^skip /skipped /p'
}

# A command that is one test, by its exit code alone.
read_nothing() { :; }

# step NAME READER COMMAND...: runs a command, its output in a file of its own.
step() {
  local name=$1 reader=$2 started=$SECONDS code=0 log found passed failed skipped
  shift 2
  log=$results/$(tr 'A-Z' 'a-z' <<<"$name" | tr -sc 'a-z0-9\n' '-').log
  [[ -t 1 ]] && printf '%s ...\r' "$name"
  "$@" >"$log" 2>&1 </dev/null || code=$?
  found=$("$reader" <"$log")
  passed=$(grep -c '^passed ' <<<"$found") || true
  failed=$(grep -c '^failed ' <<<"$found") || true
  skipped=$(grep -c '^skipped ' <<<"$found") || true

  if [[ $reader == read_nothing ]]; then
    if ((code == 0)); then passed=1; else failed=1; fi
  elif ((code != 0 && failed == 0)); then
    failed=1
    echo "the command ended with exit code $code" >>"$log"
  elif ((passed + failed + skipped == 0)); then
    failed=1
    echo "no test was run" >>"$log"
  fi

  count "$name" "$passed" "$failed" "$skipped" "$((SECONDS - started))"
  sed -n "s/^skipped /$name: /p" <<<"$found" >>"$results/skipped.txt"
  ((failed == 0)) || show_failure "$log"
}

# skip NAME REASON: a step that cannot run here.
skip() {
  count "$1" 0 0 1 0
  echo "$1: $2" >>"$results/skipped.txt"
}

count() {
  local row
  row=$(printf '%-34s %8d %8d %8d %7d s' "$@")
  table+=("$row")
  total_passed=$((total_passed + $2))
  total_failed=$((total_failed + $3))
  total_skipped=$((total_skipped + $4))
  echo "$row"
}

show_failure() {
  echo "---- from $1"
  { grep -nE -A6 '^FAIL |: error|[Ee]rror:|: Failure|ERROR: |runtime error|\[FAIL\]|^  Failed ' "$1" || true; } | head -n 50
  echo "----"
  tail -n 15 "$1"
  echo "---- end of $1"
}

# Prints the table, what was skipped, and the sums; the exit code says whether anything failed.
summary() {
  echo
  printf '%-34s %8s %8s %8s\n' step passed failed skipped
  printf '%s\n' "${table[@]}"
  if [[ -s $results/skipped.txt ]]; then
    echo
    echo "Skipped:"
    sort "$results/skipped.txt" | uniq -c | sed -E 's/^ +1 /  /; s/^ +([0-9]+) (.*)/  \2 (\1 times)/'
  fi
  echo
  echo "$total_passed passed, $total_failed failed, $total_skipped skipped"
  ((total_failed == 0))
}
