'use strict'

module.exports = {
  apps: [
    {
      name: 'web',
      // The folder of this file is the folder of the app, wherever pm2 is called.
      cwd: __dirname,
      script: 'node_modules/.bin/fastify-graceful-reload',
      args: 'server.js',
      exec_mode: 'fork',
      // The start succeeds when the server accepts, and fails after listen_timeout.
      wait_ready: true,
      listen_timeout: 30_000,
      // Milliseconds. More than lameDuck, drainTimeout and closeTimeout together, with a reserve.
      kill_timeout: 40_000
    }
  ]
}
