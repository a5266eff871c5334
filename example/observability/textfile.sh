#!/bin/sh
# Writes the metrics of a control socket to a file for node_exporter (--collector.textfile.directory), in one step.
# Run it every 15 seconds, as a user that may connect to the socket. If there is no answer, it removes the file, so that
# no old figures stay.
#
#   textfile.sh /run/app/control.sock /var/lib/node_exporter/textfile/app.prom
set -eu
[ $# -eq 2 ] || {
  echo "usage: $0 <control socket> <file>" >&2
  exit 2
}
file=$2
new=$file.$$
trap 'rm -f "$new"' EXIT
if curl -fsS --max-time 10 --unix-socket "$1" -o "$new" http://server/metrics; then
  chmod 644 "$new"
  mv "$new" "$file"
else
  rm -f "$file"
  exit 1
fi
