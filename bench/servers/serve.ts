/** The server's side of `bench/child.ts`. */

/** Answer 0 is "ready". */
export type Message = { id: number; answer: unknown } | { id: number; error: string }

interface Question {
  id: number
  question: string
  data: unknown
}

export function optionsOf<Options>(): Options {
  return JSON.parse(process.argv[2] ?? '{}') as Options
}

/** Says that the server is ready, and answers until it is told to stop or nobody is left to ask. */
export function serve(ready: unknown, answers: Readonly<Record<string, (data: never) => unknown>>, stop: () => Promise<unknown>): void {
  process.on('disconnect', () => process.exit(1))
  process.on('message', (question: Question) => void answer(question))
  say({ id: 0, answer: ready })

  async function answer({ id, question, data }: Question): Promise<void> {
    try {
      if (question === 'stop') {
        await stop()
        say({ id, answer: undefined }, () => process.exit(0))
        return
      }
      const reply = answers[question]
      if (reply === undefined) throw new Error(`nobody answers '${question}'`)
      say({ id, answer: await reply(data as never) })
    } catch (error) {
      say({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    }
  }
}

function say(message: Message, done: () => void = () => undefined): void {
  process.send?.(message, done)
}
