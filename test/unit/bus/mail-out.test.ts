/** How much mail is on its way at once: as much as the way to the broker is long. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Link } from '../../../runtime/bus/jetstream/link.ts'
import { MailOut } from '../../../runtime/bus/jetstream/mail-out.ts'
import { resolveOptions } from '../../../runtime/bus/jetstream/options.ts'
import { namesFor } from '../../../runtime/bus/jetstream/subjects.ts'
import { actor, actorIn, mail } from '../../support/bus-world.ts'

let unanswered: (() => void)[]
let mails: MailOut
let now: number
let session: { nc: object; publisher: object }

beforeEach(() => {
  now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  unanswered = []
  const publish = (): Promise<void> => new Promise((resolve) => unanswered.push(resolve))
  session = { nc: {}, publisher: { publish } }
  const link = { readySession: () => session } as unknown as Link
  const settings = resolveOptions({ servers: 'nats://nowhere', timing: { mailPaceMs: 1 }, limits: { unansweredMail: 4 } })
  mails = new MailOut(link, namesFor('standing'), settings)
})

afterEach(() => vi.restoreAllMocks())

/** One mail for each of twenty slices. */
function write(): void {
  const from = actor()
  for (let slice = 0; slice < 20; slice++) void mails.send(mail(actorIn(slice), from))
}

async function answerAfter(ms: number): Promise<void> {
  now += ms
  unanswered.shift()?.()
  await new Promise((resolve) => setImmediate(resolve))
}

it('one message, until the first answer tells how far it is', async () => {
  write()
  expect(unanswered).toHaveLength(1)
  await answerAfter(2.5)
  expect(unanswered).toHaveLength(3)
})

it('never more than the limit', async () => {
  write()
  await answerAfter(90)
  expect(unanswered).toHaveLength(4)
})

it('by the quickest answer: those that took longer waited for us, or for one another', async () => {
  write()
  await answerAfter(0.4)
  expect(unanswered).toHaveLength(1)
  await answerAfter(30)
  expect(unanswered).toHaveLength(1)
})

it('by the broker of this connection: the one before may have been nearer', async () => {
  write()
  await answerAfter(0.4)
  session = { ...session }
  await answerAfter(0.1)
  expect(unanswered).toHaveLength(1)
  await answerAfter(2.5)
  expect(unanswered).toHaveLength(3)
})
