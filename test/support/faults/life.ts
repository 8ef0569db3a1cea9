/** One life of the process: from its start to its crash or its end. */

export class Life {
  /** Resolves at the crash. */
  readonly death: Promise<'dead'>
  /** What a dead process did all the same: each is a bug. */
  readonly zombies: string[] = []
  #isDead = false
  #announce!: (dead: 'dead') => void
  #kill: () => void = () => undefined

  constructor() {
    this.death = new Promise((resolve) => (this.#announce = resolve))
  }

  get isDead(): boolean {
    return this.#isDead
  }

  /** How to end the process at once; known when it has been built. */
  onCrash(kill: () => void): void {
    this.#kill = kill
  }

  crash(): void {
    if (this.#isDead) return
    this.#isDead = true
    this.#kill()
    this.#announce('dead')
  }

  /** Dies, and never answers. */
  crashed(): Promise<never> {
    this.crash()
    return never()
  }
}

export function never(): Promise<never> {
  return new Promise<never>(() => undefined)
}
