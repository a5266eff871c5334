import { type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core'
import type { Test } from 'tap'
import { WAIT_LIMIT } from './limit.js'
import { missingCommand, pathOf } from './programs.js'

/** Why a test in a browser must be skipped; false if it need not. */
export const missingBrowser = missingCommand('chromium')

/** Starts Chromium, which ends with the test. Returns what opens a page. */
export async function openBrowser(t: Test): Promise<(url: string, options?: BrowserContextOptions) => Promise<Page>> {
  const browser = await chromium.launch({ executablePath: pathOf('chromium'), timeout: WAIT_LIMIT })
  t.teardown(() => browser.close())
  // Drawing thirty times a second takes much of a small machine.
  return async (url, options) => {
    const page = await browser.newPage({ reducedMotion: 'reduce', ...options })
    page.setDefaultTimeout(WAIT_LIMIT)
    await page.goto(url)
    return page
  }
}

interface Losses {
  failed: number
  connectionsLost: number
  webSocketsLost: number
  wrongCounts: number
}

/** Nothing was lost. */
export const NONE: Losses = { failed: 0, connectionsLost: 0, webSocketsLost: 0, wrongCounts: 0 }

/** What the live view shows of one server. */
export class SideOfPage {
  readonly #card: Locator

  constructor(page: Page, name: string) {
    this.#card = page.getByRole('article', { name })
  }

  /** Waits until its latest notes have this one. */
  async note(text: string): Promise<void> {
    await this.#card.getByRole('listitem').filter({ hasText: text }).first().waitFor()
  }

  /** Waits until its picture says that this generation serves. */
  async shows(generation: number): Promise<void> {
    await this.#card.getByRole('img', { name: `Generation ${generation} serves.` }).waitFor()
  }

  /** Waits until all its WebSockets are answered by this generation. */
  async webSocketsReach(generation: number): Promise<void> {
    await this.#card.locator(`.values:has(> .value):not(:has(> :not([data-generation="${generation}"])))`).waitFor()
  }

  /** Waits until one of its figures has this value. */
  async lose(count: number, figure: string): Promise<void> {
    await this.#figure(figure)
      .filter({ hasText: new RegExp(`^${count}$`) })
      .waitFor()
  }

  /**
   * What its clients have lost so far, and how often a WebSocket was answered with another number than the next one.
   */
  async losses(): Promise<Losses> {
    const read = async (figure: string) => Number((await this.#figure(figure).innerText()).replaceAll(',', ''))
    return {
      failed: await read('failed'),
      connectionsLost: await read('connectionsLost'),
      webSocketsLost: await read('webSocketsLost'),
      wrongCounts: Number(await this.#card.getAttribute('data-wrong-counts'))
    }
  }

  /** What the WebSockets have counted. */
  async counts(): Promise<number[]> {
    return (await this.#card.locator('.value').allInnerTexts()).map(Number)
  }

  #figure(name: string): Locator {
    return this.#card.locator(`[data-figure="${name}"]`)
  }
}
