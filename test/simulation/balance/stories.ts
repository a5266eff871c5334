import type { Story } from '../story.js'
import type { Rules } from './world.js'

/** What must never happen to connections that spread. Process 0 is the launcher; `serves`: who has each connection. */

export const STORIES: ReadonlyArray<Story<Rules>> = [
  {
    title: 'the server with fewer clients gets a connection',
    lines: ['1 gets clients', '1 reports', '1 passes on'],
    serves: [2]
  },
  {
    title: 'no more than four connections are on their way to one server',
    rules: { burst: 9 },
    lines: [],
    serves: [1, 2, 1, 2, 1, 2, 1, 2, 1]
  },
  {
    title: 'one of two servers hangs, and the other one gets what was on its way to it',
    rules: { burst: 1 },
    lines: ['1 stands still', '1 never goes on'],
    serves: [2]
  },
  {
    title: 'a server is late, and closes its copy of what another one has got',
    rules: { burst: 1 },
    lines: [
      '1 stands still',
      '0 due answer 1',
      '0 due limit 1',
      '0 has heard all',
      '1 goes on',
      '1 hears',
      '0 hears 1'
    ],
    serves: [2]
  },
  {
    title: 'both servers hang, and a connection is closed after its wait',
    rules: { burst: 1 },
    lines: ['1 stands still', '2 stands still', '1 never goes on', '2 never goes on'],
    serves: [0]
  },
  {
    title: 'the wait of a connection ends while it is on its way to a server that takes it',
    rules: { burst: 1 },
    lines: ['1 hears', '0 due wait 1'],
    serves: [1]
  },
  {
    title: 'the wait of a connection ends while it is on its way to a server that hangs',
    rules: { burst: 1 },
    lines: ['1 stands still', '0 due wait 1', '0 due answer 1', '0 due limit 1'],
    serves: [0]
  },
  { title: 'a server dies with what is on its way to it', rules: { burst: 2 }, lines: ['1 dies'], serves: [2, 2] },
  {
    title: 'a server dies between its answer and the release',
    rules: { burst: 1 },
    lines: ['1 hears', '0 hears 1', '1 dies', '0 releases 1'],
    serves: [2]
  },
  {
    title: 'a connection that a server has got ends with it',
    rules: { burst: 1 },
    lines: ['1 hears', '0 hears 1', '0 releases 1', '1 dies'],
    serves: [0]
  },
  {
    title: 'both servers die, and a connection waits for the next one',
    rules: { burst: 1 },
    lines: ['1 dies', '2 dies', '0 hears the end of 1', '0 hears the end of 2'],
    serves: [3]
  },
  {
    title: 'both servers die, the launcher knows of one, and a connection waits for the next one',
    rules: { burst: 1 },
    lines: ['1 dies', '2 dies', '0 hears the end of 1', '0 cannot send 2', '0 has heard all'],
    serves: [3]
  },
  { title: 'the handle of a connection is lost', rules: { burst: 1 }, lines: ['1 loses the handle'], serves: [2] },
  {
    title: 'both servers lose the handle of a connection, which is closed',
    rules: { burst: 1 },
    lines: ['1 loses the handle', '... until 2 loses the handle'],
    serves: [0]
  },
  { title: 'a server leaves with what is on its way to it', rules: { burst: 1 }, lines: ['1 leaves'], serves: [2] },
  {
    title: 'no server has the listener of a connection any more',
    rules: { burst: 1 },
    lines: ['1 closes its listener', '2 closes its listener'],
    serves: [0]
  },
  {
    title: 'the server that could take a connection is silent, and answers again',
    rules: { burst: 1 },
    lines: ['2 is silent', '1 loses the handle', '2 answers again'],
    serves: [2]
  }
]
