import { test } from 'tap'
import { KINDS } from './kinds.js'
import { problemOfStory } from './story.js'

for (const kind of KINDS)
  for (const story of kind.stories)
    test(`a ${kind.name}: ${story.title}`, async (t) => t.equal(problemOfStory(kind, kind.machine, story), undefined))
