/** Keys of outputs (`tenant/type/id/seq/index`) in the order their actor made them. */

export function compareKeys(a: string, b: string): number {
  const [actorA, seqA, indexA] = parts(a)
  const [actorB, seqB, indexB] = parts(b)
  if (actorA !== actorB) return actorA < actorB ? -1 : 1
  return seqA - seqB || indexA - indexB
}

export function senderOf(key: string): string {
  return parts(key)[0]
}

function parts(key: string): [string, number, number] {
  const all = key.split('/')
  return [all.slice(0, -2).join('/'), Number(all.at(-2)), Number(all.at(-1))]
}
