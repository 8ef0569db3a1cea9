/** The container files are run by nobody here, so they are held against what the program knows. */
import { access, readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { describe, expect, it } from 'vitest'
import { readSettings } from '../../api/settings.ts'
import { SETTINGS } from '../../api/settings-schema.ts'

interface Service {
  image?: string
  build?: string
  environment?: Record<string, string>
  healthcheck?: { test: string[] }
  depends_on?: Record<string, { condition: string }>
  deploy?: { replicas: number }
  ports?: string[]
  volumes?: string[]
}

const root = new URL('../../', import.meta.url)
const read = (name: string): Promise<string> => readFile(new URL(name, root), 'utf8')
const compose = parse(await read('docker-compose.yml')) as { services: Record<string, Service>; volumes: Record<string, unknown> }
const dockerfile = await read('Dockerfile')

/** `${NAME:-value}` as the shell would. */
function filled(environment: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, value.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1')]))
}

describe('docker-compose.yml', () => {
  const { app } = compose.services

  it('has everything that the program can use', () => {
    expect(Object.keys(compose.services).sort()).toEqual(['app', 'mailpit', 'nats', 'postgres', 'redis'])
  })

  it('sets only what the program knows, so that it would start', () => {
    const environment = app?.environment ?? {}
    expect(Object.keys(environment).filter((name) => !(name in SETTINGS))).toEqual([])
    const settings = readSettings(filled(environment))
    expect([settings.STANDING_MODE, settings.DATABASE_URL, settings.NATS_URL]).toEqual(['sandbox', 'postgres://standing:standing@postgres:5432/standing', 'nats://nats:4222'])
  })

  it('every address of a setting names a service', () => {
    const hosts = Object.values(filled(app?.environment ?? {})).flatMap((value) => /^\w+:\/\/(?:[^@/]*@)?([a-z]+):\d+/.exec(value)?.[1] ?? [])
    expect(hosts.length).toBeGreaterThan(3)
    expect(hosts.filter((host) => !(host in compose.services))).toEqual([])
  })

  it('every service tells whether it is well, and the program waits for those it needs', () => {
    for (const [name, service] of Object.entries(compose.services)) if (name !== 'app') expect(service.healthcheck?.test.length, name).toBeGreaterThan(0)
    expect(dockerfile).toMatch(/^HEALTHCHECK /m)
    expect(app?.depends_on).toEqual({ postgres: { condition: 'service_healthy' }, nats: { condition: 'service_healthy' }, redis: { condition: 'service_healthy' } })
  })

  it('several nodes find a port each', () => {
    expect(app?.deploy?.replicas).toBeGreaterThan(1)
    const [, from = 0, to = 0] = (/^(\d+)-(\d+):3000$/.exec(app?.ports?.[0] ?? '') ?? []).map(Number)
    expect(to - from).toBeGreaterThanOrEqual(app?.deploy?.replicas ?? 0)
  })

  it('pins what it takes from others, and keeps what must not be lost', () => {
    for (const { image = '', build } of Object.values(compose.services)) if (build === undefined) expect(image).toMatch(/^[\w/]+:v?\d/)
    const kept = Object.values(compose.services).flatMap(({ volumes = [] }) => volumes.map((volume) => volume.split(':')[0]))
    expect(kept.sort()).toEqual(Object.keys(compose.volumes).sort())
  })
})

describe('Dockerfile', () => {
  it('does not run as root, and copies only what is there', async () => {
    expect(dockerfile.match(/^USER .*$/gm)).toEqual(['USER node'])
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names = '']) => names.split(' '))
    expect(copied).toContain('runtime')
    for (const name of copied) await access(new URL(name, root))
  })

  it('starts as `npm start` does, on a Node that the project allows', async () => {
    const { scripts } = JSON.parse(await read('package.json')) as { scripts: { start: string } }
    const command = JSON.parse(/^CMD (\[.*\])$/m.exec(dockerfile)?.[1] ?? '[]') as string[]
    expect(command.join(' ')).toBe(scripts.start)
    for (const [, version = '0'] of dockerfile.matchAll(/^FROM node:(\d+)/gm)) expect(Number(version)).toBeGreaterThanOrEqual(20)
  })

  it('every program, and every folder that one imports, is copied', async () => {
    const programs = ['main.ts', 'intake.ts', 'cli.ts']
    for (const program of programs) expect(dockerfile).toMatch(new RegExp(`^COPY .*\\b${program} `, 'm'))
    const imported = (await Promise.all(programs.map(read))).flatMap((source) => [...source.matchAll(/from '\.\/([a-z]+)\//g)].map(([, folder = '']) => folder))
    for (const folder of new Set([...imported, 'machines', 'loader'])) expect(dockerfile).toContain(`COPY ${folder} ./${folder}`)
  })
})
