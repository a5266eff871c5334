import { fillPools, Load } from './load.mjs'
import { addressOf, createMachine, createNetwork, openPorts } from './network.mjs'
import { Server } from './server.mjs'

const CLIENTS = { kept: 6, fresh: 6 }
const started = performance.now()

/** Runs all parts of the story, and prints what the clients saw. Returns whether nothing has failed. */
export async function playStory(folder, ProxyClass) {
  const source = new URL('server.mjs', ProxyClass.folder)
  createNetwork()
  const place = (number) => ({ folder, source, address: addressOf(number), enter: createMachine(number) })
  const local = { folder, source, address: '127.0.0.1' }
  const machines = [await Server.create('machine 1', place(1)), await Server.create('machine 2', place(2))]
  const blue = await Server.create('blue', { ...local, port: 4001 })
  const green = await Server.create('green', { ...local, port: 4002 })

  const proxy = new ProxyClass(folder)
  try {
    await Promise.all([...machines, blue].map((server) => server.start(1)))
    await proxy.start()
    const failed = (await playMachines(proxy, machines)) + (await playColours(proxy, blue, green))
    const retries = await proxy.retries()
    say(`${ProxyClass.title} tried ${retries} requests twice`)
    return failed === 0 && retries === 0
  } catch (error) {
    console.log(`FAILED: ${error.stack}`)
    for (const { name, log } of [...machines, blue, green]) console.log(`the log of ${name}:\n${log}`)
    return false
  }
}

/** Reloads each of two machines, and replaces one of them. Returns how much has gone wrong. */
async function playMachines(proxy, [one, two]) {
  const load = new Load(8080, CLIENTS)
  for (const { name } of [one, two]) await load.answeredBy(name, 1)
  say(`machine 1 and 2 serve release 1; ${soFar(load)}`)

  const opened = (await reload(one, load, [one, two])) + (await reload(two, load, [one, two]))
  if (!proxy.keepsClients) await load.stopKept()
  await proxy.takeOut(one)
  await stop(one, load)
  await load.answeredBy(two.name, 2)
  await one.start(3)
  await proxy.takeIn(one)
  await load.answeredBy(one.name, 3)
  say(`machine 1 is back with release 3; ${soFar(load)}`)
  return opened + (await report(load))
}

/** Returns how many connections the proxy had to open. */
async function reload(machine, load, machines) {
  await fillPools(
    8080,
    machines.map(({ name }) => name),
    CLIENTS.kept + CLIENTS.fresh
  )
  const before = new Set(machines.flatMap(({ name, address }) => openPorts(address).map((port) => `${name}:${port}`)))
  load.forgetConnections()
  await machine.reload(2)
  await load.answeredBy(machine.name, 2)
  const { connections } = load.answers.get(`${machine.name}, release 2`)
  const kept = [...connections].filter((connection) => before.has(connection)).length
  const opened = load.connections.filter((connection) => !before.has(connection)).length
  const all = `on ${kept} connections that the proxy had, and ${opened} new ones`
  say(`${machine.name} has reloaded: release 2 answers ${all}; ${soFar(load)}`)
  return opened
}

async function stop(server, load) {
  const { status, exitCode } = await server.stop()
  if (status !== 503 || exitCode !== 0) throw new Error(`${server.name}: status ${status}, exit code ${exitCode}`)
  say(`${server.name} has stopped: its status route said ${status}, its exit code is ${exitCode}; ${soFar(load)}`)
}

/** Replaces blue by green. */
async function playColours(proxy, blue, green) {
  const load = new Load(8081, proxy.keepsClients ? CLIENTS : { kept: 0, fresh: CLIENTS.fresh })
  await load.answeredBy(blue.name, 1)
  await green.start(2)
  await proxy.switchTo(green)
  await stop(blue, load)
  await load.answeredBy(green.name, 2)
  say(`green serves; ${soFar(load)}`)
  return report(load)
}

/** Ends a load and prints its figures; returns how many requests failed. */
async function report(load) {
  await load.stop()
  for (const [from, { count }] of load.answers) console.log(`    ${from}: ${count} answers`)
  for (const failure of new Set(load.failures)) console.log(`    failed: ${failure}`)
  return load.failures.length
}

function soFar({ requests, failures }) {
  return `${requests} requests, ${failures.length} failed`
}

function say(text) {
  console.log(`${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s  ${text}`)
}
