const [major = 0] = process.versions.node.split('.').map(Number)

/** Options that start Node under its permission model, with what a server needs and without child processes. */
export const PERMISSION_MODEL = [
  major >= 24 ? '--permission' : '--experimental-permission',
  '--allow-fs-read=*',
  '--no-warnings',
  // https://nodejs.org/api/permissions.html: the network has its own permission since Node 25.
  ...(major >= 25 ? ['--allow-net'] : [])
]
