/** Actors as callers see them (contract.md §2, "Actor view"). */
import { z } from 'zod'
import { printable } from '../../machines/printable.ts'
import { createdId, eventBody, instant } from './common.ts'

export const timerView = z.object({ id: z.string(), event: z.string(), dueAt: instant, armedAt: instant }).meta({ id: 'Timer' })

const lastError = z.object({ name: z.string(), message: z.string(), code: z.string().optional() }).nullable()
const effectStatus = z.enum(['pending', 'running', 'retrying', 'failed'])

const effectView = z
  .object({ key: z.string(), name: z.string(), lane: z.string(), status: effectStatus, attempts: z.int(), nextAttemptAt: instant.nullable(), lastError })
  .meta({ id: 'Effect' })

export const actorStatus = z.enum(['active', 'done', 'error', 'blocked'])

export const actorView = z
  .object({
    type: z.string(),
    id: z.string(),
    tenant: z.string(),
    version: z.string(),
    seq: z.int(),
    status: actorStatus,
    value: z.unknown().describe("XState's state value"),
    states: z.array(z.string()).describe('active state ids'),
    tags: z.array(z.string()),
    context: z.unknown().describe('personal and secret fields are masked by role'),
    output: z.unknown().optional(),
    error: z.unknown().optional(),
    hold: z.object({ reason: z.string(), at: instant, eventId: z.string().optional(), by: z.string().optional() }).optional(),
    timers: z.array(timerView),
    effects: z.array(effectView),
    accepts: z.array(z.string()).describe('event types that the current state takes'),
    createdAt: instant,
    updatedAt: instant,
  })
  .meta({ id: 'Actor' })

export const factView = z.looseObject({ key: z.string(), type: z.string() }).meta({ id: 'Fact' })

export const sendResult = z
  .object({ outcome: z.enum(['applied', 'duplicate']), seq: z.int(), facts: z.array(factView), actor: actorView })
  .meta({ id: 'SendResult' })

const timerChange = z.object({ id: z.string(), dueAt: instant.optional(), cancelled: z.literal(true).optional() })

export const historyEntry = z
  .object({
    seq: z.int(),
    at: instant,
    event: eventBody,
    eventId: z.string(),
    outcome: z.enum(['applied', 'ignored', 'dropped', 'skipped', 'administered']),
    from: z.unknown(),
    to: z.unknown(),
    facts: z.array(factView),
    effects: z.array(z.object({ key: z.string(), name: z.string() })),
    timers: z.array(timerChange),
    source: z.string(),
    correlationId: z.string(),
    causationId: z.string().nullable(),
    version: z.string(),
  })
  .meta({ id: 'HistoryEntry' })

const refusal = z.object({ guard: z.string(), phrase: z.string().optional() })

export const nextView = z
  .object({
    events: z.array(
      z.object({
        event: z.string(),
        accepted: z.boolean().nullable().describe('null when a guard needs the payload to tell'),
        to: z.array(z.string()),
        refusedBy: z.array(refusal),
        phrase: z.string().optional(),
      }),
    ),
    timers: z.array(timerView),
  })
  .meta({ id: 'Next' })

export const dryRunView = z
  .object({
    accepted: z.boolean(),
    from: z.unknown(),
    to: z.unknown(),
    effects: z.array(z.object({ name: z.string(), input: z.unknown() })),
    messages: z.array(z.object({ to: z.object({ type: z.string(), id: z.string() }), event: z.string() })),
    facts: z.array(z.looseObject({ type: z.string() })),
    timers: z.array(timerChange),
    refusedBy: z.array(refusal),
  })
  .meta({ id: 'DryRun' })

export const createBody = z.strictObject({ id: createdId.optional().describe('made when absent'), input: z.unknown().optional() })

const BATCH_MAX = 1_000

export const batchBody = z.strictObject({
  events: z
    .array(z.strictObject({ type: printable(64).min(1), id: printable(400).min(1), event: eventBody, eventId: z.string().min(1).max(300).optional() }))
    .min(1)
    .max(BATCH_MAX),
})
