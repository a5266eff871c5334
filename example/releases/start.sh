#!/bin/sh
# The shell leaves the way in $PWD: neither the option nor --directory is needed. The same with the launcher in place of node.
export FASTIFY_GRACEFUL_CONTROL=/srv/app/control.sock
cd /srv/app/current && node server.js </dev/null >>/srv/app/log 2>&1 &
