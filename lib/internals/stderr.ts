/**
 * Calls back with all that this process writes to its stderr, before it is written. That is inherited, and cannot be
 * read back; and a stream offers no event for what is written to it.
 *
 * @returns the function that ends it; what has wrapped `write` since then stays
 */
export function watchStderr(onText: (text: string) => void): () => void {
  const { stderr } = process
  const write = stderr.write
  const watched = ((...args: Parameters<typeof write>) => {
    onText(String(args[0]))
    return write.apply(stderr, args)
  }) as typeof write
  stderr.write = watched
  return () => {
    if (stderr.write === watched) stderr.write = write
  }
}
