/** Money a second time for one purchase, in states that have their money: held where it is certain, and so parted in the same step (H3). */
import { and } from 'xstate'

const isFurther = ['hasMoney', 'isFurtherMoney', 'hasFreeReceipt'] as const

export const furtherCallbacks = [
  { guard: and([...isFurther, 'isToldInFull']), actions: ['recordCallback', 'recordFurtherMoney'] },
  { guard: and([...isFurther]), actions: ['recordCallback', 'recordOtherReceipt', 'announceUntoldMoney'] },
  { guard: 'isOwnPrompt', actions: 'recordCallback' },
] as const
