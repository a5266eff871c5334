'use strict'

module.exports = {
  apps: [
    {
      name: 'web',
      script: 'node_modules/.bin/fastify-graceful-reload',
      args: 'server.js',
      exec_mode: 'fork',
      // The start has succeeded when the server accepts, and failed after listen_timeout.
      wait_ready: true,
      listen_timeout: 30_000,
      // Milliseconds; more than drainTimeout and lameDuck together.
      kill_timeout: 30_000
    }
  ]
}
