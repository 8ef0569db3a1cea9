/** Reads the stored bytes of a web hook. Providers' content types are not to be relied on, so the bytes decide. */

/** Undefined when it is no JSON. */
export function readJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8').replace(/^\uFEFF/, '')) as unknown
  } catch {
    return undefined
  }
}

/** Why a body that must be JSON cannot be read, in words for staff; undefined when it can. */
export function whyNoJson(body: Buffer): string | undefined {
  if (body.toString('utf8').trim() === '') return 'the body is empty'
  return readJson(body) === undefined ? 'the body is no JSON' : undefined
}

/** A form, or JSON if it looks like an object. */
export function readFormOrJson(body: Buffer): unknown {
  const text = body.toString('utf8').trim()
  return text.startsWith('{') ? readJson(body) : Object.fromEntries(new URLSearchParams(text))
}
