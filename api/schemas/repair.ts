/** Parked events and stored effects. */
import { z } from 'zod'
import { instant } from './common.ts'

const error = z.object({ name: z.string(), message: z.string(), code: z.string().optional() }).nullable()

export const parkedEvent = z
  .object({
    eventId: z.string(),
    type: z.string(),
    id: z.string(),
    kind: z.enum(['poison', 'waiting', 'undeliverable', 'skipped']),
    eventType: z.string(),
    delivery: z.unknown().describe('all that would be delivered again'),
    error,
    at: instant,
  })
  .meta({ id: 'ParkedEvent' })

export const storedEffect = z
  .object({
    key: z.string(),
    type: z.string(),
    id: z.string(),
    name: z.string(),
    lane: z.string(),
    status: z.enum(['pending', 'running', 'retrying', 'failed']),
    attempts: z.int(),
    nextAttemptAt: instant.nullable(),
    lastError: error,
    createdAt: instant,
    correlationId: z.string(),
  })
  .meta({ id: 'StoredEffect' })
