import { join } from 'node:path'
import t from 'tap'
import { besideOf, filesOfOptions } from '../../../../lib/launcher/watch/beside.js'
import { failureLines, listOf, untoldLine } from '../../../../lib/launcher/watch/text.js'
import { isPlain, isSource } from '../../../../lib/launcher/watch/tree.js'

t.test('the files that Node is told to read, and those of an install', async (t) => {
  const home = t.testdir({ 'package.json': '{}', src: {} })
  const cwd = join(home, 'src')
  const { files } = besideOf(cwd, ['--env-file=a.env', '--env-file-if-exists', '../b.env', '--import', 'tsx', 's.js'])
  const installed = ['.package-lock.json', '.modules.yaml', '.yarn-state.yml'].map((name) => `node_modules/${name}`)
  t.strictSame(
    [...files].sort(),
    ['src/a.env', 'b.env', 'package.json', ...installed].map((name) => join(home, name)).sort()
  )
})

t.test('files of options', async (t) => {
  const args = ['--experimental-config-file=a.json', '--experimental-default-config-file', '--env-files=no', 's.js']
  t.strictSame(filesOfOptions({ cwd: '/app', args }), ['/app/a.json', '/app/node.config.json'])
})

t.test('.env files of the directory, and not what editors leave there', async (t) => {
  const [[, isMeant]] = besideOf('/', []).folders as [[string, (name: string) => boolean]]
  const names = ['.env', '.env.local', '.env.swp', '.env~', '.env.local~', '.envrc', 'x.env', '.env.tmp', '.env.a.b']
  t.strictSame(names.filter(isMeant), ['.env', '.env.local', '.env.a.b'])
})

t.test('what may be meant by a folder that is named, and what may be missing in one', async (t) => {
  const names = ['a.html', '.a.html.swp', 'a.html~', '4913', 'a.tmp', '#a#', 'b.mts', 'b.json', 'c.cjs', '.hidden.js']
  t.strictSame(names.filter(isPlain), ['a.html', 'b.mts', 'b.json', 'c.cjs'])
  t.strictSame(names.filter(isSource), ['b.mts', 'c.cjs'])
})

t.test('lines for people', async (t) => {
  t.equal(listOf(['a', 'b', 'c']), 'a, b, c')
  t.equal(listOf(['a', 'b', 'c', 'd', 'e']), 'a, b, c and 2 more')
  const cause = Object.assign(new Error('boom'), { stack: 'Error: boom\n    at app.js:1:1\n    at node:internal/x' })
  t.strictSame(failureLines(Object.assign(new Error('the child has ended'), { cause }), 'app.js'), [
    'not reloaded: app.js',
    '  Error: boom',
    '      at app.js:1:1',
    'the server keeps serving the previous code; the next change reloads'
  ])
  const stack =
    "/app/dep.js:1\nmodule.exports=;\n               ^\n\nSyntaxError: Unexpected token ';'\n" +
    '    at wrapSafe (node:internal/modules/cjs/loader:1464:18)\n    at Object.<anonymous> (/app/server.js:1:1)'
  const unread = Object.assign(new SyntaxError("Unexpected token ';'"), { stack })
  t.strictSame(
    failureLines(Object.assign(new Error('the child has ended'), { cause: unread }), 'dep.js').slice(1, -1),
    ["  SyntaxError: Unexpected token ';'", '  /app/dep.js:1', '  module.exports=;', '                 ^']
  )
  const missing = Object.assign(new Error("Cannot find module './x'\nRequire stack:\n- /app/a.js\n- /app/b.js"), {
    code: 'MODULE_NOT_FOUND'
  })
  t.match(failureLines(missing, 'a.js').slice(1, 3), ["  Error: Cannot find module './x'", '  Require stack:'])
  const nameless = Object.assign(new Error(''), { stack: 'Error\n    at app.js:1:1' })
  t.strictSame(failureLines(nameless, 'a').slice(1, 3), ['  Error', '      at app.js:1:1'])
  const told = Object.assign(new Error('it has ended'), { stack: '', stderr: ['Segmentation fault'] })
  t.match(failureLines(told, 'a')[2], /Segmentation fault/)
  const of = (code: string) => untoldLine(Object.assign(new Error('odd\n'), { code }))
  t.match(of('ENOSPC'), /max_user_watches.*checked once a second/)
  t.match(of('EMFILE'), /max_user_instances/)
  t.match(of('EPERM'), /^odd\\n: some folders/)
})
