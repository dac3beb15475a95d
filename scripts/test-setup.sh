#!/bin/sh
# Makes sure that a Chromium is there for the browser tests; on Debian and Ubuntu it is installed when missing.
set -e
for place in "$CHROMIUM" /usr/bin/chromium /usr/bin/chromium-browser /usr/bin/google-chrome; do
  if [ -n "$place" ] && [ -x "$place" ]; then
    exit 0
  fi
done
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
else
  echo 'Cannot run the browser tests as Chromium is not installed: install it, or set CHROMIUM to its path' >&2
  exit 1
fi
