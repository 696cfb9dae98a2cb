# shellcheck shell=bash disable=SC2016,SC2154
# The stages of `./lustrum test`; read by the wrapper, whose functions it uses. Every stage runs even if an earlier one
# failed, unless it needs what that one builds.

format_check() {
  (cd -- "$LUSTRUM_HOME" && find sim models reports cli tests \( -name '*.cpp' -o -name '*.hpp' \) -print0 |
    xargs -0 -r clang-format --dry-run -Werror)
}

# What differs from commit to commit, and is the same for whoever tests the same commit.
commit_number() { git -C "$LUSTRUM_HOME" rev-list --count HEAD 2>/dev/null || date +%s; }

# Every tenth file, others with each commit, or with `--all` every one: all of them take as long as all other stages
# together. One file after the other, two at a time; a file's findings stay together.
tidy_check() {
  local round=0
  if [[ $1 != all ]]; then round=$(commit_number); fi
  (cd -- "$LUSTRUM_HOME" && find sim models reports cli -name '*.cpp' | sort |
    awk -v all="$1" -v round="$((10#$round))" 'all == "all" || NR % 10 == round % 10' |
    xargs -r -d '\n' -n 1 -P 2 bash -c '
      findings=$(clang-tidy -p build/release --quiet "$0" 2>&1) && exit
      grep -v "^[0-9]\+ warnings\? \(.* \)\?\(generated\|treated\)" <<<"$findings"
      exit 1')
}

tests_of() { # tests_of PRESET [CTEST OPTION...]
  local dir=$build/$1
  shift
  ctest --test-dir "$dir" --no-tests=error --output-on-failure -j 2 "$@"
}

# Random runs of the model, and meanwhile libFuzzer: its program is one slow compiler process. All of it beside the
# sanitized tests, one of which takes longer than all others. The seeds are the commit's: each commit plays runs that
# none before it has played, and the same ones every time.
random_runs() {
  local swarm fuzzed=0
  "$build/release/tests/lustrum_swarm" --seconds 120 --first "$(commit_number)000000" &
  swarm=$!
  { build_preset release trace_fuzz && "$LUSTRUM_HOME/tests/fuzz/run.sh" 60; } || fuzzed=$?
  wait "$swarm" && return "$fuzzed"
}

# finish PID LOG: waits for a background job; its log is shown when it failed, otherwise the end of it.
finish() {
  if wait "$1"; then tail -n 10 -- "$2"; else
    cat -- "$2"
    return 1
  fi
}

# stage NAME [NEEDED STAGE] -- COMMAND...: runs it and notes how it went.
stage() {
  local name=$1 needed="" start=$SECONDS outcome=passed
  shift
  if [[ $1 != -- ]]; then
    needed=$1
    shift
  fi
  shift
  if [[ -n $needed && ${outcomes[$needed]} != passed ]]; then
    outcome=skipped
  else
    talk "$name ..."
    "$@" >&2 || outcome=FAILED
  fi
  outcomes[$name]=$outcome
  summary+=("$(printf '%-16s %-8s %5d s' "$name" "$outcome" $((SECONDS - start)))")
}

run_all() {
  local quick="" tidied=tenth
  while (($# > 0)); do
    case $1 in
      --quick) quick=yes ;;
      --all) tidied=all ;;
      -h | --help)
        printf 'usage: ./lustrum test [--quick | --all]\n'
        return 0
        ;;
      *)
        printf 'lustrum: error: `test` does not know `%s`; usage: ./lustrum test [--quick | --all]\n' "$1" >&2
        return 2
        ;;
    esac
    shift
  done

  local -A outcomes=()
  local summary=()
  lock
  ensure_packages "${packages[@]}" "${test_packages[@]}"
  stage build -- build_release
  if [[ -z $quick ]]; then
    # The sanitized build is the same program at -O1: both must give the same bytes (label determinism). To build the
    # unit tests too would take longer than all other stages; what they test runs here inside models, and the trace
    # readers in the fuzzers. Of UBSan's checks only the cheap ones are in, for the same reason.
    stage build_asan -- build_preset asan model_tests lustrum_swarm lustrum_cli
    if [[ ${outcomes[build_asan]} == passed ]]; then export LUSTRUM_DEV_BINARY=$build/asan/cli/lustrum; fi
  fi
  unlock # tests may call the wrapper
  stage tests build -- tests_of release
  if [[ -z $quick ]]; then
    random_runs >"$build/random_runs.log" 2>&1 &
    local random=$!
    stage tests_asan build_asan -- tests_of asan -L '^(model|swarm)$'
    stage random_runs build -- finish "$random" "$build/random_runs.log"
    stage format -- format_check
    stage tidy build -- tidy_check "$tidied"
  fi

  printf '%s\n' "${summary[@]}"
  [[ ! "${outcomes[*]}" =~ FAILED|skipped ]]
}
