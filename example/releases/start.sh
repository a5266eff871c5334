#!/bin/sh
# The shell puts the path into $PWD, with the link in it, so neither the option `directory` nor --directory is needed.
# The same applies with the launcher instead of node.
export FASTIFY_GRACEFUL_CONTROL=/srv/app/control.sock
cd /srv/app/current && node server.js </dev/null >>/srv/app/log 2>&1 &
