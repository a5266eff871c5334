import type { Story } from '../story.js'
import type { Rules } from './rules.js'

const CRASHED_TWICE = ['1 crash', '... until 2 work boot: all listen', '2 crash']
const ONE_OF_TWO = ['1 crash', '... until 3 work boot: all listen', '3 crash', '0 hears 3']

/**
 * While the files of the app are watched, a server that fails again right after its start waits for a change. The
 * change causes the next reload.
 */
export const WATCHED_STORIES: ReadonlyArray<Story<Rules>> = [
  {
    title: 'while files are watched, a server that crashes twice in a row waits for a reload',
    rules: { workers: 1, watched: true },
    lines: CRASHED_TWICE,
    serves: []
  },
  {
    title: 'a reload starts it, and one that fails again waits again',
    rules: { workers: 1, watched: true },
    lines: [...CRASHED_TWICE, '0 hears 2', '0 reload', '... until 0 starts 2', '3 crash'],
    asks: ['failure'],
    serves: []
  },
  {
    title: 'the other worker serves on, and both have the new code after a reload',
    rules: { watched: true },
    lines: [...ONE_OF_TWO, '0 reload'],
    asks: ['success'],
    serves: [1, 1]
  },
  {
    title: 'one that has served for a while is started again',
    rules: { workers: 1, watched: true },
    lines: ['1 crash', '... until 2 work boot: all listen', '... until 0 due steady 1', '2 crash'],
    serves: [0]
  },
  {
    title: 'a stop while a server waits for a reload',
    rules: { watched: true },
    lines: [...ONE_OF_TWO, '0 stop'],
    serves: []
  },
  {
    title: 'there is no worker fewer while the one that would remain waits for a reload',
    rules: { watched: true },
    lines: [...ONE_OF_TWO, '0 scale down'],
    asks: ['failure'],
    serves: [0]
  },
  {
    title: 'nor is there one more before the first one serves again',
    rules: { watched: true },
    lines: [...ONE_OF_TWO, '0 scale up'],
    asks: ['failure'],
    serves: [0]
  }
]
