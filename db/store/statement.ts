/**
 * One statement for a whole batch: its sections as data-modifying CTEs. A single statement is its own transaction, so the common commit
 * is one round trip and atomic by itself (R1). When a section that must be exact changed fewer rows than were sent, the statement
 * ends in an error and with it everything it did.
 */
import type { CommitBatch } from '../../runtime/ports/store.ts'
import type { Rows, Section } from './section.ts'

export interface Statement {
  /** For the server to keep it prepared: one of each combination of sections. */
  name: string
  text: string
  values: (string | number | null)[]
}

/** Builds statements of a fixed list of sections; texts are made once for each combination. */
export class StatementBuilder {
  readonly #sections: readonly Section[]
  readonly #prefix: string
  readonly #texts = new Map<number, string>()

  constructor(prefix: string, sections: readonly Section[]) {
    this.#prefix = prefix
    this.#sections = sections
  }

  /** Undefined when the batch has nothing for any section. */
  build(batch: CommitBatch): Statement | undefined {
    return this.buildFrom(this.#sections.map((section) => section.collect(batch)))
  }

  /** `parts` holds the rows of each section, in the sections' order. */
  buildFrom(parts: readonly Rows[]): Statement | undefined {
    let present = 0
    let expected = 0
    const values: (string | number | null)[] = []
    this.#sections.forEach((section, index) => {
      const part = parts[index]
      if (part === undefined || part.rows.length === 0) return
      present |= 1 << index
      if (section.exact) expected += part.rows.length
      for (const column of section.columns) values.push(column.encode(part.rows, part.owners))
    })
    if (present === 0) return undefined
    return { name: `${this.#prefix}_${present}`, text: this.#textOf(present), values: [expected, ...values] }
  }

  #textOf(present: number): string {
    let text = this.#texts.get(present)
    if (text === undefined) {
      text = textOf(this.#sections.filter((_, index) => (present & (1 << index)) !== 0))
      this.#texts.set(present, text)
    }
    return text
  }
}

function textOf(sections: readonly Section[]): string {
  let parameters = 1 // the first is how many rows the exact sections must change
  const parts = sections.map((section) => {
    const { columns } = section
    // A select list of unnests streams its rows; `unnest` in `from` first fills a tuplestore for every column (a tenth of the whole commit).
    const arrays = columns.map((column) => `unnest(${column.array(`$${++parameters}`)}) as "${column.name}"`)
    const source = `(select ${arrays.join(', ')}) as n`
    const valueOf = new Map(columns.map((column) => [column.name, column.value(`n."${column.name}"`)]))
    const sql = section.sql(source, (name) => valueOf.get(name) ?? 'null')
    return `${section.name} as (${sql}${section.exact ? '\n    returning 1' : ''})`
  })
  const counts = sections.filter(({ exact }) => exact).map(({ name }) => `(select count(*) from ${name})`)
  // Also without exact sections the parameter must be used, or its type is unknown to the server.
  return `with ${parts.join(',\n')}\nselect standing.refuse('stored rows differ') where ${[...counts, '0'].join(' + ')} <> $1::bigint`
}
