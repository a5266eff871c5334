import { execFileSync } from 'node:child_process'

/** Prepares the network of the example, in which the proxy runs. */
export function createNetwork() {
  run('mount', '-t', 'tmpfs', 'none', '/run') // where `ip netns` keeps its names
  run('ip', 'link', 'set', 'lo', 'up')
}

/** Where the proxy finds a machine. */
export function addressOf(number) {
  return `10.${number}.0.2`
}

/**
 * Makes a machine: a network namespace with a virtual cable to that of the proxy. Returns the command that starts a
 * program there.
 */
export function createMachine(number) {
  const name = `machine${number}`
  const inside = (...args) => run('ip', '-n', name, ...args)
  run('ip', 'netns', 'add', name)
  run('ip', 'link', 'add', `to-${name}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name)
  run('ip', 'addr', 'add', `10.${number}.0.1/24`, 'dev', `to-${name}`)
  run('ip', 'link', 'set', `to-${name}`, 'up')
  inside('addr', 'add', `${addressOf(number)}/24`, 'dev', 'eth0')
  inside('link', 'set', 'eth0', 'up')
  inside('link', 'set', 'lo', 'up')
  return ['nsenter', `--net=/run/netns/${name}`]
}

/** The ports of the proxy's connections to a machine, as the kernel knows them. */
export function openPorts(address) {
  const lines = execFileSync('ss', ['-Htn', 'dst', address], { encoding: 'utf8' }).trim().split('\n')
  return lines.filter((line) => line !== '').map((line) => line.trim().split(/\s+/)[3].split(':').at(-1))
}

function run(program, ...args) {
  execFileSync(program, args)
}
