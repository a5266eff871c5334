import { test } from 'tap'
import * as launcher from '../../../lib/protocol/launcher.js'
import * as server from '../../../lib/protocol/server.js'
import { STORIES } from './stories.js'
import { problemOfStory } from './story.js'

for (const story of STORIES) {
  test(story.title, async (t) => t.equal(problemOfStory({ launcher, server }, story), undefined))
}
