/**
 * What we need of a router that runs RouterOS 7: its menus as records, read and written by REST. All values are texts
 * (`true`, `60`, `2d20h`), as RouterOS gives and takes them.
 */

/** One record of a menu; `.id` is its number there, such as `*3`, and changes when the router starts anew. */
export type RouterRecord = Readonly<Record<string, string>>

export interface RouterAccess {
  /** Such as `http://10.77.0.9`, without `/rest`. */
  url: string
  username: string
  password: string
}

export interface RouterCallOptions {
  signal?: AbortSignal | undefined
}

/**
 * Thrown by all: `GatewayError`. Codes besides those of HTTP itself: `unauthorised`; `no-rest` (something answers,
 * but not with RouterOS's REST: version 6, or another machine); `not-found`; `refused` (RouterOS does not take it, with its
 * reason); `router-failed`.
 */
export interface RouterConnection {
  /** All records of a menu such as `/ip/hotspot/walled-garden`; of a menu with one record, that one. */
  list(menu: string, options?: RouterCallOptions): Promise<RouterRecord[]>
  add(menu: string, fields: RouterRecord, options?: RouterCallOptions): Promise<void>
  change(menu: string, id: string, fields: RouterRecord, options?: RouterCallOptions): Promise<void>
  /** Of a menu with one record, such as `/system/identity`. */
  set(menu: string, fields: RouterRecord, options?: RouterCallOptions): Promise<void>
  /** One that is gone already is gone. */
  remove(menu: string, id: string, options?: RouterCallOptions): Promise<void>
}

export interface RouterOsGateway {
  connect(access: RouterAccess): RouterConnection
}
