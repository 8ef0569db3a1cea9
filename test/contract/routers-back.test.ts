/** That a router is back is told of those whose calls wait for it, as that, and once. */
import { expect, it, onTestFinished } from 'vitest'
import { createKnex, openBusiness } from '../../db/index.ts'
import { createTestDatabase } from '../support/template-database.ts'

async function homes() {
  const database = await createTestDatabase()
  const knex = createKnex(database.url, { max: 2, applicationName: 'test' })
  onTestFinished(async () => {
    await knex.destroy()
    await database.drop()
  })
  const at = '2028-02-29T00:00:00Z'
  for (const username of ['waiting', 'settled']) {
    await knex('radius.access').insert({ username, tenant: 'main', actor_type: 'subscription', actor_id: `sub_${username}`, devices: 2 })
    await knex('radius.radacct').insert({ acctsessionid: username, acctuniqueid: username, username, nasipaddress: '10.77.0.9', acctstarttime: at, acctupdatetime: at })
  }
  const effect = { key: 'e', tenant: 'main', type: 'subscription', id: 'sub_waiting', slice: 1, name: 'applyAccess', kind: 'invoke', lane: 'radius', input: '{}', status: 'waiting', attempts: 3, next_attempt_at: at, created_at: at, correlation_id: 'c' }
  await knex('standing.effects').insert(effect)
  return { knex, accounting: openBusiness(knex).radiusAccounting }
}

it('is told of those whose calls wait for it, with whatever else is new of them, until it was told', async () => {
  const { knex, accounting } = await homes()
  const told = async () => (await accounting.changes(10)).map(({ username, version, isRouterBack }) => ({ username, version, isRouterBack })).sort((a, b) => a.username.localeCompare(b.username))
  const first = await told()
  expect(first).toMatchObject([{ username: 'settled', isRouterBack: false }, { username: 'waiting', isRouterBack: false }])
  await accounting.markTold(first)

  await knex('business.routers').insert({ tenant: 'main', id: 'rtr_1', name: 'Valley', tunnel_address: '10.77.0.9', state: 'offline', secret_version: 1 })
  expect(await accounting.askAgain()).toBe(0)
  await knex('business.routers').delete()
  await knex('business.routers').insert({ tenant: 'main', id: 'rtr_1', name: 'Valley', tunnel_address: '10.77.0.9', state: 'online', secret_version: 1 })
  expect([await accounting.askAgain(), await accounting.askAgain()]).toEqual([1, 0])
  // What its router tells in the same moment does not hide it.
  await knex('radius.radacct').where({ username: 'waiting' }).update({ acctinputoctets: 5 })
  const back = await told()
  expect(back).toMatchObject([{ username: 'waiting', isRouterBack: true }])
  await accounting.markTold(back)
  await knex('radius.radacct').where({ username: 'waiting' }).update({ acctinputoctets: 9 })
  expect(await told()).toMatchObject([{ username: 'waiting', isRouterBack: false }])
})
