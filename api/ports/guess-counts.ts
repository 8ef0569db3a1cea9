/** Remembers who has guessed wrongly. In memory of one node, or shared by all (Redis). */
export type GuesserKind = 'ip' | 'phone' | 'mac' | 'key'

export interface GuesserKey {
  kind: GuesserKind
  value: string
}

export interface GuessCounts {
  /** Begins an attempt: 0; or, where none may begin, the milliseconds to wait, and nothing was begun. */
  begin(guesser: GuesserKey): number | Promise<number>
  /** Ends one that was begun. */
  end(guesser: GuesserKey, isWrong: boolean): void | Promise<void>
}
