# What tools/demo, tools/test and .ci/run share. Sourced, from the repository's root.
# shellcheck shell=bash

# step NAME COMMAND...: says what is being done, runs it, and names the step when it fails.
step() {
    local name=$1 started=$SECONDS
    shift
    printf '== %s\n' "$name"
    if ! "$@"; then
        printf '== FAILED: %s\n' "$name" >&2
        exit 1
    fi
    printf '== %s: %d s\n' "$name" $((SECONDS - started))
}

# build PRESET [TARGET...]: configures and builds in build/PRESET.
build() {
    local preset=$1 log
    shift
    log=$(mktemp)
    if ! { cmake --preset "$preset" && cmake --build --preset "$preset" ${1:+--target "$@"}; } >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}
