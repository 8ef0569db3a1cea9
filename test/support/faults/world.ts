/**
 * The outside: the bus that carries mail and the systems that effects call. It outlives every crash.
 *
 * A `serial` world lets one thing happen at a time: what is under way is held until all else is quiet, then the first by key goes.
 * What is pending is then a function of what is stored alone, so the order of events at every actor is the same whether
 * or not a crash came in between, and two runs can be compared row by row. Otherwise everything goes at once.
 */
import { localBus } from '../../../runtime/bus/local.ts'
import type { Bus, EffectContext, Fact, Mail } from '../../../runtime/index.ts'
import { never, type Life } from './life.ts'
import { compareKeys, senderOf } from './order.ts'
import type { FaultPlan } from './plan.ts'
import type { Turns } from './turns.ts'

const LATER_TURNS = 40

interface Held {
  key: string
  kind: 'mail' | 'effect'
  life: Life
  release(): void
}

/** The outside as the implementations of effects reach it. */
export type OutsideCall = (name: string, input: unknown, context: EffectContext) => Promise<unknown>

export interface OutsideAnswer {
  (call: { name: string; key: string; input: unknown; attempt: number }): unknown
}

export class World {
  /** How often each effect key reached the outside. */
  readonly calls = new Map<string, number>()
  /** How often each fact was published, in the order of the first time. */
  readonly facts = new Map<string, number>()
  /** Mail that a receiver has acknowledged at least once. */
  readonly delivered = new Set<string>()
  readonly #plan: FaultPlan
  readonly #turns: Turns
  readonly #serial: boolean
  readonly #answer: OutsideAnswer
  /** Mail that will come once more. */
  pendingRepeats = 0
  #held: Held[] = []
  #finished = new Set<string>()

  constructor(plan: FaultPlan, turns: Turns, options: { serial: boolean; answer: OutsideAnswer }) {
    this.#plan = plan
    this.#turns = turns
    this.#serial = options.serial
    this.#answer = options.answer
  }

  /** True when the world knows of this message or call, so that nobody else still has to bring it. */
  knows(key: string): boolean {
    return this.delivered.has(key) || this.#finished.has(key) || this.#held.some((held) => held.key === key)
  }

  get holdsSomething(): boolean {
    return this.#held.length > 0
  }

  /** Mail of one sender goes in order: the later may still wait behind one that is held. */
  holdsEarlierMail(mail: string): boolean {
    return this.#held.some(({ kind, key }) => kind === 'mail' && senderOf(key) === senderOf(mail) && compareKeys(key, mail) < 0)
  }

  /** Lets the first by key happen. */
  releaseFirst(): void {
    const first = [...this.#held].sort((a, b) => compareKeys(a.key, b.key))[0]
    if (first === undefined) return
    this.#held = this.#held.filter((held) => held !== first)
    first.release()
  }

  /** What the dead process was waiting for is nobody's any more. */
  forgetProcess(life: Life): void {
    this.#held = this.#held.filter((held) => held.life !== life)
    this.#finished = new Set()
  }

  bus(life: Life): Bus {
    const inner = localBus()
    return {
      feed: inner.feed,
      start: (receiver) => inner.start(receiver),
      stop: () => inner.stop(),
      own: (slices) => inner.own(slices),
      status: () => inner.status(),
      onFact: (listener) => inner.onFact(listener),
      sendMail: async (mail) => {
        if (life.isDead) return zombie(life, `mail ${mail.key}`)
        if (this.#serial) await this.#turn(life, 'mail', mail.key, undefined)
        return this.#carry(inner, life, mail)
      },
      publishFact: (fact) => this.#publish(inner, life, fact),
    }
  }

  /** An effect's implementation. */
  async call(life: Life, name: string, input: unknown, { key, attempt, signal }: EffectContext): Promise<unknown> {
    if (life.isDead) return zombie(life, `effect ${key}`)
    if (this.#serial) await this.#turn(life, 'effect', key, signal)
    const fault = this.#plan.next('effect')
    if (fault === 'crash-before') return life.crashed()
    this.calls.set(key, (this.calls.get(key) ?? 0) + 1)
    if (fault === 'crash-after') return life.crashed()
    this.#finished.add(key)
    return this.#answer({ name, key, input, attempt })
  }

  #turn(life: Life, kind: Held['kind'], key: string, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const held: Held = { key, kind, life, release: resolve }
      this.#held.push(held)
      // A cancelled call never happens.
      signal?.addEventListener('abort', () => (this.#held = this.#held.filter((one) => one !== held)), { once: true })
    })
  }

  async #carry(inner: Bus, life: Life, mail: Mail): Promise<void> {
    const fault = this.#plan.next('bus')
    if (fault === 'crash-before') return life.crashed()
    if (fault === 'refuse') throw new Error('the bus refuses')
    const deliver = async (): Promise<void> => {
      await inner.sendMail(mail)
      this.delivered.add(mail.key)
    }
    await (fault === 'twice' ? Promise.all([deliver(), deliver()]) : deliver())
    if (fault === 'crash-after') return life.crashed()
    if (fault === 'ack-lost') throw new Error('the acknowledgement was lost')
    if (fault === 'again-later') void this.#again(inner, life, mail)
  }

  async #again(inner: Bus, life: Life, mail: Mail): Promise<void> {
    this.pendingRepeats++
    for (let i = 0; i < LATER_TURNS; i++) await this.#turns.next()
    if (!life.isDead) await Promise.race([inner.sendMail(mail), life.death])
    this.pendingRepeats--
  }

  async #publish(inner: Bus, life: Life, fact: Fact): Promise<void> {
    if (life.isDead) return zombie(life, `fact ${fact.key}`)
    const fault = this.#plan.next('bus')
    if (fault === 'crash-before') return life.crashed()
    if (fault === 'refuse') throw new Error('the bus refuses')
    this.facts.set(fact.key, (this.facts.get(fact.key) ?? 0) + 1)
    await inner.publishFact(fact)
    if (fault === 'crash-after') return life.crashed()
    if (fault === 'ack-lost') throw new Error('the acknowledgement was lost')
  }
}

function zombie(life: Life, what: string): Promise<never> {
  life.zombies.push(what)
  return never()
}
