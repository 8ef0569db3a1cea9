/** `radclient`, FreeRADIUS's own test client, as a router would send. */
import { spawn } from 'node:child_process'
import { debianProgram } from '../debian-program.ts'

export type Attributes = Readonly<Record<string, string | number>>

export interface Reply {
  /** Such as `Access-Accept`; undefined when nobody answered. */
  code: string | undefined
  attributes: Record<string, string>
}

export interface Radclient {
  port: number
  secret: string
  kind: 'auth' | 'acct' | 'disconnect' | 'coa'
  /** Default 2. */
  timeoutSeconds?: number
  /** Sends without Message-Authenticator. */
  isUnsigned?: boolean
}

/** Sends one packet, and once only. */
export async function radclient({ port, secret, kind, timeoutSeconds = 2, isUnsigned = false }: Radclient, attributes: Attributes): Promise<Reply> {
  const [program = ''] = await debianProgram({ files: ['radclient'], packages: ['freeradius-utils'] })
  const lines = Object.entries({ ...(isUnsigned ? {} : { 'Message-Authenticator': '0x00' }), ...attributes }).map(([name, value]) => `${name} = ${written(value)}`)
  const child = spawn(program, ['-x', '-r', '1', '-t', String(timeoutSeconds), `127.0.0.1:${port}`, kind, secret], { stdio: ['pipe', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text))
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => resolve())
  })
  child.stdin.end(`${lines.join('\n')}\n`)
  await ended
  return parsed(output)
}

function written(value: string | number): string {
  return typeof value === 'number' || value.startsWith('0x') || /^[\d.]+$/.test(value) ? String(value) : `"${value}"`
}

function parsed(output: string): Reply {
  const [, code, rest = ''] = /^Received ([\w-]+) Id [^\n]*\n([\s\S]*)$/m.exec(output) ?? []
  const attributes = Object.fromEntries([...rest.matchAll(/^\t([\w-]+) = "?(.*?)"?$/gm)].map(([, name = '', value = '']) => [name, value]))
  return { code, attributes }
}
