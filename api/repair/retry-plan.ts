/**
 * Failed outside calls that staff want to send again, many at once: first a look at what would be sent, then the same ones and no
 * others. What the look showed is bound into a token, so that "all" never means more than somebody has seen.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { EffectRow, Runtime } from '../../runtime/index.ts'
import { Problem } from '../http/problem.ts'

export interface RetryFilter {
  /** One alone. */
  key?: string | undefined
  lane?: string | undefined
  name?: string | undefined
  type?: string | undefined
  since?: number | undefined
}

export interface RetryPlan {
  rows: EffectRow[]
  /** There are more than can be sent at once. */
  isMore: boolean
}

/** R9. */
export const RETRIED_MAX = 1_000
const PAGE = 500
const TOKEN_MS = 15 * 60_000

export async function planRetry(runtime: Pick<Runtime, 'listEffects'>, tenant: string, { key, lane, name, type, since }: RetryFilter): Promise<RetryPlan> {
  const rows: EffectRow[] = []
  let afterKey: string | undefined
  for (;;) {
    const page = await runtime.listEffects({ tenant, status: 'failed', lane, name, since, limit: PAGE, afterKey })
    rows.push(...page.filter((row) => (type === undefined || row.address.type === type) && (key === undefined || row.key === key)))
    afterKey = page.at(-1)?.key
    if (page.length < PAGE || rows.length > RETRIED_MAX) break
  }
  return { rows: rows.slice(0, RETRIED_MAX), isMore: rows.length > RETRIED_MAX }
}

/** Only a plain refusal says that nothing was done. After anything else the other side may have done it, and would do it twice. */
export function mayHaveGoneOut({ lastError }: Pick<EffectRow, 'lastError'>): boolean {
  if (lastError === null) return true
  const { name, code } = JSON.parse(lastError) as { name?: string; code?: string }
  return name !== 'TerminalError' || code === undefined || code.startsWith('uncertain')
}

export function planToken(appKey: string, tenant: string, { rows }: RetryPlan, until: number = Date.now() + TOKEN_MS): string {
  const seen = rows.map(({ key, attempts }) => `${key} ${attempts}`).join('\n')
  return `${until.toString(36)}.${createHmac('sha256', appKey).update(`retry\0${tenant}\0${until}\0${seen}`).digest('base64url')}`
}

/** @throws Problem `preview-outdated` when it is not of this plan, or too old. */
export function demandPlan(appKey: string, tenant: string, plan: RetryPlan, token: string, now: number = Date.now()): void {
  const until = Number.parseInt(token.split('.')[0] ?? '', 36)
  const [given, right] = [Buffer.from(token), Buffer.from(planToken(appKey, tenant, plan, until))]
  if (until > now && given.length === right.length && timingSafeEqual(given, right)) return
  throw new Problem('preview-outdated', 'What would be sent is not what the preview showed. Ask for a new preview.')
}
