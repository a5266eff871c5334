import t from 'tap'
import { bundleRelease, compileRelease } from '../../support/bundle.js'
import { reloadsAsOneFile } from '../../support/bundle-story.js'
import { Framework } from '../../support/frameworks.js'

for (const format of ['cjs', 'esm'] as const) {
  t.test(`an app that esbuild has made one file of (${format}) replaces what a crash has left, and reloads`, (t) =>
    reloadsAsOneFile(t, (release) => bundleRelease(release, format))
  )
}

const ncc = new Framework('ncc', '@vercel/ncc@0.45')

t.test('an app that ncc has bundled into one file does so too', { skip: ncc.missing }, (t) =>
  reloadsAsOneFile(t, (release) => compileRelease(release, ncc))
)
