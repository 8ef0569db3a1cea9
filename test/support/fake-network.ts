/** Nodes of one test and what lies between them: it can lose, hold up and cut off. What passes is plain data, as on a wire. */
import { PeerSilentError, PeerUnreachableError, sliceOf } from '../../runtime/index.ts'
import type { Bus, Fact, Json, Mail, Peers } from '../../runtime/index.ts'
import { FactWindow } from '../../runtime/feed/fact-window.ts'
import type { BusReceiver } from '../../runtime/ports/bus.ts'

type Trouble = 'request lost' | 'answer lost'

export class FakeNetwork {
  readonly facts: { fact: Fact; by: string }[] = []
  readonly hints: { from: string; to: string; request: Json }[] = []
  readonly asked: { from: string; to: string; request: Json }[] = []
  readonly #nodes = new Map<string, (request: Json) => Promise<Json>>()
  readonly #cut = new Set<string>()
  /** Who is brought the mail of each slice, under which epoch. */
  readonly #mailOf = new Map<number, { node: string; epoch: number; receiver: BusReceiver }>()
  readonly #waiting: { mail: Mail; done: () => void; failed: (error: unknown) => void }[] = []
  /** One order for all nodes. */
  readonly #window = new FactWindow()
  trouble: Trouble | undefined
  losesHints = false
  /** As with a broker that is away: whoever is asked, the one who asks can tell. */
  refusesAll = false

  constructor() {
    this.#window.begin('network', 0)
  }

  /** The bus of these nodes takes nothing. */
  readonly refusing = new Set<string>()
  /** Every request waits for this. */
  delay: Promise<void> = Promise.resolve()

  /** Whoever asks it hears nothing, as if it were stopped. */
  cut(node: string): void {
    this.#cut.add(node)
  }

  join(node: string): void {
    this.#cut.delete(node)
  }

  /** It is gone, and its peers can tell. */
  remove(node: string): void {
    this.#nodes.delete(node)
    for (const [slice, owner] of this.#mailOf) if (owner.node === node) this.#mailOf.delete(slice)
  }

  peers(node: string): Peers {
    return {
      start: async (_self, answer) => void this.#nodes.set(node, answer),
      stop: async () => void this.#nodes.delete(node),
      ask: (to, request) => this.#ask(node, to, request),
      hint: (to, request) => this.#hint(node, to, request),
    }
  }

  async #ask(from: string, to: string, request: Json): Promise<Json> {
    this.asked.push({ from, to, request })
    await this.delay
    const answer = this.#nodes.get(to)
    if (answer === undefined || this.refusesAll) throw new PeerUnreachableError(`nobody is called ${to}`)
    if (this.#cut.has(to) || this.#cut.has(from) || this.trouble === 'request lost') throw new PeerSilentError(`${to} says nothing`)
    const said = await answer(copy(request))
    if (this.trouble === 'answer lost') throw new PeerSilentError(`${to} says nothing`)
    return copy(said)
  }

  #hint(from: string, to: string, request: Json): void {
    this.hints.push({ from, to, request })
    if (this.losesHints || this.#cut.has(to) || this.#cut.has(from)) return
    setImmediate(() => void this.#nodes.get(to)?.(copy(request)))
  }

  /** A bus that all nodes share: mail goes to the slice's owner and waits while there is none. */
  bus(node: string): Bus {
    let receiver: BusReceiver | undefined
    const listeners = new Set<(fact: Fact) => void>()
    return {
      feed: { window: this.#window },
      start: async (target) => void (receiver = target),
      stop: async () => {
        await this.#own(node, new Map(), receiver as BusReceiver)
      },
      own: (slices) => this.#own(node, slices, receiver as BusReceiver),
      status: () => ({ isConnected: true, waitingMail: new Map() }),
      sendMail: (mail) => (this.refusing.has(node) ? Promise.reject(new Error('the bus takes nothing')) : this.#sendMail(mail)),
      publishFact: async (fact) => {
        if (this.refusing.has(node)) throw new Error('the bus takes nothing')
        this.facts.push({ fact, by: node })
        for (const listener of listeners) listener(fact)
        this.#window.add(this.facts.length, fact)
      },
      onFact(listener) {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
    }
  }

  async #own(node: string, slices: ReadonlyMap<number, number>, receiver: BusReceiver): Promise<void> {
    for (const [slice, owner] of this.#mailOf) if (owner.node === node && !slices.has(slice)) this.#mailOf.delete(slice)
    for (const [slice, epoch] of slices) if ((this.#mailOf.get(slice)?.epoch ?? -1) < epoch) this.#mailOf.set(slice, { node, epoch, receiver })
    for (const { mail, done, failed } of this.#waiting.splice(0)) this.#sendMail(mail).then(done, failed)
  }

  #sendMail(mail: Mail): Promise<void> {
    const owner = this.#mailOf.get(sliceOf(mail.to))
    if (owner !== undefined) return owner.receiver.deliver(copy<Mail>(mail))
    return new Promise((done, failed) => void this.#waiting.push({ mail, done, failed }))
  }
}

function copy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}
