import { Chart } from './chart.mjs'
import { colourOf } from './colours.mjs'

/** How many notes are shown. */
const NOTES = 3

const HOW = {
  'fastify-graceful-reload':
    'The new process boots, then it takes over the sockets and all open connections of the old one.',
  'Stop, then start': 'The usual way, as systemctl restart does it: the old process ends, then the new one boots.'
}

/** What happens to new connections while no process accepts. */
const GAPS = {
  'fastify-graceful-reload': { label: 'new connections wait', isRefused: false },
  'Stop, then start': { label: 'nobody listens', isRefused: true }
}

/** All that the page shows of one server. */
export class Card {
  #element
  #chart
  #canvas
  #requests = []
  #side
  #shown = {}

  constructor(name) {
    const template = document.querySelector('#side')
    this.#element = template.content.cloneNode(true).querySelector('article')
    this.#element.querySelector('h2').textContent = name
    this.#element.querySelector('.how').textContent = HOW[name]
    this.#element.ariaLabel = name
    this.#canvas = this.#element.querySelector('canvas')
    document.querySelector('#sides').append(this.#element)
    this.#chart = new Chart(this.#canvas, GAPS[name])
  }

  /** Shows a message: the latest requests, and everything else as it is now. */
  show(side) {
    this.#side = side
    this.#requests.push(...side.requests)
    this.#showFigures(side.totals)
    this.#showCounters(side.lanes.filter(({ kind }) => kind === 'WebSocket'))
    this.#showNotes(side.notes)
    this.#once('summary', summaryOf(side), (text) => (this.#canvas.ariaLabel = text))
  }

  draw(now, presses) {
    const oldest = now - this.#chart.span
    while (this.#requests[0]?.[0] < oldest) this.#requests.shift()
    this.#chart.draw(now, { ...this.#side, requests: this.#requests, presses })
  }

  /** The colours have changed. */
  repaint() {
    this.#chart.repaint()
  }

  #showFigures(totals) {
    for (const element of this.#element.querySelectorAll('[data-figure]')) {
      const { figure } = element.dataset
      element.textContent = totals[figure].toLocaleString('en')
      element.classList.toggle('bad', figure !== 'answered' && totals[figure] > 0)
    }
    this.#element.dataset.wrongCounts = totals.wrongCounts
  }

  #showCounters(lanes) {
    const values = lanes.map(({ isOpen, count, pieces }) => {
      const value = document.createElement('span')
      value.dataset.generation = isOpen ? pieces.at(-1).generation : ''
      value.className = isOpen ? 'value' : 'value lost'
      value.style.setProperty('--colour', colourOf(pieces.at(-1)?.generation))
      value.textContent = isOpen ? count : 'lost'
      return value
    })
    this.#element.querySelector('.values').replaceChildren(...values)
  }

  #showNotes(notes) {
    const latest = notes.slice(-NOTES).reverse()
    const key = JSON.stringify(latest)
    this.#once('notes', key, () => this.#element.querySelector('.notes ol').replaceChildren(...latest.map(noteElement)))
  }

  /** Changes the page only if the value has changed, because a screen reader announces each change. */
  #once(name, value, change) {
    if (this.#shown[name] === value) return
    this.#shown[name] = value
    change(value)
  }
}

/** The page must not use the style attribute (CSP), but it may set style properties. */
function noteElement({ at, text }) {
  const item = document.createElement('li')
  const time = document.createElement('time')
  time.textContent = `${(at / 1000).toFixed(1)} s`
  item.append(time, text)
  return item
}

function summaryOf({ processes, totals }) {
  const bar = processes.findLast(({ to, phases }) => to === undefined && SERVING.includes(phases.at(-1).phase))
  const serving = bar === undefined ? 'No process serves.' : `Generation ${bar.generation} serves.`
  return `Requests, connections and processes over time. ${serving} ${totals.failed} requests have failed.`
}

const SERVING = ['serving', 'on probation']
