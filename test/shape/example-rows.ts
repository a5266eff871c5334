import type { Texts } from './docs.js'

/** The table that has all examples. */
const PAGE = 'example/README.md'

/** A row of it: the link and its target, what the example shows, the command, perhaps a note, and the test. */
const ROW = /^\| \[([\w.-]+)\]\(([\w.-]+)(\/?)\) \| .+? \| `([^`]+)`[^|]* \| `([^`]+)` \|$/gm

/** What runs an example in a clone without a file of it: `npm start`, and a test that was compiled. */
const NPM_START = /^npm start\b/
const COMPILED_TEST = /\bdist\/(test\/[\w/-]+\.test)\.js$/
const PROGRAM = /\bexample\/[\w/.-]+/

/** Returns one sentence for each example without a row in the table, and for each row that leads nowhere. */
export function exampleProblems(texts: Texts): string[] {
  const rows = [...(texts.get(PAGE) ?? '').matchAll(ROW)]
  const named = rows.map(([, name = '', target = '', slash = '']) => (name === target ? `${target}${slash}` : ''))
  return [
    ...examplesIn(texts)
      .filter((example) => !named.includes(example))
      .map((example) => `${PAGE} has no row for ${example}`),
    ...rows.flatMap(([, name = '', , , command = '', path = '']) =>
      [programOf(command), path]
        .filter((file) => !texts.has(file))
        .map((file) => `${PAGE}, ${name}: ${file} is not there`)
    )
  ]
}

/** Returns one sentence for each folder of examples whose page does not begin with a command for a clone. */
export function commandlessFolders(texts: Texts): string[] {
  const folders = examplesIn(texts).filter((example) => example.endsWith('/'))
  return folders.filter((folder) => {
    const [beginning = '', command = ''] = (texts.get(`example/${folder}README.md`) ?? '').split('\n```sh\n')
    return !/in a clone of this repository:\n$/i.test(beginning) || !/^(npm ci && |node example\/)/.test(command)
  })
}

/** The files and folders of example/; a folder ends with a slash. */
function examplesIn(texts: Texts): string[] {
  const names = [...texts.keys()].map((path) => /^example\/([^/]+\/?)/.exec(path)?.[1])
  return [...new Set(names)].filter((name) => name !== undefined && name !== 'README.md') as string[]
}

/** The file that a command runs, or what is wrong with it. */
function programOf(command: string): string {
  if (NPM_START.test(command)) return 'example/demo.mjs'
  const [, compiled] = COMPILED_TEST.exec(command) ?? []
  return compiled === undefined ? (PROGRAM.exec(command)?.[0] ?? command) : `${compiled}.ts`
}
