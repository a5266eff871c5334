import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, resolve } from 'node:path'

/**
 * A module and all that it requires by a relative path, as one text: what a bundler makes of it. Packages and Node's own modules stay
 * outside, named by their place. As in any bundle, `__dirname` is the folder of the one file.
 */
export function bundle(entry: string): string {
  const modules = new Map<string, string>()
  collect(entry, modules)
  const bodies = [...modules].map(([file, text]) => {
    const body = text.replace(/\brequire\("([^"]+)"\)/g, (_, name: string) => {
      if (name.startsWith('.')) return `require_bundled(${JSON.stringify(resolve(dirname(file), name))})`
      return `require(${JSON.stringify(createRequire(file).resolve(name))})`
    })
    return `${JSON.stringify(file)}: (module, exports) => {${body}\n}`
  })
  return `const bodies = {${bodies.join(',\n')}}
    const loaded = {}
    function require_bundled(file) {
      if (!loaded[file]) {
        loaded[file] = { exports: {} }
        bodies[file](loaded[file], loaded[file].exports)
      }
      return loaded[file].exports
    }
    module.exports = require_bundled(${JSON.stringify(entry)})`
}

function collect(file: string, modules: Map<string, string>): void {
  if (modules.has(file)) return
  const text = readFileSync(file, 'utf8').replace(/^#!.*/, '')
  modules.set(file, text)
  for (const [, name = ''] of text.matchAll(/\brequire\("(\.[^"]+)"\)/g)) collect(resolve(dirname(file), name), modules)
}
