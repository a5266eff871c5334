import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { bare, ownEnvironment } from '../../support/bare.js'
import { startWithControl } from '../../support/control-requests.js'
import { runCommand } from '../../support/package-command.js'
import { PACKAGE_ROOT } from '../../support/release.js'

t.test('reload prints what happened when it has, and status what is', async (t) => {
  const { server, control } = await startWithControl(t)
  const reloaded = await runCommand(['reload', '--control', control, '--reason', 'release 2'])
  const pid = await server.serving(2)
  t.equal(reloaded.code, 0, reloaded.stderr)
  t.match(
    reloaded.stdout,
    new RegExp(
      `^(preparing\n)?booting, child ${pid}\n(.*\n)*reloaded     generation 2, pid ${pid}\nbefore       generation 1, pid ${server.pid}\nrelease      server.cjs in \\S+, same folder\nnode         ${process.version}\nconnections  0 moved\nerrors       0 of \\d+ requests \\(before: 0 of \\d+\\)\n` +
        'boot         [\\d.]+ m?s\nhandoff      [\\d.]+ m?s\nprobation    [\\d.]+ m?s\ntotal        [\\d.]+ m?s\nreason       release 2\n$'
    )
  )
  t.equal(reloaded.stderr, '')
  t.match(server.events('reload-succeeded'), [{ result: { reason: 'release 2' } }])
  t.equal(await server.exitOf(server.pid), 0)

  const { port } = server.target() as { port: number }
  const status = await runCommand(['status'], { env: { FASTIFY_GRACEFUL_CONTROL: control } })
  t.match(status, { code: 0, stderr: '' })
  t.match(
    status.stdout,
    new RegExp(
      `^phase        serving\ngeneration   2\npid          ${pid}\nuptime       [\\d.]+ m?s\n` +
        `release      server.cjs in \\S+, same folder\nnode         ${process.version}\n` +
        `listeners    127.0.0.1:${port}\nconnections  0\nmemory       [\\d.]+ MB, of it [\\d.]+ MB heap\nplugin       \\d\\S+\n\n` +
        'reloads      1 succeeded\nlast         generation 2 succeeded [\\d.]+ m?s ago\nasked by     release 2, at \\S+Z\n' +
        'took         .*s: boot .*s, handoff .*s, probation .*s\n$'
    )
  )
})

t.test('--json prints one object', async (t) => {
  const { server, control } = await startWithControl(t)
  const reloaded = await runCommand(['reload', '--json', '--control', control])
  t.match(reloaded, { code: 0, stderr: '' })
  const result = JSON.parse(reloaded.stdout)
  const pid = await server.serving(2)
  t.match(result, { generation: 2, pid, previous: { generation: 1, pid: server.pid }, migrated: 0 })
  t.strictSame(Object.keys(result).sort(), [
    'generation',
    'health',
    'migrated',
    'pid',
    'previous',
    'reason',
    'release',
    'timings',
    'unchanged'
  ])
  t.equal(result.reason, 'fastify-graceful-reload reload')

  const status = await runCommand(['status', '--json', '--control', control])
  t.match(status, { code: 0, stderr: '' })
  t.match(JSON.parse(status.stdout), {
    version: 2,
    launcher: null,
    workers: [{ generation: 2, pid, phase: 'serving', uptime: Number, connections: 0 }]
  })

  await server.release.configure({ boot: 'throw' })
  const failed = await runCommand(['reload', '--json', '--control', control])
  t.match(failed, { code: 1, stderr: '' })
  const { error, ...rest } = JSON.parse(failed.stdout)
  t.strictSame(rest, {})
  t.match(error, { code: 'GRACEFUL_ERR_CHILD_EXITED', message: /this release cannot boot/, exitCode: 1, signal: null })
  t.match(error.stderr.join('\n'), /Error: this release cannot boot/)
})

t.test('a status while a reload goes on', async (t) => {
  const { server, control } = await startWithControl(t, { options: { probation: 60_000 } })
  await server.release.configure({ boot: 'hang' })
  const reloading = runCommand(['reload', '--control', control, '--reason', 'deploy'])
  const { pid: hanging } = await server.event('boot')
  const status = await runCommand(['status', '--control', control])
  t.match(status, { code: 0, stdout: /^phase +reloading$/m })
  t.match(
    status.stdout,
    new RegExp(`^reload       deploy, for .*s: booting, child ${hanging}, 0 of 0 connections moved$`, 'm'),
    status.stdout
  )
  process.kill(hanging, 'SIGKILL')
  t.match(await reloading, {
    code: 1,
    stdout: new RegExp(`^(preparing\n)?booting, child ${hanging}\n`),
    stderr: /was killed by SIGKILL/
  })

  const { boot, ...config } = JSON.parse(await server.release.read('config.json'))
  await server.release.write('config.json', JSON.stringify(config))
  const rolledBack = runCommand(['reload', '--control', control])
  const child = await server.serving(2)
  await server.event('handed-over')
  t.match(await runCommand(['status', '--control', control]), {
    stdout: new RegExp(
      `^phase +serving on probation, [\\d.]+ of 60.0 s; pid ${server.pid} takes over again if it fails\n.*^pid +${child}$`,
      'ms'
    )
  })
  process.kill(child, 'SIGKILL')
  t.match(await rolledBack, {
    ...{ code: 1, stdout: /probation of 60\.0 s, child \d+\n$/ },
    stderr:
      /^fastify-graceful-reload: the new generation was rolled back: it was killed by SIGKILL.*\ncode {2}GRACEFUL_ERR_ROLLED_BACK\n$/
  })
})

