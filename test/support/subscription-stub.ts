/** A subscription as payments see one: found by account number and phone, with a plan that has a price, told of what is paid. */
import { assign, createMachine } from 'xstate'
import { defineActor, type ActorDefinition } from '../../runtime/index.ts'
import { phoneHash } from '../../actors/gateways/mpesa/phone-hash.ts'

interface Stub {
  accountNumber: string
  phone: string
  plan: { amount: number; currency: string }
  paid: unknown[]
}

export const subscriptionStub: ActorDefinition = defineActor({
  type: 'subscription',
  version: '1',
  idPrefix: 'sub',
  machine: createMachine({
    types: {} as { context: Stub; input: Omit<Stub, 'paid'>; events: { type: 'end' } | { type: 'subscription.pay'; paymentId: string; amount: number } },
    id: 'subscription',
    context: ({ input }) => ({ ...input, paid: [] }),
    initial: 'active',
    states: {
      active: { on: { end: 'terminated' } },
      // Over, but no final state: like the real one it takes what is on its way, for a person to give back.
      terminated: { tags: 'settled' },
    },
    on: { 'subscription.pay': { actions: assign({ paid: ({ context, event }): unknown[] => [...(context as Stub).paid, event] }) } },
  }),
  identifiers: ({ context }) => {
    const { accountNumber, phone } = context as Stub
    return [
      { kind: 'account', value: accountNumber },
      { kind: 'phone', value: phone },
      { kind: 'phoneHash', value: phoneHash(phone) },
    ]
  },
})
