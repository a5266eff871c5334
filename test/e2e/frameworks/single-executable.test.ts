import { readFileSync } from 'node:fs'
import t from 'tap'
import { reloadsAsOneFile } from '../../support/bundle-story.js'
import { HAS_PROC } from '../../support/fds.js'
import { Framework } from '../../support/frameworks.js'
import { OtherNode } from '../../support/other-node.js'
import type { Release } from '../../support/release.js'
import { buildRelease, injectRelease } from '../../support/single-executable.js'

// The executable is the app. There is no script, and no Node that would run another one; all arguments are the app's.

const postject = new Framework('postject', 'postject@1.0.0-alpha.6')
const modern = new OtherNode(26, 26)

const KINDS: Array<[what: string, missing: string | false, make: (release: Release) => Promise<string>]> = [
  ['made by postject', postject.missing, (release) => injectRelease(release, process.execPath, postject)],
  ['made by Node itself', modern.missing, (release) => buildRelease(release, modern.path)]
]

for (const [what, missing, make] of KINDS) {
  t.test(
    `a single executable application, ${what}, replaces what a crash has left, and reloads`,
    { skip: missing },
    (t) =>
      reloadsAsOneFile(t, make, {
        start: (file) => ({ command: [file, '--flag', 'value'] }),
        check: (_server, pid) => {
          if (!HAS_PROC) return
          const [, ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1)
          t.strictSame(args, ['--flag', 'value'])
        }
      })
  )
}
