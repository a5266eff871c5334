'use strict'

// Keep this file in /srv/app, not in the folder of a release: pm2 reads it once. pm2 puts the path of `cwd` into $PWD,
// with the link in it, so --directory is not needed.
module.exports = {
  apps: [
    {
      name: 'web',
      cwd: '/srv/app/current',
      script: 'node_modules/.bin/fastify-graceful-reload',
      args: 'server.js',
      exec_mode: 'fork',
      wait_ready: true,
      listen_timeout: 30_000,
      // Milliseconds. More than lameDuck, drainTimeout and closeTimeout together, with a reserve.
      kill_timeout: 40_000
    }
  ]
}
