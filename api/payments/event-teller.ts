/**
 * Adds to what people send to payments what they cannot say themselves: whose a receipt is, who is asking, and what a package is
 * on the price list now. A machine knows nothing of its neighbours, of keys or of the price list.
 */
import { z } from 'zod'
import { StandingError, type Address, type EventObject, type Runtime } from '../../runtime/index.ts'
import type { ApprovalContext } from '../../machines/approval/machine.ts'
import { packageSnapshot, type PackageSnapshot } from '../../machines/package.ts'
import type { SecondKey } from '../approvals/second-key.ts'
import { Problem } from '../http/problem.ts'
import type { Package, Packages } from '../ports/packages.ts'
import type { Receipts } from '../ports/receipts.ts'
import { saidBefore, toldAgain, type Repeatable } from '../repetition.ts'
import { receiptTeller } from './receipt-use.ts'
import { isPayable } from './subscription-due.ts'

/** Of these the edge says who sends them, whatever the sender wrote: a refund needs two people, and so does what is worth much. */
const SIGNED: ReadonlySet<string> = new Set(['payment.refund', 'payment.approveRefund', 'payment.refuseRefund', 'payment.settleRefund', 'approval.approve', 'approval.refuse', 'approval.withdraw'])

const dueFor = z.looseObject({ purpose: z.looseObject({ kind: z.literal('subscription'), subscriptionId: z.string() }) })

/** Money that somebody has typed in. */
const typed = z.looseObject({ received: z.looseObject({ receipt: z.string() }) })

const ACTOR_ID = /^[A-Za-z0-9_-]{1,64}$/

type Sender = { tenant: string; by: string }

export interface EventTeller {
  /**
   * The same items, of which those that need it say more; one that comes again under its `eventId` says what it said first.
   * `by` as staff actions name who did them. @throws Problem `package-unknown`, `subscription-unknown`, `second-key-needed`
   */
  tell<One extends Repeatable>(sender: Sender, items: readonly One[]): Promise<readonly One[]>
  /** As {@link tell}, for what is not sent yet: one key may ask what two may do. */
  rehearse<One extends Repeatable>(sender: Sender, items: readonly One[]): Promise<readonly One[]>
  /** As {@link tell}, but one that names what is not there does not hold up the others: in its place stands the problem. */
  tellEach<One extends Repeatable>(sender: Sender, items: readonly One[]): Promise<readonly (One | Refusal)[]>
}

type Refusal = Problem | StandingError

export interface EventTellerDeps {
  receipts: Receipts
  packages: Pick<Packages, 'find'>
  runtime: Pick<Runtime, 'get' | 'saidBefore'>
  gate: SecondKey
}

