const GENERATIONS = 5

/** The colour of a generation, as a value for CSS. */
export function colourOf(generation) {
  return generation ? `var(--generation-${((generation - 1) % GENERATIONS) + 1})` : 'var(--soft)'
}

/** The colours of the page as it looks now, for a canvas. */
export class Colours {
  #style = getComputedStyle(document.documentElement)
  #known = new Map()

  /** @param name - of a property, such as `--grid` */
  get(name) {
    if (!this.#known.has(name)) this.#known.set(name, this.#style.getPropertyValue(name).trim())
    return this.#known.get(name)
  }

  of(generation) {
    return this.get(colourOf(generation).slice('var('.length, -1))
  }

  /** Forgets the known colours, because they may have changed. */
  forget() {
    this.#known.clear()
  }
}
