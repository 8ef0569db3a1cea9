/**
 * All settings, from the environment (contract.md §1). A misspelt `STANDING_*` name would silently mean a default,
 * so it stops the start; so does what contradicts itself.
 */
import type { z } from 'zod'
import { collectProblems } from './settings-rules.ts'
import { SETTINGS, settingsSchema, type Settings } from './settings-schema.ts'

export type { Settings }

/** Names the setting and what it may be, never the value: it may be a secret. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`The settings do not allow a start:\n${problems.map((problem) => `- ${problem}`).join('\n')}`)
    this.problems = problems
  }
}

/**
 * Reads and checks the environment. An empty variable counts as not set, as composing tools leave them.
 * @throws SettingsError with everything that is wrong, not only the first
 */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== ''))
  const parsed = settingsSchema.safeParse(given)
  const problems = [...unknownNames(given), ...(parsed.success ? collectProblems(parsed.data) : parsed.error.issues.map(describeIssue))]
  if (problems.length > 0 || !parsed.success) throw new SettingsError(problems)
  return parsed.data
}

function unknownNames(given: Record<string, unknown>): string[] {
  const known = Object.keys(SETTINGS).filter((name) => name.startsWith('STANDING_'))
  return Object.keys(given)
    .filter((name) => name.startsWith('STANDING_') && !(name in SETTINGS))
    .map((name) => `${name} is no setting of ours; allowed are ${known.join(', ')}`)
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const name = String(issue.path[0])
  if (issue.code === 'invalid_value') return `${name} must be one of: ${issue.values.join(', ')}`
  if (issue.code === 'invalid_format' && issue.format === 'url') return `${name} must be an address of the kind this setting takes`
  return `${name} ${issue.message.replace(/^(Too|Invalid)/, (word) => `is not allowed: ${word}`)}`
}
