/** Clocks whose hands can be moved: one that stands still for tests, one that also runs for the sandbox. */
import type { ClockFollower, MovableClock } from '../ports/clock.ts'
import { wakeAt } from './system-clock.ts'

/** Stands at `startMs` until it is advanced. */
export function manualClock(startMs = 0): MovableClock {
  let now = startMs
  return movable({
    now: () => now,
    set: (at) => void (now = at),
    // Nothing falls due by itself: `advance` calls for what is due.
    wakeAt: () => () => undefined,
  })
}

/**
 * Runs with the machine's time, plus whatever it has been moved by. After a restart it must not fall back behind what has happened
 * (`notBeforeMs`): calls and timers that were due would have to wait until the machine's time has caught up.
 */
export function sandboxClock(notBeforeMs = 0): MovableClock {
  let offset = Math.max(0, notBeforeMs - Date.now())
  const now = (): number => Date.now() + offset
  return movable({ now, set: (at) => void (offset += Math.max(0, at - now())), wakeAt: (at, callback) => wakeAt(now, at, callback) })
}

interface Hands {
  now(): number
  set(at: number): void
  wakeAt(at: number, callback: () => void): () => void
}

function movable(hands: Hands): MovableClock {
  const followers = new Set<ClockFollower>()
  let moving: Promise<void> = Promise.resolve()

  const each = async (call: (follower: ClockFollower) => Promise<void>): Promise<void> => {
    await Promise.all([...followers].map(call))
  }
  const settle = async (): Promise<void> => {
    await each((f) => f.runDue())
    await each((f) => f.settled())
  }
  const nextDueAt = async (): Promise<number> => {
    const dues = await Promise.all([...followers].map((f) => f.nextDueAt()))
    return Math.min(...dues.map((due) => due ?? Number.POSITIVE_INFINITY))
  }

  /** From due time to due time: a timer set by a timer must be armed at its own moment, not at the leap's end (pitfall 23). */
  const move = async (ms: number): Promise<void> => {
    const target = hands.now() + ms
    await settle()
    for (let due = await nextDueAt(); due <= target; due = await nextDueAt()) {
      if (due > hands.now()) hands.set(due)
      await settle()
    }
    if (target > hands.now()) hands.set(target)
    await settle()
  }

  return {
    now: () => hands.now(),
    wakeAt: (at, callback) => hands.wakeAt(at, callback),
    attach(follower) {
      followers.add(follower)
      return () => void followers.delete(follower)
    },
    advance(ms) {
      // One move after another, whoever asks.
      const next = moving.then(() => move(ms))
      moving = next.catch(() => undefined)
      return next
    },
  }
}
