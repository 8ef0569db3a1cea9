/** What this node does for others: commands for slices that it owns, and hints. */
import type { Json } from '../../model/json.ts'
import type { BatchItemResult } from '../../runtime-face.ts'
import type { Ownership } from '../ownership/ownership.ts'
import type { Takeover } from '../takeover.ts'
import { COMMANDS, toWireError, toWireItem } from './wire.ts'
import type { Commands, PeerAnswer, PeerRequest } from './wire.ts'

export interface AnsweringParts {
  ownership: Ownership
  takeover: Takeover
  /** As they are done here, without asking anybody. */
  commands: Commands
  isRunning: () => boolean
}

export function answering(parts: AnsweringParts): (request: Json) => Promise<Json> {
  return async (json) => {
    const request = json as unknown as PeerRequest
    switch (request.do) {
      case 'beat':
        parts.ownership.look()
        return null
      case 'look':
        if (parts.isRunning()) parts.takeover.touched(request.actors, request.effectsGone)
        return null
      case 'command':
        return (await perform(parts, request)) as unknown as Json
    }
  }
}

async function perform({ ownership, commands, isRunning }: AnsweringParts, { name, slice, args }: PeerRequest & { do: 'command' }): Promise<PeerAnswer> {
  // A node that was stopped for a while finds old commands when it goes on; whoever asked has long gone another way.
  if (!isRunning() || !ownership.held.owns(slice) || !COMMANDS.includes(name)) return { is: 'declined' }
  try {
    const value = await (commands[name] as (...args: unknown[]) => Promise<unknown>)(...args)
    return { is: 'done', value: name === 'sendMany' ? (value as BatchItemResult[]).map(toWireItem) : (value as Json) }
  } catch (error) {
    return { is: 'failed', error: toWireError(error) }
  }
}
