/**
 * RouterOS 7's REST (help.mikrotik.com, "REST API"): JSON over the console's menus, with HTTP Basic. GET prints, PUT adds one,
 * PATCH sets one, DELETE removes one, POST runs a command. The router gives up a command after 60 s; we do so long before,
 * for a router that is that slow is in trouble, and a look waits for it.
 */
import { GatewayError, isGatewayError } from '../errors.ts'
import { endpointUrl, sendHttp, type HttpAnswer, type HttpRequest } from '../http.ts'
import { redact } from '../redact.ts'
import { silenceMemory, type SilenceMemory } from '../silence.ts'
import type { RouterAccess, RouterConnection, RouterOsGateway, RouterRecord } from './port.ts'

const CALL_LIMIT_MS = 10_000
/** Hosts and leases of a busy hotspot, or ten thousand users of its own. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024

export function createRouterOsClient({ timeoutMs = CALL_LIMIT_MS }: { timeoutMs?: number } = {}): RouterOsGateway {
  const silence = silenceMemory()
  return { connect: (access) => connect(access, timeoutMs, silence) }
}

function connect({ url, username, password }: RouterAccess, timeoutMs: number, silence: SilenceMemory): RouterConnection {
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`

  async function call(method: HttpRequest['method'], path: string, body: RouterRecord | undefined, signal: AbortSignal | undefined): Promise<HttpAnswer> {
    const label = `RouterOS ${method} ${path}`
    if (silence.isSilent(url)) throw new GatewayError('timeout', `${label}: it did not answer a moment ago`, { retryable: true, retryAfterMs: timeoutMs })
    const answer = await sendHttp({
      method,
      url: endpointUrl(url, `/rest${path}`),
      label,
      headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      timeoutMs,
      signal,
      // Adding twice would make two records.
      isRepeatable: method !== 'PUT',
      bodyBytesMax: ANSWER_BYTES_MAX,
    }).catch((error: unknown) => {
      if (isGatewayError(error, 'timeout')) silence.fellSilent(url, timeoutMs)
      throw error
    })
    if (answer.status >= 200 && answer.status < 300) return answer
    throw errorOf(answer, label, [password])
  }

  return {
    async list(menu, { signal } = {}) {
      const { json } = await call('GET', menu, undefined, signal)
      const records = Array.isArray(json) ? json : [json]
      if (!records.every(isRecord)) throw new GatewayError('no-rest', `RouterOS GET ${menu}: the answer is no RouterOS record`)
      return records.map(texts)
    },
    async add(menu, fields, { signal } = {}) {
      await call('PUT', menu, fields, signal)
    },
    async change(menu, id, fields, { signal } = {}) {
      await call('PATCH', `${menu}/${id}`, fields, signal)
    },
    async set(menu, fields, { signal } = {}) {
      await call('POST', `${menu}/set`, fields, signal)
    },
    async remove(menu, id, { signal } = {}) {
      try {
        await call('DELETE', `${menu}/${id}`, undefined, signal)
      } catch (error) {
        if (!(error instanceof GatewayError && error.code === 'not-found')) throw error
      }
    },
  }
}

/** RouterOS's own errors are `{"error":404,"message":"Not Found","detail":"no such command"}`; what is not of that form is not RouterOS's. */
function errorOf({ status, json, text }: HttpAnswer, label: string, secrets: readonly string[]): GatewayError {
  const providerCode = String(status)
  if (status === 401 || status === 403) return new GatewayError('unauthorised', `${label}: our name and password are not taken`, { providerCode })
  if (!isRecord(json) || !('error' in json)) {
    return new GatewayError(status >= 500 ? 'router-failed' : 'no-rest', `${label}: HTTP ${status}, and not as RouterOS 7 answers`, { providerCode, retryable: status >= 500 })
  }
  const { detail, message } = json
  const why = redact(typeof detail === 'string' ? detail : typeof message === 'string' ? message : text, secrets)
  if (status === 404) return new GatewayError('not-found', `${label}: ${why}`, { providerCode })
  // A command that took longer than 60 s is among these: "Session closed".
  if (status >= 500 || status === 408 || /session closed/i.test(why)) return new GatewayError('router-failed', `${label}: ${why}`, { providerCode, retryable: true })
  return new GatewayError('refused', `${label}: ${why}`, { providerCode })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** They are texts already; were one not, it would be compared with a text all the same. */
function texts(record: Record<string, unknown>): RouterRecord {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]))
}