t.test('a reload tells how it goes, where that is wanted, and a stop what it has stopped', async (t) => {
  const { server, control } = await startWithControl(t, { options: { probation: 300 } })
  await server.release.configure({ boot: 'wait' })
  const late = await runCommand(['reload', '--json', '--control', control, '--timeout', '1500'])
  t.match(late, { code: 1, stderr: '' })
  t.match(JSON.parse(late.stdout), {
    error: { code: 'GRACEFUL_ERR_NOT_OVER', message: 'the reload is still in progress after 1500 ms' }
  })
  await server.release.write('go', '')
  await server.serving(2)
  await server.exitOf(server.pid)
  const { code, stdout, stderr } = await runCommand(['reload', '--control', control])
  const pid = await server.serving(3)
  t.equal(code, 0, stderr)
  const probation = `probation of 0\\.3 s, child ${pid}\n`
  const steps = `booting, child ${pid}\nhanding over, child ${pid}\n${probation}`
  t.match(stdout, new RegExp(`^(preparing\n)?${steps}(confirming, child ${pid}\n)?reloaded +generation 3`))
  t.match(stdout, /\nreason +fastify-graceful-reload reload\n$/, 'the outcome comes last')
  t.equal(stderr, '')
  await server.exitOf(await server.serving(2))
  const apart = await runCommand(['reload', '--json', '--progress', '--control', control])
  const fourth = await server.serving(4)
  t.match(JSON.parse(apart.stdout), { generation: 4, pid: fourth })
  t.match(apart.stderr, new RegExp(steps.replaceAll(String(pid), String(fourth))))
  await server.exitOf(pid)
  const silent = await runCommand(['reload', '--no-progress', '--control', control])
  const last = await server.serving(5)
  t.match(silent, { code: 0, stdout: /^reloaded +generation 5/, stderr: '' })
  await server.exitOf(fourth)
  t.strictSame(await runCommand(['stop', '--control', control, '--reason', 'maintenance']), {
    ...{ code: 0, stdout: `stopping  pid ${last}\n`, stderr: '' }
  })
  t.equal(await server.exitOf(last), 0)
  t.match(server.events('draining').at(-1), { reason: 'maintenance' })
})

t.test('a reload that fails prints why, with the last lines of the child', async (t) => {
  const { server, control } = await startWithControl(t)
  await server.release.configure({ boot: 'throw' })
  const { code, stdout, stderr } = await runCommand(['reload', '--control', control])
  t.equal(code, 1)
  t.match(stdout, /^(preparing\n)?booting, child \d+\n(cancelling, .*\n)?$/)
  t.match(
    stderr,
    /^fastify-graceful-reload: the child exited with code 1 before it was ready: this release cannot boot\n/
  )
  t.match(stderr, /^code {4}GRACEFUL_ERR_CHILD_EXITED\n(stderr| +) {2}.*Error: this release cannot boot\n {12}at /m)
})

t.test('a process that is killed before it has answered', async (t) => {
  const { server, control } = await startWithControl(t)
  await server.release.configure({ boot: 'hang' })
  const reloading = runCommand(['reload', '--control', control])
  const { pid: hanging } = await server.event('boot')
  process.kill(server.pid, 'SIGKILL')
  process.kill(hanging, 'SIGKILL')
  t.match(await reloading, {
    code: 1,
    stdout: /booting, child/,
    stderr: /was lost before the answer; whether it reloads is unknown/
  })
})

t.test(
  'the exit code is that of the reload, even if nobody reads the output',
  { skip: !existsSync('/dev/full') },
  async (t) => {
    const { server, control } = await startWithControl(t)
    const run = async (name: string, where: string) => {
      const bin = join(PACKAGE_ROOT, 'dist/package/cli/bin.js')
      const line = `"$0" "$1" ${name} --control "$2" ${where}`
      const command = bare(ownEnvironment(), '/bin/sh', ['-c', line, process.execPath, bin, control])
      const running = spawn(...command, { stdio: ['ignore', 'ignore', 'pipe'] })
      said = ''
      running.stderr.on('data', (chunk) => {
        said += chunk
      })
      return (await once(running, 'close'))[0]
    }
    let said = ''
    t.equal(await run('reload', '--progress >/dev/full 2>/dev/full'), 0)
    t.match(server.events('reload-succeeded'), [{ result: { generation: 2 } }])
    t.equal(await run('reload', '>/dev/full'), 0)
    t.match(said, /^fastify-graceful-reload: the output could not be written: ENOSPC: .*\n$/, 'said once')
    t.equal(await run('status', '>/dev/full'), 1, 'what was to be shown is lost')
    t.match(said, /^fastify-graceful-reload: the output could not be written: ENOSPC: .*\n$/)
    t.equal(await run('--help', '>/dev/full'), 1)
    t.match(said, /^fastify-graceful-reload: the output could not be written: ENOSPC: .*\n$/)
    t.equal(await run('check', '>/dev/full'), 0)
    t.match(said, /could not be written: ENOSPC/)
    t.equal(await run('status', '2>/dev/full'), 0)
  }
)
