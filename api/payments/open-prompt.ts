/** One prompt per phone: a second one could not be shown, and M-Pesa would refuse it. */
import { z } from 'zod'
import { StandingError } from '../../runtime/index.ts'
import { Problem } from '../http/problem.ts'
import type { OpenPrompts } from '../ports/open-prompts.ts'

/**
 * The id of the open one stays with us: whoever knows a phone number must not learn it.
 * @throws Problem `prompt-open`
 */
export async function demandNoOpenPrompt(openPrompts: OpenPrompts, { tenant, phone, id }: { tenant: string; phone: string; id: string | undefined }): Promise<void> {
  const open = await openPrompts.find(tenant, phone)
  if (open !== undefined && open.paymentId !== id) throw new Problem('prompt-open', 'This phone has a payment request open. Answer it, or wait until it has expired.')
}

const withPhone = z.object({ phone: z.string() })

/**
 * A payment could not be made: if its first step was not committed, the table of open prompts may be why.
 * @throws Problem `prompt-open`
 */
export async function explainRefusedPayment(openPrompts: OpenPrompts, payment: { tenant: string; id: string | undefined; input: unknown }, error: unknown): Promise<void> {
  // What the engine refuses by itself has no cause.
  if (!(error instanceof StandingError) || error.details.cause === undefined) return
  const input = withPhone.safeParse(payment.input)
  if (input.success) await demandNoOpenPrompt(openPrompts, { ...payment, phone: input.data.phone })
}
