#!/bin/bash
# Fuzzes the targets named as arguments, or all of them, for FUZZ_SECONDS each (Fuzzing/README.md). `make fuzz` builds first.
set -euo pipefail
cd "$(dirname "$0")/.."

driver=${FUZZ_DRIVER:-.build-fuzz/release/anynode-fuzz}
seconds=${FUZZ_SECONDS:-600}
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(ls Fuzzing/Corpus)

# Swift's own crash reports take long, and libFuzzer makes one already.
export SWIFT_BACKTRACE=enable=no

for target in "${targets[@]}"; do
    # What is learnt stays in the build folder; what fails goes where the tests replay it.
    learnt=.build-fuzz/corpus/$target
    log=.build-fuzz/$target.log
    mkdir -p "$learnt" "Fuzzing/Crashers/$target"
    if ! FUZZ_TARGET=$target "$driver" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -max_len=65536 \
        -dict="Fuzzing/Dictionaries/$target.dict" -artifact_prefix="Fuzzing/Crashers/$target/" -print_final_stats=1 \
        "$learnt" "Fuzzing/Corpus/$target" "Fuzzing/Crashers/$target" > "$log" 2>&1; then
        grep -vE '^(#|Dictionary|NEW_FUNC)' "$log" | tail -n 40
        echo "$target: failed; the input is in Fuzzing/Crashers/$target, the whole log in $log" >&2
        exit 1
    fi
    rmdir --ignore-fail-on-non-empty "Fuzzing/Crashers/$target" Fuzzing/Crashers
    # Or the driver did not run at all.
    units=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    [ -n "$units" ]
    memory=$(sed -n 's/^stat::peak_rss_mb: *//p' "$log")
    coverage=$(grep -oE 'cov: [0-9]+' "$log" | tail -n 1)
    echo "$target: $units inputs in $seconds s, $coverage edges, at most $memory MB"
done
