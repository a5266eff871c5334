/**
 * What runs this code. Bun and Deno run much of what was written for Node, but not all: listening sockets and
 * connections cannot be handed over there.
 */
export const RUNTIME =
  process.versions.bun !== undefined ? 'Bun' : process.versions.deno !== undefined ? 'Deno' : 'Node'
