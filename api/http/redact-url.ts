/** Hook paths hold a secret; whatever quotes an address (logs, problem instances) goes through here. */
const SECRET_SEGMENT = /^(\/hooks\/[^/?]+\/)[^/?]+/

/** `/hooks/daraja/s3cret/stk?x=1` -> `/hooks/daraja/[redacted]/stk`. The query goes too: it may hold anything. */
export function redactUrl(url: string): string {
  const path = url.split('?', 1)[0] ?? ''
  return path.replace(SECRET_SEGMENT, '$1[redacted]')
}
