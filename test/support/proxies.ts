import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { bare, ownEnvironment } from './bare.js'
import { HttpConnection, type Target } from './connection.js'
import { within } from './limit.js'
import { tempFolder } from './temp-folder.js'

/** Servers behind a proxy, by name: where they listen. Two of one name share the load. */
export type Upstreams = Record<string, Target[]>

/** How HAProxy asks a server whether it wants requests. */
export interface Checks {
  statusRoute: string
  /**
   * How often, within which time the server has to answer, and after how many bad answers it is left, in HAProxy's
   * words.
   */
  interval: string
}

/** A reverse proxy in front of servers. It listens on one unix socket for each name, in cleartext. */
export interface ReverseProxy {
  /** Where clients find the proxy of an upstream. */
  target(name: string): Target
  /** What the proxy has logged so far. */
  log(): string
}

/**
 * nginx with HTTP/1.1 and kept connections to the servers, WebSockets, and no second try: what fails is answered 502 or
 * 504. https://nginx.org/en/docs/http/ngx_http_upstream_module.html#keepalive
 */
export async function startNginx(t: Test, upstreams: Upstreams): Promise<ReverseProxy> {
  const folder = await tempFolder(t)
  const pools = Object.entries(upstreams).map(
    ([name, targets]) =>
      `upstream ${name} { ${targets.map((target) => `server ${placeOf(target, 'unix:')};`).join(' ')} keepalive 16; }`
  )
  const servers = Object.entries(upstreams).map(
    ([name, targets]) => `server {
      listen unix:${join(folder, name)};
      location / {
        proxy_pass ${targets[0]?.tls === undefined ? 'http' : 'https'}://${name};
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
        proxy_next_upstream off;
        proxy_connect_timeout 75s;
        proxy_read_timeout 10m;
        proxy_send_timeout 10m;
        proxy_request_buffering off;
      }
    }`
  )
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${join(folder, kind)};`
  )
  const config = `daemon off; master_process off; pid ${join(folder, 'pid')}; error_log stderr warn;
    events { worker_connections 1024; }
    http {
      access_log off; ${temporary.join(' ')}
      map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
      ${[...pools, ...servers].join('\n')}
    }`
  return start(t, folder, Object.keys(upstreams), config, (file) => ['nginx', '-e', 'stderr', '-p', folder, '-c', file])
}

/**
 * HAProxy, whose clients share all connections to a server, and which asks each server now and then whether it wants
 * requests. What fails is not tried a second time.
 * https://docs.haproxy.org/2.6/configuration.html#4-http-reuse
 */
export async function startHaproxy(
  t: Test,
  upstreams: Upstreams,
  { statusRoute, interval }: Checks
): Promise<ReverseProxy> {
  const folder = await tempFolder(t)
  const backends = Object.entries(upstreams).map(([name, targets]) => {
    const server = (target: Target, index: number) => {
      const tls = target.tls === undefined ? '' : 'ssl verify none'
      return `server ${name}${index} ${placeOf(target, 'unix@')} ${tls} check inter ${interval} pool-purge-delay 1s`
    }
    return `frontend in_${name}
  bind unix@${join(folder, name)}
  default_backend ${name}
backend ${name}
  option httpchk GET ${statusRoute}
  ${targets.map(server).join('\n  ')}`
  })
  const config = `global
  maxconn 1000
  log stdout format raw local0
defaults
  mode http
  log global
  http-reuse always
  retries 0
  retry-on none
  timeout connect 10m
  timeout client 10m
  timeout server 10m
  timeout tunnel 10m
${backends.join('\n')}
`
  return start(t, folder, Object.keys(upstreams), config, (file) => ['haproxy', '-db', '-f', file])
}

async function start(
  t: Test,
  folder: string,
  names: string[],
  config: string,
  command: (file: string) => [string, ...string[]]
): Promise<ReverseProxy> {
  const file = join(folder, 'config')
  await writeFile(file, config)
  const [program, ...args] = command(file)
  const child = spawn(...bare(ownEnvironment(), program, args), { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'close')
  let log = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (log += bytes))
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const target = (name: string) => ({ path: join(folder, name) })
  const early = ended.then(() => Promise.reject(new Error(`${program} has ended: ${log}`)))
  early.catch(() => {})
  for (const name of names) {
    await within(Promise.race([untilAccepted(target(name)), early]), `start of ${program}`, () => log)
  }
  return { target, log: () => log }
}

/** A proxy prints nothing when it is ready. */
async function untilAccepted(target: Target): Promise<void> {
  for (;;) {
    try {
      const connection = await HttpConnection.open(target)
      connection.close()
      return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
}

function placeOf(target: Target, scheme: string): string {
  return 'path' in target ? `${scheme}${target.path}` : `${target.host}:${target.port}`
}
