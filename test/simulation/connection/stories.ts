import type { Story } from '../story.js'
import type { Rules } from './world.js'

/** What must never happen to a connection that moves. Process 0 gives it, process 1 takes it. */

export const STORIES: ReadonlyArray<Story<Rules>> = [
  { title: 'it moves', rules: { move: 'websocket' }, lines: [], serves: [1] },
  { title: 'the taker has no room', lines: ['0 writes 1', '1 has no room'], serves: [0] },
  { title: 'the handle is lost on its way', lines: ['0 writes 1', '1 loses the handle'], serves: [0] },
  {
    title: 'the taker of a WebSocket dies before it is released',
    rules: { move: 'websocket' },
    lines: ['0 writes 1', '1 hears', '1 dies'],
    serves: [0]
  },
  {
    title: 'the giver of a WebSocket dies when the taker has said that it takes it',
    rules: { move: 'websocket' },
    lines: ['0 writes 1', '1 hears', '1 writes', '0 dies'],
    serves: [1]
  },
  {
    title: 'the taker gives it back',
    rules: { keeps: true, returns: true },
    lines: ['... until 0 hears 1', '1 gives back'],
    serves: [0]
  },
  {
    title: 'the taker gives a WebSocket back, and is still busy with it',
    rules: { move: 'websocket', returns: true },
    lines: [
      ...['0 writes 1', '1 hears', '1 writes', '0 hears 1', '0 writes 1', '1 hears'],
      ...['1 gives back', '1 writes', '0 hears 1', '0 writes 1', '1 hears not at rest']
    ],
    serves: [1]
  },
  {
    title: 'the taker has it for good',
    rules: { keeps: true },
    lines: ['... until 0 hears 1', '0 settles'],
    serves: [1]
  },
  {
    title: 'the taker closes it',
    rules: { keeps: true },
    lines: ['... until 0 hears 1', '1 closes the connection'],
    serves: []
  },
  {
    title: 'the taker dies without a request in progress',
    rules: { keeps: true },
    lines: ['... until 0 hears 1', '1 begins a request', '1 answers it', '1 dies'],
    serves: [0]
  },
  {
    title: 'the taker dies with a request in progress',
    rules: { keeps: true },
    lines: ['... until 0 hears 1', '1 begins a request', '1 dies'],
    serves: []
  },
  {
    title: 'the taker dies before its word is heard that it takes it',
    rules: { keeps: true },
    lines: ['0 writes 1', '1 hears', '1 writes', '1 dies'],
    serves: [0]
  },
  {
    title: 'the taker dies while it gives it back, and the giver has another copy',
    rules: { keeps: true, returns: true },
    lines: ['... until 0 hears 1', '1 gives back', '1 writes', '1 dies', '0 hears 1'],
    serves: [0]
  },
  {
    title: 'the taker dies with what it gives back, and the handle is lost',
    rules: { keeps: true, returns: true },
    lines: ['... until 0 hears 1', '1 gives back', '1 writes', '1 dies', '0 loses the handle'],
    serves: [0]
  },
  {
    title: 'the process that relays the messages of the taker ends, and both may live',
    rules: { keeps: true, isRelayed: true },
    lines: ['... until 0 hears 1', '1 loses the relay that passed on all'],
    serves: [1]
  },
  {
    title: 'the taker closes its channel before it has read that it is rid of it',
    rules: { returns: true },
    lines: ['... until 0 hears 1', '1 gives back', '1 writes', '0 hears 1', '0 writes 1', '1 closes its channel'],
    serves: [0]
  }
]
