import type { Limits } from '../runtime-face.ts'

/** R9: a bound on everything. Sized for two cores and a few hundred megabytes. */
export const DEFAULT_LIMITS: Limits = {
  mailbox: 1_000,
  waiting: 20_000,
  batch: 256,
  commitsInFlight: 2,
  hotActors: 10_000,
  eventBytes: 64 * 1024,
  contextBytes: 256 * 1024,
  microsteps: 1_000,
  queued: 10_000,
  effectsAtOnce: 1_024,
}

/** Steps of one actor in one batch: a hot actor shares the commit with its neighbours. */
export const ACTOR_STEPS_MAX = 128
