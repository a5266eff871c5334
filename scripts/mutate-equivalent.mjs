// Mutations that change nothing anybody could see, each with its reason.

export const EQUIVALENT = []
