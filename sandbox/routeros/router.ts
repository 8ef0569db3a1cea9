/** One router that is played: its menus as records, with RouterOS's habits. All values are texts. */
import { uptimeText } from './duration.ts'
import { COUNTED, PlayedHotspot, type Traffic } from './hotspot.ts'
import type { RouterRecord } from './record.ts'

export type { RouterRecord }

/** What RouterOS answers when it does not take something. */
export class RouterRefusal extends Error {
  override readonly name = 'RouterRefusal'
  readonly status: number
  readonly detail: string

  constructor(status: number, detail: string) {
    super(detail)
    this.status = status
    this.detail = detail
  }
}

/** Menus with one record, and what it is at first. */
const SINGLE: Readonly<Record<string, RouterRecord>> = {
  '/system/identity': { name: 'MikroTik' },
  '/ip/dns': { servers: '' },
  '/radius/incoming': { accept: 'false', port: '3799' },
}

/** Menus whose records have names of their own, and what such a record is called in errors. */
const NAMED: Readonly<Record<string, string>> = {
  '/user': 'user with this name',
  '/user/group': 'group with this name',
  '/ip/hotspot/profile': 'server profile with this name',
  '/ip/hotspot/user/profile': 'user profile with this name',
  '/ip/hotspot/user': 'user with this name for this server',
  '/ip/service': 'service',
  '/system/script': 'item with this name',
  '/system/scheduler': 'item with this name',
  '/interface/wireguard': 'interface with this name',
}

const LISTS = ['/system/package', '/interface/wireguard/peers', '/ip/address', '/ip/firewall/filter', '/radius', '/ip/hotspot', '/ip/hotspot/active', '/ip/hotspot/cookie', '/ip/hotspot/host', '/ip/hotspot/walled-garden', '/ip/hotspot/ip-binding', '/ip/neighbor']

const ACTIVE = '/ip/hotspot/active'

/** R9 of the sandbox: a test that runs wild must not fill the memory. */
const RECORDS_MAX = 10_000

export class PlayedRouter {
  version = '7.16.1 (stable)'
  board = 'hAP ax^2'
  /** Milliseconds since the epoch. */
  startedAt: number
  readonly #menus = new Map<string, RouterRecord[]>()
  readonly #clock: () => number
  readonly #hotspot: PlayedHotspot
  #numbers = 0

  /** @param kept what it was told before its power went */
  constructor(clock: () => number, kept?: Readonly<Record<string, readonly RouterRecord[]>>) {
    this.#clock = clock
    this.startedAt = clock()
    for (const menu of [...LISTS, ...Object.keys(NAMED)]) this.#menus.set(menu, [])
    this.#hotspot = new PlayedHotspot(this.list('/ip/hotspot/user'), this.list('/ip/hotspot/user/profile'), clock)
    if (kept !== undefined) {
      for (const [menu, records] of Object.entries(kept)) this.#menus.set(menu, Object.assign(this.#menus.get(menu) ?? [], records.map((record) => ({ ...record }))))
      this.#numbers = Math.max(0, ...Object.values(kept).flat().map((record) => Number.parseInt(record['.id']?.slice(1) ?? '0', 16)))
      return
    }
    for (const [menu, record] of Object.entries(SINGLE)) this.#menus.set(menu, [{ ...record }])
    for (const name of ['www', 'www-ssl', 'api', 'ssh']) this.add('/ip/service', { name, disabled: 'false', address: '' })
    for (const name of ['routeros', 'wifi-qcom']) this.add('/system/package', { name, version: '7.16.1', disabled: 'false' })
    this.add('/user', { name: 'admin', group: 'full' })
    this.add('/ip/hotspot', { name: 'hotspot1', profile: 'default' })
  }

