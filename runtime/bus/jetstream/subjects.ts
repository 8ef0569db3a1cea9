/**
 * Names of streams and subjects (contract.md §4).
 *
 * A part of a subject may hold neither `.` nor `*`, `>` or white space. Ids of child actors hold dots, and event types anything,
 * so such characters, `%`, and what is not printable ASCII are written as percent and two hex digits of their UTF-8, as in a URL:
 * `inv.1` becomes `inv%2E1`. Most names need nothing of that and stay readable.
 */
import { SLICE_COUNT, type Address } from '../../model/address.ts'
import { percentEncoded } from './percent.ts'

export interface Names {
  readonly mailStream: string
  readonly factStream: string
  readonly deadStream: string
  readonly commandStream: string
  /** What the broker tells about our consumers: messages it gave up or was told to. */
  readonly adviceStream: string
  readonly allMail: string
  readonly allFacts: string
  readonly allDead: string
  readonly allCommands: string
  mail(slice: number): string
  fact(address: Address, type: string): string
  dead(stream: string): string
  node(name: string): string
  api(endpoint: string): string
}

export function namesFor(prefix: string): Names {
  const capitals = prefix.toUpperCase()
  return {
    mailStream: `${capitals}_MAIL`,
    factStream: `${capitals}_FACTS`,
    deadStream: `${capitals}_DEAD`,
    commandStream: `${capitals}_COMMANDS`,
    adviceStream: `${capitals}_ADVICE`,
    allMail: `${prefix}.mail.*`,
    allFacts: `${prefix}.evt.>`,
    allDead: `${prefix}.dead.>`,
    allCommands: `${prefix}.cmd.>`,
    mail: (slice) => `${prefix}.mail.${slice}`,
    fact: ({ tenant, type, id }, fact) => `${prefix}.evt.${toToken(tenant)}.${toToken(type)}.${toToken(id)}.${toToken(fact.replaceAll('.', '-'))}`,
    dead: (stream) => `${prefix}.dead.${stream}`,
    node: (name) => `${prefix}.node.${toToken(name)}`,
    api: (endpoint) => `${prefix}.api.${endpoint}`,
  }
}

const PLAIN = /^[A-Za-z0-9_~=+@:,;!$&'()-]+$/

export function toToken(text: string): string {
  return percentEncoded(text, PLAIN)
}

/** The reverse of {@link toToken}; undefined when it is none. */
export function fromToken(token: string): string | undefined {
  if (!token.includes('%')) return token
  try {
    return decodeURIComponent(token)
  } catch {
    return undefined
  }
}

/** `<prefix>.cmd.<tenant>.<type>.<id>`; undefined when it has another form. */
export function addressOfCommand(subject: string): Address | undefined {
  const [tenant, type, id, ...rest] = subject.split('.').slice(2).map(fromToken)
  return tenant === undefined || type === undefined || id === undefined || rest.length > 0 ? undefined : { tenant, type, id }
}

/** `<prefix>.mail.<slice>`; undefined when there is no such slice. */
export function sliceOfMail(subject: string): number | undefined {
  const text = subject.slice(subject.lastIndexOf('.') + 1)
  const slice = /^\d{1,5}$/.test(text) ? Number(text) : SLICE_COUNT
  return slice < SLICE_COUNT ? slice : undefined
}
