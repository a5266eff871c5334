#!/bin/sh
# `sh deploy.sh 42` deploys /srv/app/releases/42. The exit code is 0 if the release serves now, and 1 if the reload
# failed or its outcome is unknown.
set -eu
cd /srv/app
before=$(readlink current)

point_link_to() {
  ln -sfn "$1" next && mv -T next current
}

point_link_to "releases/$1"
if ! fastify-graceful-reload reload --reason "release $1"; then
  point_link_to "$before"
  exit 1
fi
