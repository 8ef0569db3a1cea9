/** Kinds of actor logic that cannot be made durable. */
import { fromCallback, fromObservable } from 'xstate'

export const callbackLogic = fromCallback(() => undefined)

export const observableLogic = fromObservable(() => ({ subscribe: () => ({ unsubscribe: () => undefined }) }))
