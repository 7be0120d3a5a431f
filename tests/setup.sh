#!/usr/bin/env bash
# The browser tests drive Debian's Chromium. Install it where that can be done; say loudly where it cannot.
set -u
found() { command -v chromium || command -v chromium-browser || command -v google-chrome; }
[ -n "${GAZE_CHROMIUM:-}" ] && [ -x "${GAZE_CHROMIUM}" ] && exit 0
if found >/dev/null; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Chromium for the browser tests ..."
    (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium) >/dev/null 2>&1
fi
if found >/dev/null; then exit 0; fi
cat >&2 <<'TXT'
****************************************************************************
  No Chromium here, so the browser tests cannot run.
  Install it (Debian: apt-get install chromium), or name one: GAZE_CHROMIUM=/path
****************************************************************************
TXT
[ -n "${CI:-}" ] && exit 1
exit 0
