/** Small pieces that the store's queries share. */

/** `timestamptz` as milliseconds: exact, and a plain number to the driver. */
export function milliseconds(column: string): string {
  return `(extract(epoch from ${column}) * 1000)::float8`
}

/** Milliseconds as `timestamptz`. */
export function instant(parameter: string): string {
  return `to_timestamp(${parameter}::float8 / 1000)`
}

/** Collects conditions and their parameters for queries whose filters are optional. */
export class Conditions {
  readonly values: unknown[] = []
  readonly #parts: string[] = []

  /** `sql` gets the placeholder of the value; nothing is added when the value is undefined. */
  add(value: unknown, sql: (placeholder: string) => string): this {
    if (value !== undefined) this.#parts.push(sql(this.placeholder(value)))
    return this
  }

  placeholder(value: unknown): string {
    this.values.push(value)
    return `$${this.values.length}`
  }

  where(): string {
    return this.#parts.length === 0 ? '' : `where ${this.#parts.join(' and ')}`
  }
}
