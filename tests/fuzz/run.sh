#!/usr/bin/env bash
# Fuzzes each trace reader in turn; the corpus in tests/fuzz/corpus is not changed.
#
#   tests/fuzz/run.sh [--program FILE] [SECONDS]     default: libFuzzer of the release build, 60 s for all readers
#
# A crash leaves its input as build/fuzz/READER/crash-*; put it into the corpus when it is mended.
set -euo pipefail

home=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
program=$home/build/release/tests/trace_fuzz_program
if [[ ${1-} == --program ]]; then
  program=$2
  shift 2
fi
seconds=${1:-60}
readers=(native dftracer darshan_dxt darshan_counters strace kineto)
each=$(((seconds + ${#readers[@]} - 1) / ${#readers[@]}))
for reader in "${readers[@]}"; do
  corpus=$home/tests/fuzz/corpus/$reader
  printf '%s: ' "$reader"
  export LUSTRUM_FUZZ_READER=$reader
  if [[ $(basename -- "$program") == trace_mutations ]]; then
    "$program" "$each" 1 "$corpus"/*
    continue
  fi
  found=$home/build/fuzz/$reader
  mkdir -p -- "$found"
  if ! "$program" -max_total_time="$each" -timeout=10 -rss_limit_mb=2048 -max_len=16384 -close_fd_mask=1 \
    -artifact_prefix="$found/" -print_final_stats=1 "$found" "$corpus" >"$found.log" 2>&1; then
    printf 'FAILED\n'
    tail -n 40 -- "$found.log"
    exit 1
  fi
  sed -n 's/^stat::number_of_executed_units: *\([0-9]*\)/\1 runs/p' "$found.log"
done
