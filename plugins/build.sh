#!/bin/sh
# Builds every plugin from source: guest crates to core modules, core modules to components.
#
#   plugins/build.sh [OUT_DIR]
#
# Without OUT_DIR each component lands beside its source, plugins/NAME/NAME.wasm, where it is committed; with it, in
# OUT_DIR/NAME.wasm, to be compared. The bytes depend on sources, Cargo.lock and compiler, and not on the folder.
#
#   TOLLGATE       the program that makes components (default: built from this repository)
#   WASM_RUSTC     compiler to use where rustup has no wasm32-unknown-unknown (default /usr/bin/rustc, Debian's rustc-web)
#   WASM_SYSROOT   its standard library (default plugins/target/wasm-sysroot, made by make-sysroot.sh when missing)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
out=${1:-}
target=wasm32-unknown-unknown
plugins='runtime node-type spot-mix auto-termination required-tags init-scripts cost-ceiling cost-increase cluster-size cluster-policy'

if [ -n "$out" ]; then
    mkdir -p "$out"
    out=$(cd "$out" && pwd)
fi

# Paths that panic messages would carry. The standard library's own are those of its build.
flags="--remap-path-prefix=$here=plugins --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo"

cd "$here"
if rustup target list --installed 2>/dev/null | grep -qx "$target"; then
    compiler='the toolchain of rustup'
else
    export RUSTC="${WASM_RUSTC:-/usr/bin/rustc}"
    compiler=$("$RUSTC" --version)
    sysroot=${WASM_SYSROOT:-$here/target/wasm-sysroot}
    [ -d "$sysroot/lib/rustlib/$target/lib" ] || ./make-sysroot.sh "$sysroot" >/dev/null
    flags="$flags --remap-path-prefix=$sysroot=sysroot --sysroot $sysroot"
    # Debian ships no linker for wasm; rustup's toolchain for the host has one.
    export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER="${WASM_LINKER:-$(env -u RUSTC rustc --print sysroot)/lib/rustlib/$(env -u RUSTC rustc -vV | sed -n 's/^host: //p')/bin/rust-lld}"
fi
echo "compiling with $compiler" >&2
CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS=$flags cargo build --quiet --locked --release --target "$target"
unset RUSTC

modules=${CARGO_TARGET_DIR:-$here/target}/$target/release
for plugin in $plugins; do
    module=$modules/tollgate_plugin_$(echo "$plugin" | tr - _).wasm
    component=${out:-$here/$plugin}/$plugin.wasm
    if [ -n "${TOLLGATE:-}" ]; then
        "$TOLLGATE" plugin componentize "$module" -o "$component"
    else
        (cd "$here/.." && env -u CARGO_TARGET_DIR cargo run --quiet --release -- plugin componentize "$module" -o "$component")
    fi
    echo "$(wc -c <"$component") $component" >&2
done
