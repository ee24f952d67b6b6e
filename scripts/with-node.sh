#!/bin/sh
# with-node.sh FILE [ARGUMENTS…]: runs FILE on the Node of this project, after installing what is missing.
# It replaces itself with that Node, so that signals reach the program and not a shell before it.
root=$(CDPATH='' cd -- "$(dirname "$0")/.." && pwd -P) || exit 1
cd "$root" || exit 1

installed() {
  [ -d node_modules ] && node scripts/installed.mjs
}

# Two commands that start at once in a fresh clone must not install into each other's feet.
mkdir -p build
lock=build/installing
waiting=
until installed; do
  if mkdir "$lock" 2>/dev/null; then
    echo $$ >"$lock/pid"
    trap 'rm -rf "$lock"' EXIT
    trap 'exit 1' INT TERM HUP
    echo 'installing what is missing (once) …' >&2
    npm ci --include=dev --include=optional --ignore-scripts --no-audit --no-fund --loglevel=error >&2 || {
      echo 'npm ci failed: see above' >&2
      exit 1
    }
    rm -rf "$lock"
    trap - EXIT INT TERM HUP
    installed && break
    echo 'node_modules does not match package-lock.json although npm ci has just run' >&2
    exit 1
  fi
  [ -n "$waiting" ] || echo "waiting for another install to end ($root/$lock) …" >&2
  waiting=yes
  # The lock of a process that is gone is nobody's.
  sleep 1
  pid=$(cat "$lock/pid" 2>/dev/null) && ! kill -0 "$pid" 2>/dev/null && rm -rf "$lock"
done

node=node_modules/.bin/node
if ! "$node" -v >/dev/null 2>&1; then
  node bin/supported-node.mjs || exit 1
  node=node
fi
exec "$node" "$@"
