#!/bin/sh
# Compiles the Rust standard library for wasm32-unknown-unknown out of Debian's packages, for machines whose rustup
# has no such target and may not fetch one. Takes a minute or two, once; the result is some 80 MB.
#
#   apt-get install --no-install-recommends rustc-web rust-web-src
#   plugins/make-sysroot.sh [FOLDER]          # default: plugins/target/wasm-sysroot
#
# A crate that is empty is built with `-Zbuild-std`; the libraries that cargo made on the way are the sysroot.
# Sources and compiler have to be of the same version, which is why rustup's compiler cannot be used with them.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
sysroot=${1:-$here/target/wasm-sysroot}
rustc=${WASM_RUSTC:-/usr/bin/rustc}
target=wasm32-unknown-unknown

"$rustc" --version >/dev/null 2>&1 || {
    echo "make-sysroot: no compiler at \`$rustc\`: install the packages rustc-web and rust-web-src" >&2
    exit 2
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/src"
touch "$work/src/lib.rs"
cat >"$work/Cargo.toml" <<'TOML'
[package]
name = "nothing"
version = "0.0.0"
edition = "2021"

[workspace]
TOML

# Bitcode lets guests optimise across the library's border. Unmarked items of the library's own dependencies must stay
# unreachable for its users, else their names would clash with those of a guest's dependencies. The profile is pinned here,
# because one that the caller's environment sets would change the bytes of every plugin.
cd "$work"
RUSTC=$rustc RUSTC_BOOTSTRAP=1 RUSTC_WRAPPER='' CARGO_TARGET_DIR=$work/target \
    CARGO_PROFILE_RELEASE_OPT_LEVEL=3 CARGO_PROFILE_RELEASE_PANIC=abort \
    RUSTFLAGS='-C debuginfo=0 -C embed-bitcode=yes -Z force-unstable-if-unmarked' \
    cargo build --quiet --release --target "$target" -Z build-std=std,panic_abort

libraries=$sysroot/lib/rustlib/$target/lib
rm -rf "$libraries"
mkdir -p "$libraries"
for library in "target/$target/release/deps/"*.rlib; do
    case ${library##*/} in
        libnothing-*) ;;
        *) cp "$library" "$libraries/" ;;
    esac
done
echo "$sysroot"
