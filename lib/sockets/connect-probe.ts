import net from 'node:net'

/**
 * A program of its own: exits with 3 if nobody serves on the unix socket that its argument names, with 0 if somebody does or
 * it cannot be told. https://man7.org/linux/man-pages/man2/connect.2.html, ECONNREFUSED
 */
const socket = net.connect(process.argv[2] ?? '')
socket.on('connect', () => process.exit(0))
socket.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'ECONNREFUSED' ? 3 : 0))
