#!/usr/bin/env bash
# The dependency audit of `make lint`: licences, sources, bans, yanked versions and security advisories, by cargo-deny and deny.toml.
#
# Builds the pinned cargo-deny once into the user's cache (unoptimised: 2.3 minutes of CPU instead of some ten; it runs for seconds).
# The advisories live in a git repository. Where that cannot be reached the audit says loudly that they went unchecked and checks the rest.
set -euo pipefail
cd "$(dirname "$0")/../.."

version=0.20.2
root=${XDG_CACHE_HOME:-$HOME/.cache}/gearcast-tools/cargo-deny-$version
deny=$root/bin/cargo-deny
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

if [ ! -x "$deny" ]; then
    echo "Building cargo-deny $version into $root (once) ..."
    CARGO_PROFILE_DEV_DEBUG=0 CARGO_TARGET_DIR=$scratch/target \
        cargo install --quiet --locked --debug --root "$root" cargo-deny@=$version
fi

# Every error is shown; two versions of one crate (dozens, from the window toolkit) are only counted.
check() {
    local log=$scratch/log status=0
    "$deny" --locked --config "$scratch/deny.toml" check --hide-inclusion-graph "$@" >"$log" 2>&1 || status=$?
    if [ $status -ne 0 ]; then
        awk -v RS= '!/^warning\[duplicate\]/ {print $0 "\n"}' "$log"
        return $status
    fi
    awk -v RS= '!/^warning\[duplicate\]/ {print $0 "\n"}' "$log" | grep -v '^$' || true
    case " $* " in *" bans "*) echo "(crates in more than one version, told by warnings: $(grep -c '^warning\[duplicate\]' "$log"))" ;; esac
}

# cargo-deny keeps the fetched database here, so that a later run without network still has it.
databases=${XDG_CACHE_HOME:-$HOME/.cache}/gearcast-tools/advisories
sed "s|^\[advisories\]|&\ndb-path = \"$databases\"|" deny.toml >"$scratch/deny.toml"
check licenses sources bans

if "$deny" --config "$scratch/deny.toml" fetch db >"$scratch/fetch" 2>&1; then
    check advisories
    exit 0
fi
if compgen -G "$databases/advisory-db-*/crates" >/dev/null; then
    echo "The advisory database cannot be refreshed; using the copy of an earlier run (cargo-deny refuses one older than 90 days)."
    check --disable-fetch advisories
    exit 0
fi

# No database: a stand-in with one advisory about no crate lets cargo-deny still ask crates.io which versions were withdrawn.
stand_in=$scratch/advisory-db
mkdir -p "$stand_in/crates/none"
printf '```toml\n[advisory]\nid = "RUSTSEC-2000-0001"\npackage = "none"\ndate = "2000-01-01"\n[versions]\npatched = [">= 0.0.0"]\n```\n\n# None\n' \
    >"$stand_in/crates/none/RUSTSEC-2000-0001.md"
git -C "$stand_in" init -q -b main
git -C "$stand_in" add .
git -C "$stand_in" -c user.name=audit -c user.email=audit@localhost commit -q -m "A stand-in"
sed "s|^\[advisories\]|&\ndb-path = \"$scratch/databases\"|" deny.toml >"$scratch/deny.toml"
GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="url.file://$stand_in.insteadOf" GIT_CONFIG_VALUE_0=https://github.com/RustSec/advisory-db \
    check advisories | sed 's/advisories ok/yanked versions ok/'
cat <<'TEXT'
************************************************************************************************
*  SECURITY ADVISORIES WERE NOT CHECKED: their database (a git repository) cannot be fetched.  *
*  Licences, sources, bans and yanked versions were. Run `make lint` where it can be reached.  *
************************************************************************************************
TEXT
sed -n 's/^.*fatal: /   git: /p' "$scratch/fetch" | head -3
