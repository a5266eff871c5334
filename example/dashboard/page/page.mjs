import { Buttons } from './buttons.mjs'
import { Card } from './card.mjs'
import { Clock } from './clock.mjs'

/** How often the picture is drawn again, and how often if the user wants reduced motion. Milliseconds. */
const [STEP, LARGE_STEP] = [30, 1000]

const connection = document.querySelector('#connection')
const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)')
const darkMode = matchMedia('(prefers-color-scheme: dark)')
const clock = new Clock()
const buttons = new Buttons()
let cards = []
let presses = []
let drawn = 0

function show(message) {
  clock.set(message.now)
  buttons.show(message)
  presses = message.presses
  message.sides.forEach((side, index) => {
    cards[index].show(side)
  })
}

function begin(message) {
  document.querySelector('#sides').replaceChildren()
  cards = message.sides.map(({ name }) => new Card(name))
  show(message)
}

function draw(at) {
  requestAnimationFrame(draw)
  const isDue = at - drawn >= (reducedMotion.matches ? LARGE_STEP : STEP)
  if (!isDue || buttons.isPaused || document.hidden) return
  drawn = at
  for (const card of cards) card.draw(clock.now, presses)
}

function listen() {
  const events = new EventSource('events')
  events.addEventListener('beginning', ({ data }) => begin(JSON.parse(data)))
  events.addEventListener('more', ({ data }) => show(JSON.parse(data)))
  events.addEventListener('open', () => connection.replaceChildren())
  events.addEventListener('error', () =>
    connection.replaceChildren('The live view has ended. Start it again: npm start -- --open')
  )
}

darkMode.addEventListener('change', () => {
  for (const card of cards) card.repaint()
})
listen()
requestAnimationFrame(draw)
