/** The files that docs/freeradius.md tells operators to use: tests run FreeRADIUS with exactly these. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { REPOSITORY } from '../postgres.ts'

export type Way = 'sql' | 'rest'

/** By path below FreeRADIUS's configuration folder; `role` is the SQL that makes its database role, `remove` the command that removes what the package enables. */
export async function documented(way: Way): Promise<Map<string, string>> {
  const text = await readFile(join(REPOSITORY, 'docs', 'freeradius.md'), 'utf8')
  const blocks = [...text.matchAll(/^```\w+ (sql|rest|both):(\S+)\n([\s\S]*?)^```$/gm)]
  return new Map(blocks.filter(([, of]) => of === way || of === 'both').map(([, , path = '', content = '']) => [path, content]))
}
