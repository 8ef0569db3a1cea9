/** Tells the story in the terminal: when, what happened, what the customer's phone shows. And keeps what was not as told. */

export interface Teller {
  title: (text: string) => void
  chapter: (text: string) => void
  /** What happened, at the moment that the system's clock shows. */
  say: (text: string) => void
  /** A message on the customer's phone. */
  phone: (text: string) => void
  /** What must be so; the story ends when it is not. @throws Error */
  check: (what: string, isSo: boolean, found?: unknown) => void
  moment: (now: string) => void
}

const WIDTH = 110

export function createTeller(write: (line: string) => void, { hasColour, timeZone }: { hasColour: boolean; timeZone: string }): Teller {
  const paint = (code: number, text: string): string => (hasColour ? `\u001B[${code}m${text}\u001B[0m` : text)
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, weekday: 'short', day: '2-digit', month: 'short', hour: '2-digit', minute: '2-digit' })
  let now = ''
  let shown = ''

  /** A moment stands once, before the first line that it belongs to. */
  function line(sign: string, text: string): void {
    const when = now === shown ? '' : now
    shown = now
    const margin = `${when.padEnd(20)}  ${sign} `
    const [first = '', ...rest] = wrapped(text, WIDTH - margin.length)
    write(paint(2, `${when.padEnd(20)}  `) + `${sign} ${first}`)
    for (const more of rest) write(' '.repeat(margin.length) + more)
  }

  return {
    title(text) {
      write('')
      write(paint(1, text))
    },
    chapter(text) {
      write('')
      write(paint(36, `-- ${text} `.padEnd(WIDTH, '-')))
      shown = ''
    },
    say: (text) => line('*', text),
    phone: (text) => line(paint(33, '>'), `"${text}"`),
    check(what, isSo, found) {
      if (!isSo) throw new Error(`not as told: ${what}${found === undefined ? '' : `; found ${JSON.stringify(found)}`}`)
      line(paint(32, '+'), what)
    },
    moment(at) {
      now = format.format(new Date(at)).replaceAll(',', '')
    },
  }
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  let rest = text.trim()
  while (rest.length > width) {
    const cut = rest.lastIndexOf(' ', width)
    const end = cut <= 0 ? width : cut
    lines.push(rest.slice(0, end))
    rest = rest.slice(end).trim()
  }
  return [...lines, rest]
}
