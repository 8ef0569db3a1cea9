/** Collects figures and prints them: a table for people, one JSON object a line for programs. */
export interface Figure {
  name: string
  value: number
  unit: string
  /** What the project set out to reach, and whether it did. */
  target?: { text: string; reached: boolean }
}

export class Report {
  readonly figures: Figure[] = []
  readonly #json: boolean

  constructor(json: boolean) {
    this.#json = json
  }

  add(name: string, value: number, unit: string, target?: Figure['target']): void {
    const figure: Figure = { name, value: round(value), unit, ...(target === undefined ? {} : { target }) }
    this.figures.push(figure)
    console.log(this.#json ? JSON.stringify({ name, value: figure.value, unit }) : line(figure))
  }

  note(text: string): void {
    if (!this.#json) console.log(`\n${text}`)
  }

  value(name: string): number {
    return this.figures.find((figure) => figure.name === name)?.value ?? Number.NaN
  }
}

function round(value: number): number {
  return Number(value.toPrecision(4))
}

function line({ name, value, unit, target }: Figure): string {
  const verdict = target === undefined ? '' : `   ${target.reached ? 'reached' : 'NOT reached'}: ${target.text}`
  return `${name.padEnd(38)} ${String(value).padStart(10)} ${unit.padEnd(10)}${verdict}`
}
