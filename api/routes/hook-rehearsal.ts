/** A stored web hook, looked at by staff: what it would do now. */
import { z } from 'zod'
import type { Runtime } from '../../runtime/index.ts'
import type { App } from '../app-type.ts'
import type { Rehearsal } from '../hooks/rehearse.ts'
import { Problem } from '../http/problem.ts'
import type { FoundHook, HookInbox } from '../ports/hook-inbox.ts'
import { lensFor } from '../privacy/lens.ts'
import { dryRunView } from '../schemas/actor.ts'
import { instant, noQuery } from '../schemas/common.ts'
import { staffProblems } from '../schemas/problem.ts'

const rehearsal = z
  .object({
    hook: z.object({ id: z.string(), provider: z.string(), kind: z.string(), receivedAt: instant, outcome: z.string().nullable().describe('how it ended; null: it has not yet'), note: z.string().nullable() }),
    would: z.enum(['applied', 'refused', 'unmatched', 'unreadable', 'forged', 'later']).describe('how it would end now; `later`: it would be tried again'),
    note: z.string().nullable(),
    isTaken: z.boolean().describe('its actor has taken it already: brought there again it changes nothing, whatever the dry run says'),
    actor: z.object({ type: z.string(), id: z.string() }).nullable().describe('whom it is about'),
    event: z.looseObject({ type: z.string() }).nullable().describe('what that would be told; personal fields are masked by role'),
    input: z.unknown().describe('what it would be made of, if it is not there yet'),
    wish: z.string().nullable().describe("a customer's wish about being written to"),
    dryRun: dryRunView.nullable(),
  })
  .meta({ id: 'HookRehearsal' })

export interface HookRehearsalDeps {
  runtime: Runtime
  inbox: Pick<HookInbox, 'find'>
  rehearse: (hook: FoundHook) => Promise<Rehearsal>
  /** Whose actors the hooks are about. */
  tenant: string
}

/** What the inbox numbers them by. */
const ID = /^[1-9]\d{0,17}$/

export function hookRehearsalRoute(app: App, { runtime, inbox, rehearse, tenant }: HookRehearsalDeps): void {
  app.post(
    '/hooks/:id/dry-run',
    {
      config: { permission: 'repair' },
      schema: {
        tags: ['repair'],
        summary: 'What a stored web hook would do now; nothing is stored',
        description: 'Its number stands in the timeline of a payment. Whom it is about is looked up anew, and what it would do there is the dry run of that actor.',
        params: z.object({ id: z.string() }),
        querystring: noQuery,
        response: { 200: rehearsal, ...staffProblems('hook-not-found', 'step-failed') },
      },
    },
    async ({ principal, params: { id } }) => {
      const hook = principal.tenant === tenant && ID.test(id) ? await inbox.find(id) : undefined
      if (hook === undefined) throw new Problem('hook-not-found')
      const { to, event, input, dryRun, ...rest } = await rehearse(hook)
      const lens = lensFor(principal, to === null ? undefined : runtime.definition(to.type))
      return {
        ...rest,
        // A subject in the kind is the end of the address that it came to.
        hook: { id: hook.id, provider: hook.provider, kind: hook.kind.replace(/\/.*$/, ''), receivedAt: new Date(hook.receivedAt).toISOString(), outcome: hook.outcome, note: hook.note },
        actor: to === null ? null : { type: to.type, id: to.id },
        event: event === null ? null : lens.payload(event),
        input: input === null ? null : lens.payload(input),
        dryRun: dryRun === null ? null : lens.dryRun(dryRun),
      }
    },
  )
}
