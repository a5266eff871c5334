/** The buttons. A button that cannot be used now keeps the focus. */
export class Buttons {
  isPaused = false
  #buttons = [...document.querySelectorAll('[data-button]')]
  #pause = document.querySelector('#pause')

  constructor() {
    for (const button of this.#buttons) button.addEventListener('click', () => press(button))
    this.#pause.addEventListener('click', () => {
      this.isPaused = !this.isPaused
      this.#pause.ariaPressed = String(this.isPaused)
    })
  }

  show({ isBusy, canCrash }) {
    for (const button of this.#buttons) {
      const isUsable = button.dataset.button === 'crash' ? canCrash : !isBusy
      button.ariaDisabled = String(!isUsable)
    }
  }
}

function press(button) {
  if (button.ariaDisabled === 'true') return
  // If the live view has ended, the page says so.
  fetch(button.dataset.button, { method: 'POST' }).catch(() => {})
}
