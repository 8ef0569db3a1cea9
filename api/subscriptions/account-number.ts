/** Makes account numbers: seven digits of chance and one that finds typing mistakes. */
import { randomInt } from 'node:crypto'
import { luhnDigit } from '../../machines/luhn.ts'
import { Problem } from '../http/problem.ts'
import type { Accounts } from '../ports/accounts.ts'

/** With a million of nine million taken, one in a million billion billion searches fails. */
const TRIES = 25

export async function freeAccountNumber(accounts: Accounts, random: () => number = () => randomInt(1_000_000, 10_000_000)): Promise<string> {
  for (let tries = 0; tries < TRIES; tries++) {
    const digits = String(random())
    const number = digits + luhnDigit(digits)
    if (!(await accounts.isTaken(number))) return number
  }
  throw new Problem('overloaded', 'No free account number was found; try again.')
}
