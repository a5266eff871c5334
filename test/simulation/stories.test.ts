import { test } from 'tap'
import * as machine from '../../lib/protocol/server.js'
import { STORIES } from './stories.js'
import { problemOfStory } from './story.js'

for (const story of STORIES) {
  test(story.title, async (t) => t.equal(problemOfStory(machine, story), undefined))
}
