/** What a router and its FreeRADIUS do when somebody logs in, spoken over rlm_rest: for a demonstration without either of them. */
import { randomBytes } from 'node:crypto'

export interface NasLogin {
  username: string
  /** Acct-Session-Id. */
  session: string
  /** Calling-Station-Id. */
  device: string
  ip: string
  since: number
  uploadBytes: number
  downloadBytes: number
}

export interface RadiusRest {
  /** Of the system, without a slash at its end. */
  url: string
  token: string
  /** By which it counts the time of a login. Default: real time. */
  now?: () => number
}

export interface LoginAttempt {
  username: string
  password: string
  device?: string | undefined
  isRight?: (known: string) => boolean
}

export type LoginOutcome = { ok: true; login: NasLogin; attributes: Record<string, unknown> } | { ok: false; message: string }

type Attributes = Record<string, string | number>
type RestReply = Record<string, { value: (string | number)[] }>

/** What the customer reads of a router that was told nothing. */
const NOTHING_SAID = 'Wrong username or password.'
/** For support. */
const WRONG_PASSWORD = 'The password was wrong.'

export class Logins {
  readonly #address: string
  readonly #logins = new Map<string, NasLogin>()
  #rest: RadiusRest | undefined
  #count = 0

  constructor(address: string) {
    this.#address = address
  }

  connect(rest: RadiusRest): void {
    this.#rest = rest
  }

  list(): NasLogin[] {
    return [...this.#logins.values()]
  }

  find(session: string): NasLogin | undefined {
    return this.#logins.get(session)
  }

  /** As known from elsewhere: nobody is asked. */
  add(login: Partial<NasLogin> & Pick<NasLogin, 'username' | 'session'>): NasLogin {
    const full = { device: 'AA:BB:CC:DD:EE:FF', ip: '10.5.50.2', since: this.#now(), uploadBytes: 0, downloadBytes: 0, ...login }
    this.#logins.set(full.session, full)
    return full
  }

  remove(session: string): NasLogin | undefined {
    const login = this.#logins.get(session)
    this.#logins.delete(session)
    return login
  }

  /** @param isRight of the password that RADIUS knows; by CHAP nobody else sees it. */
  async logIn({ username, password, device = 'AA:BB:CC:DD:EE:FF', isRight = (known) => known === password }: LoginAttempt): Promise<LoginOutcome> {
    const session = randomBytes(4).toString('hex')
    const attributes = { 'User-Name': username, 'Calling-Station-Id': device, 'Acct-Session-Id': session }
    const authorized = await this.#post('authorize', attributes)
    const known = authorized.body['control:Cleartext-Password']?.value[0]
    const isShown = known !== undefined && isRight(String(known))
    // Of who has no access; only whoever has shown the password hears it.
    const reason = authorized.body['control:Tmp-String-1']?.value[0]
    if (reason !== undefined) return isShown ? this.#reject(attributes, reason) : this.#reject(attributes, WRONG_PASSWORD, NOTHING_SAID)
    if (authorized.status !== 200 || !isShown) return this.#reject(attributes)
    const admitted = await this.#post('post-auth', attributes)
    if (admitted.status !== 204) return this.#reject(attributes, admitted.body['control:Tmp-String-0']?.value[0] ?? 'Refused.')
    const login = this.add({ username, session, device, ip: `10.5.50.${2 + (this.#count++ % 250)}` })
    await this.tell(login, 'Start')
    const reply = Object.entries(authorized.body).filter(([name]) => name.startsWith('reply:'))
    return { ok: true, login, attributes: Object.fromEntries(reply.map(([name, { value }]) => [name.slice('reply:'.length), value[0]])) }
  }

  /** As Post-Auth-Type REJECT of docs/freeradius.md. */
  async #reject(attributes: Attributes, noted: string | number = '', message = noted === '' ? NOTHING_SAID : noted): Promise<LoginOutcome> {
    await this.#post('rejected', { ...attributes, 'Tmp-String-0': noted })
    return { ok: false, message: String(message) }
  }

  async use(session: string, bytes: { upload: number; download: number }): Promise<NasLogin | undefined> {
    const login = this.#logins.get(session)
    if (login === undefined) return undefined
    login.uploadBytes += bytes.upload
    login.downloadBytes += bytes.download
    await this.tell(login, 'Interim-Update')
    return login
  }

  /** Of everybody, as each few minutes. */
  async report(): Promise<void> {
    for (const login of this.list()) await this.tell(login, 'Interim-Update')
  }

  async logOut(session: string, cause: string): Promise<NasLogin | undefined> {
    const login = this.remove(session)
    if (login !== undefined) await this.tell(login, 'Stop', { 'Acct-Terminate-Cause': cause })
    return login
  }

  /** Without a system to tell, nobody is told. */
  async tell(login: NasLogin, kind: 'Start' | 'Interim-Update' | 'Stop', more: Attributes = {}): Promise<void> {
    if (this.#rest === undefined) return
    await this.#post('accounting', {
      'Acct-Status-Type': kind,
      'User-Name': login.username,
      'Acct-Session-Id': login.session,
      'Calling-Station-Id': login.device,
      'Framed-IP-Address': login.ip,
      'Acct-Session-Time': Math.floor((this.#now() - login.since) / 1_000),
      ...counter('Input', login.uploadBytes),
      ...counter('Output', login.downloadBytes),
      ...more,
    })
  }

  #now(): number {
    return this.#rest?.now?.() ?? Date.now()
  }

  async #post(path: string, attributes: Attributes): Promise<{ status: number; body: RestReply }> {
    if (this.#rest === undefined) throw new Error('the stand-in of the router knows no system to ask')
    const body = Object.fromEntries(Object.entries({ 'NAS-IP-Address': this.#address, ...attributes }).map(([name, value]) => [name, { type: 'string', value: [value] }]))
    const response = await fetch(`${this.#rest.url}/radius/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${this.#rest.token}` },
      body: JSON.stringify(body),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as RestReply) }
  }
}

const GIGAWORD = 2 ** 32

function counter(direction: 'Input' | 'Output', bytes: number): Attributes {
  return { [`Acct-${direction}-Octets`]: bytes % GIGAWORD, [`Acct-${direction}-Gigawords`]: Math.floor(bytes / GIGAWORD) }
}
