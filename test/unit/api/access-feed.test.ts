import { expect, it } from 'vitest'
import { accessFeed } from '../../../api/routers/access-feed.ts'
import type { ProvisionedRouter } from '../../../api/ports/routers.ts'
import { createLogger } from '../../../api/logger.ts'
import type { BatchItemResult } from '../../../runtime/index.ts'

it('routers are told once of each change of accesses, again when they could not listen, and it goes on after a failure', async () => {
  let routers: ProvisionedRouter[] = []
  let isFree = true
  let isDown = false
  const polled: string[][] = []
  const feed = accessFeed({
    provisioned: async () => {
      if (isDown) throw new Error('no database')
      return routers
    },
    runtime: {
      sendMany: async (items) => {
        polled.push(items.map(({ to }) => `${to.tenant ?? ''}/${to.id}`))
        return items.map(() => ({ ok: isFree }) as unknown as BatchItemResult)
      },
    },
    log: createLogger({ level: 'silent' }),
  })
  await feed.sweep()
  expect(polled).toEqual([])
  routers = [{ tenant: 'main', id: 'a', mark: '1' }, { tenant: 'main', id: 'b', mark: '1' }]
  await feed.sweep()
  await feed.sweep()
  expect(polled.splice(0)).toEqual([['main/a', 'main/b']])
  routers = [{ tenant: 'main', id: 'a', mark: '2' }, { tenant: 'main', id: 'b', mark: '1' }]
  isDown = true
  await feed.sweep()
  isDown = false
  isFree = false
  await feed.sweep()
  isFree = true
  await feed.sweep()
  await feed.sweep()
  expect(polled).toEqual([['main/a'], ['main/a']])
  await feed.stop()
})
