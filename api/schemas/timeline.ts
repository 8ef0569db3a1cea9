/** One record of several sources, as support reads them in one list. */
import { z } from 'zod'
import { instant } from './common.ts'

export const timelineEntry = z.object({
  at: instant,
  source: z.enum(['hook', 'journal', 'radius', 'sms']).describe('the inbox of web hooks, the journal of an actor, RADIUS, or the book of sent messages'),
  actor: z.object({ type: z.string(), id: z.string() }).nullable(),
  what: z.string().describe('an event, a kind of web hook, or what RADIUS calls it'),
  phrase: z.string().optional(),
  data: z.looseObject({}).describe('personal fields are masked by role'),
})
