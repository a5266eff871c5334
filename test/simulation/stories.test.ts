import { test } from 'tap'
import * as machine from '../../lib/protocol/server.js'
import { problemOfStory, STORIES } from './stories.js'

for (const story of STORIES) {
  test(story.title, async (t) => t.equal(problemOfStory(machine, story), undefined))
}
