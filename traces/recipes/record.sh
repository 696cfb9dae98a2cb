#!/usr/bin/env bash
# Records real runs on this machine with strace and writes them, scrubbed and gzipped, into a folder:
#
#   traces/recipes/record.sh [OUT]     default: traces/samples
#
#   loader.strace.gz       a data loader: 4 forked workers read 48 files of 1 MiB for 2 epochs
#   checkpoint.strace.gz   4 processes write a checkpoint of 4 x 8 MiB three times, the last two are kept
#   ls_lR.strace.gz        `ls -lR` on 8 folders with 40 files each
#
# Needs strace (apt-get install strace) and python3. The files are made in a temporary folder, whose name becomes /data
# in the trace. They are small and fresh: reads come from the page cache, so the times are those of memory, not of a disk.
set -euo pipefail

recipes=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
out=${1:-$recipes/../samples}
command -v strace >/dev/null || { echo "record.sh: needs strace: apt-get install strace" >&2; exit 3; }
mkdir -p -- "$out"
folder=$(mktemp -d)
trap 'rm -rf -- "$folder"' EXIT
cp -- "$recipes/loader.py" "$recipes/checkpoint.py" "$folder/"

# record NAME COMMAND...: what it does with files and processes. Times are with the cost of tracing in them.
record() {
  local name=$1
  shift
  (cd -- "$folder" && strace -f -ttt -T -y -e trace=%file,%desc,%process,lseek -e signal=none -s 0 -o "$folder.strace" \
    /usr/bin/env -i PATH=/usr/bin:/bin LC_ALL=C "$@" </dev/null >/dev/null 2>&1)
  # Of no use to a replay, and nobody's business: where this machine keeps its temporary files.
  sed -e "s#$folder#/data#g" "$folder.strace" | gzip -9n >"$out/$name.strace.gz"
  rm -f -- "$folder.strace"
  printf '%s: %s lines\n' "$name" "$(zcat -- "$out/$name.strace.gz" | wc -l)"
}

mkdir "$folder/train" "$folder/checkpoint" "$folder/tree"
for i in $(seq -w 0 47); do head -c 1048576 /dev/urandom >"$folder/train/sample_$i.bin"; done
for d in $(seq 0 7); do
  mkdir "$folder/tree/folder_$d"
  for f in $(seq -w 0 39); do : >"$folder/tree/folder_$d/file_$f"; done
done

record loader python3 -I -S -B loader.py train
record checkpoint python3 -I -S -B checkpoint.py checkpoint
record ls_lR ls -lR tree