export function eventTeller({ receipts, packages, runtime, gate }: EventTellerDeps): EventTeller {
  const ofReceipts = receiptTeller({ receipts, runtime })

  async function filledIn(tenant: string, by: string, { type, id }: Address, event: EventObject): Promise<EventObject> {
    if (type === 'approval') return event.type === 'approval.approve' ? { ...event, by, worth: await worthNow(tenant, id) } : SIGNED.has(event.type) ? { ...event, by } : event
    if (type !== 'payment') return event
    if (SIGNED.has(event.type)) return { ...event, by }
    if (event.type !== 'payment.assign') return event
    const { packageId, subscriptionId } = event
    if (typeof subscriptionId === 'string') await demandSubscription(tenant, subscriptionId)
    if (typeof packageId !== 'string') return event
    const found = await packages.find(tenant, packageId)
    if (found === undefined) throw new Problem('package-unknown', undefined, { errors: [{ pointer: '/packageId', detail: 'is not on sale' }] })
    return { ...event, package: snapshotOf(found) }
  }

  /** A2: the actor may have changed since, or the price list, or the subscription be over that is to be paid, or another payment have been credited. */
  async function worthNow(tenant: string, id: string): Promise<number | null> {
    const view = await runtime.get({ tenant, type: 'approval', id })
    if (view === undefined) return 0
    const { to, act, worth } = view.context as ApprovalContext
    if (view.status === 'active') await demandFreeReceipt(tenant, to, act)
    if (act.kind === 'event' && act.event.type === 'payment.assign' && typeof act.event['subscriptionId'] === 'string') await demandSubscription(tenant, act.event['subscriptionId'])
    const dues = act.kind === 'create' ? dueFor.safeParse(act.input).data : undefined
    if (dues !== undefined && to.type === 'payment') await demandSubscription(tenant, dues.purpose.subscriptionId)
    const now = act.kind === 'create' ? await gate.weighNew(tenant, to.type, act.input) : await gate.weigh({ tenant, ...to }, act.event)
    return now === undefined ? worth : now.amount
  }

  /** What is approved would be set aside, or change nothing: one receipt credits one payment. */
  async function demandFreeReceipt(tenant: string, to: Pick<Address, 'type' | 'id'>, act: ApprovalContext['act']): Promise<void> {
    const usedBy = act.kind === 'create' ? await recordedAs(tenant, to, act.input) : (await ofReceipts.tell(tenant, [{ to: { tenant, ...to }, event: act.event }]))[0]?.event['receiptUsedBy']
    if (typeof usedBy === 'string') throw new StandingError('event-not-accepted', `Its receipt is that of the payment ${usedBy} by now: refuse it.`)
  }

  /** The payment that has the money by now, by whoever told of it: also by the id that its receipt gives. */
  async function recordedAs(tenant: string, to: Pick<Address, 'type' | 'id'>, input: unknown): Promise<string | undefined> {
    const receipt = typed.safeParse(input).data?.received.receipt
    if (receipt === undefined) return undefined
    return (await runtime.get({ tenant, ...to })) === undefined ? (await receipts.creditedTo(tenant, [receipt])).get(receipt) : to.id
  }

  /** The payment would be settled, and its money wait for nobody. */
  async function demandSubscription(tenant: string, id: string): Promise<void> {
    // An id in another form is refused by the event's own schema.
    if (!ACTOR_ID.test(id)) return
    const view = await runtime.get({ tenant, type: 'subscription', id })
    if (view !== undefined && isPayable(view)) return
    throw new Problem('subscription-unknown', undefined, { errors: [{ pointer: '/subscriptionId', detail: 'names no subscription that can be paid for' }] })
  }

  async function signed<One extends Repeatable>({ tenant, by }: Sender, item: One): Promise<One> {
    const event = await filledIn(tenant, by, item.to, item.event)
    return event === item.event ? item : { ...item, event }
  }

  async function admitted<One extends Repeatable>(sender: Sender, item: One): Promise<One> {
    const told = await signed(sender, item)
    await gate.demandOneSuffices(told.to, told.event)
    return told
  }

  /** Nothing is asked of it that was asked when it came first: the engine answers as it did then. */
  function again<One extends Repeatable>({ by }: Sender, item: One, first: EventObject): One {
    const event = toldAgain(item.event, first)
    return { ...item, event: SIGNED.has(event.type) ? { ...event, by } : event }
  }

  async function tellEach<One extends Repeatable>(sender: Sender, items: readonly One[]): Promise<readonly (One | Refusal)[]> {
    const first = await saidBefore(runtime, items.map(({ to, eventId }) => ({ to, eventId: isToldMore(to) ? eventId : undefined })))
    const all = await Promise.all(items.map(async (item, index) => (first[index] === undefined ? admitted(sender, item).catch(onlyRefusal) : again(sender, item, first[index]))))
    const isNews = all.map((one, index) => !isRefusal(one) && first[index] === undefined)
    const told = [...(await ofReceipts.tell(sender.tenant, all.filter((one, index): one is Awaited<One> => isNews[index] === true && !isRefusal(one))))]
    return all.map((one, index) => (isNews[index] === true ? (told.shift() as One) : one))
  }

  return {
    async tell(sender, items) {
      return (await tellEach(sender, items)).map((one) => {
        if (isRefusal(one)) throw one
        return one
      })
    },
    async rehearse(sender, items) {
      return ofReceipts.tell(sender.tenant, await Promise.all(items.map((item) => signed(sender, item))))
    },
    tellEach,
  }
}

/** Types whose events the edge says more in, or weighs; of all others nobody needs to know what came before. */
function isToldMore({ type }: Address): boolean {
  return type === 'payment' || type === 'approval' || type === 'subscription'
}

function isRefusal(one: unknown): one is Refusal {
  return one instanceof Problem || one instanceof StandingError
}

function onlyRefusal(error: unknown): Refusal {
  if (isRefusal(error)) return error
  throw error
}

/** A package as it is sold now: a later change of the price list changes nothing that was sold. */
export function snapshotOf(bought: Package): PackageSnapshot {
  return Object.fromEntries(Object.keys(packageSnapshot.shape).map((name) => [name, bought[name as keyof Package]])) as unknown as PackageSnapshot
}
