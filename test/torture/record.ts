import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Line } from '../support/output.js'
import type { Verdict } from './round.js'

/** Writes what is known of a round: the trace of each process, by pid, and all that was printed. Returns the folder. */
export function keep(seed: number, { traces, lines, log, problems }: Verdict): string {
  const folder = mkdtempSync(join(tmpdir(), `torture-${seed}-`))
  for (const pid of traces.pids) writeFileSync(join(folder, `${pid}.trace`), `${traces.textOf(pid)}\n`)
  writeFileSync(join(folder, 'output'), `${lines.join('\n')}\n`)
  writeFileSync(join(folder, 'schedule'), `${[...log, ...problems].join('\n')}\n`)
  return folder
}

const DETAILS = ['generation', 'reason', 'child', 'code', 'name', 'warning', 'msg']

/** The lines of the log, and of the fixture, in short; the traces are left out. */
export function describeEvents(lines: readonly string[]): string[] {
  return lines.filter((line) => !line.includes('FASTIFY-GRACEFUL-RELOAD ')).map(shorten)
}

function shorten(text: string): string {
  const line = parse(text.slice('out: '.length))
  if (line === undefined) return text
  const details = DETAILS.filter((name) => line[name] !== undefined && !(name === 'msg' && line.graceful === undefined))
  const time = typeof line.time === 'number' ? new Date(line.time).toISOString().slice(14, 23) : ' '.repeat(9)
  const told = details.map((name) => `${name}: ${String(line[name]).slice(0, 160)}`).join(', ')
  return `  ${time} ${line.pid} ${line.graceful ?? line.fixture ?? line.msg}  ${told}`
}

function parse(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line
  } catch {
    return undefined
  }
}
