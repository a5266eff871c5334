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
  }
]
