import { closeSync, readFileSync } from 'node:fs'
import { isatty } from 'node:tty'

/** The terminal that a process was started on: stdin, stdout and stderr, as far as they are one. */
export class Terminal {
  readonly #fds = [0, 1, 2].filter((fd) => isatty(fd))

  /** Whether stdin was a terminal, and no longer is. */
  get hasHungUp(): boolean {
    return this.#fds.includes(0) && !isatty(0)
  }

  /**
   * Whether another job has the terminal. Then the terminal sends SIGTTIN to a process that reads from it, and SIGTTOU
   * to one that writes to it although `stty tostop` forbids that, each to all processes of the job. If the system does
   * not say, the answer is no. https://man7.org/linux/man-pages/man4/tty_ioctl.4.html, TIOCGPGRP
   */
  get isInBackground(): boolean {
    if (!this.#fds.some((fd) => isatty(fd))) return false
    try {
      // https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: behind the name, which can hold anything, state
      // ppid pgrp session tty_nr tpgid
      const [, , group, , , foreground] = readFileSync('/proc/self/stat', 'latin1').split(') ').at(-1)?.split(' ') ?? []
      return group !== foreground
    } catch {
      return false
    }
  }

  /**
   * Closes what is left of a terminal that has hung up. For the very end: Node resets the terminals that it found at
   * its start, and Node 20 aborts where it cannot. It passes over what is closed:
   * https://github.com/nodejs/node/blob/v20.20.0/src/node.cc, ResetStdio
   */
  release(): void {
    for (const fd of this.#fds) if (!isatty(fd)) closeQuietly(fd)
  }
}

function closeQuietly(fd: number): void {
  try {
    closeSync(fd)
  } catch {
    // EBADF: somebody has closed it already.
  }
}
