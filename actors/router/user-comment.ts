/**
 * The comment of a hotspot user that we keep: whose it is, and which password it has, which the router does not show again. A user whose
 * password is another one is another record. What follows after a blank may change: see ends.ts.
 */
import { createHash } from 'node:crypto'
import { MARK } from './wanted.ts'

export const USER_MARK = `${MARK}user:`

export function userComment(username: string, password: string): string {
  return `${USER_MARK}${username}:${createHash('sha256').update(password).digest('hex').slice(0, 12)}`
}

/** What a record is known by beside the router; undefined: it is not ours. */
export function userRecordOf(comment: string | undefined): string | undefined {
  return comment?.startsWith(USER_MARK) === true ? whichUser(comment).slice(USER_MARK.length) : undefined
}

/** The part of a comment that does not change. */
export function whichUser(comment: string): string {
  return comment.split(' ', 1)[0] ?? ''
}