  /** As it is now, with its numbers. @throws RouterRefusal for a menu that there is not */
  list(menu: string): RouterRecord[] {
    if (menu === '/system/resource') return [this.#resource()]
    const records = this.#menus.get(menu)
    if (records === undefined) throw new RouterRefusal(400, 'no such command prefix')
    if (menu === ACTIVE) this.#hotspot.show(records)
    return records
  }

  /** Everything it was told. */
  menus(): Record<string, RouterRecord[]> {
    return Object.fromEntries(this.#menus)
  }

  isSingle(menu: string): boolean {
    return menu === '/system/resource' || menu in SINGLE
  }

  find(menu: string, id: string): RouterRecord {
    const record = this.list(menu).find((one) => one['.id'] === id || one['name'] === id)
    if (record === undefined) throw new RouterRefusal(404, 'no such item')
    return record
  }

  add(menu: string, fields: RouterRecord): RouterRecord {
    const records = this.list(menu)
    if (this.isSingle(menu)) throw new RouterRefusal(400, 'no such command')
    if (records.length >= RECORDS_MAX) throw new RouterRefusal(500, 'out of memory')
    this.#refuseTwin(menu, fields['name'])
    this.#numbers += 1
    const record = { '.id': `*${this.#numbers.toString(16).toUpperCase()}`, ...onAdd(menu), ...fields }
    records.push(record)
    if (menu === ACTIVE) this.#hotspot.began(record)
    return record
  }

  change(menu: string, id: string, fields: RouterRecord): RouterRecord {
    const record = this.find(menu, id)
    if (fields['name'] !== undefined && fields['name'] !== record['name']) this.#refuseTwin(menu, fields['name'])
    return Object.assign(record, fields)
  }

  /** A second time it is gone: 404. */
  remove(menu: string, id: string): void {
    const records = this.list(menu)
    const record = this.find(menu, id)
    records.splice(records.indexOf(record), 1)
    if (menu !== ACTIVE) return
    this.#hotspot.ended(record)
    this.#comeBack(record)
  }

  /** A device shows name and password. @throws RouterRefusal with what its login page says */
  logIn({ user, password, mac, address }: { user: string; password: string; mac: string; address: string }): RouterRecord {
    const own = this.list('/ip/hotspot/user').find(({ name }) => name === user)
    if (own?.['password'] !== password) throw new RouterRefusal(400, 'invalid username or password')
    const refusal = this.#hotspot.refusal(user, this.list(ACTIVE))
    if (refusal !== undefined) throw new RouterRefusal(400, refusal)
    return this.add(ACTIVE, { user, 'mac-address': mac, address })
  }

  /** Traffic of a login: it is ended when its user's limit is reached. */
  use(login: RouterRecord, traffic: Traffic): void {
    if (this.#hotspot.use(login, traffic)) this.remove(ACTIVE, login['.id'] ?? '')
  }

  /** What it was told stays; who was logged in is not, and what they have used was never counted. */
  powerCut(): void {
    this.startedAt = this.#clock()
    this.list(ACTIVE).length = 0
  }

  /** A device with a cookie logs itself in again at once. */
  #comeBack({ user = '', 'mac-address': mac = '', address = '' }: RouterRecord): void {
    const isRemembered = this.list('/ip/hotspot/cookie').some((cookie) => cookie['user'] === user && cookie['mac-address'] === mac)
    if (isRemembered && this.#hotspot.refusal(user, this.list(ACTIVE)) === undefined) this.add(ACTIVE, { user, 'mac-address': mac, address })
  }

  #refuseTwin(menu: string, name: string | undefined): void {
    const what = NAMED[menu]
    if (what === undefined || name === undefined) return
    if (this.list(menu).some((one) => one['name'] === name)) throw new RouterRefusal(400, `failure: already have ${what}`)
  }

  #resource(): RouterRecord {
    return {
      uptime: uptimeText(Math.floor((this.#clock() - this.startedAt) / 1_000)),
      version: this.version,
      'board-name': this.board,
      'cpu-load': '7',
      'free-memory': '812449792',
      'total-memory': '1073741824',
      'free-hdd-space': '97587200',
      'architecture-name': 'arm64',
      platform: 'MikroTik',
    }
  }
}

function onAdd(menu: string): RouterRecord {
  // The router makes its key pair by itself.
  return menu === '/interface/wireguard' ? { 'public-key': 'c3RhbmQtaW4gcm91dGVyIHB1YmxpYyBrZXkgMDAwMDE=' } : { ...COUNTED[menu] }
}
