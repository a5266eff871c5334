/** Starts a server and stays its parent through all its generations. */
export async function launch(_args: string[]): Promise<void> {
  process.exitCode = 2
}
