import { spawnSync } from 'node:child_process'

const ROOT = ['unshare', '--pid', '--fork', '--mount-proc']
/** For a user who is not root. */
const USER = ['unshare', '--user', '--map-root-user', '--pid', '--fork', '--mount-proc']

const works = ([file = '', ...args]: string[]) => spawnSync(file, [...args, 'true'], { stdio: 'ignore' }).status === 0

/** The command that makes another one PID 1, as in a container; undefined where that is not allowed. */
export const AS_PID_1 = [ROOT, USER].find(works)

/** Why a test of PID 1 must be skipped; false if it need not. */
export const noNamespace = AS_PID_1 === undefined && 'unshare of util-linux cannot make a PID namespace here'

/** Why a test that needs its own file system must be skipped; false if it need not. */
export const noMountNamespace =
  !works(['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none /run && "$0"']) &&
  'unshare of util-linux cannot make a mount namespace here'

/** Runs in its own network, to which a machine can be added. */
const NETWORK = [
  '--net',
  '--mount',
  'sh',
  '-c',
  'mount -t tmpfs none /run && ip link add name left type veth peer name right && ip netns add machine && "$0"'
]

/** Why a test that needs its own machines must be skipped; false if it need not. */
export const noNetworkNamespace =
  ![ROOT, USER].some((unshare) => works([...unshare, ...NETWORK])) &&
  'unshare of util-linux and ip of iproute2 cannot make a network namespace here'
